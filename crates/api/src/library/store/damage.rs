//! How failures of `SQLite`, and bytes that it did not notice had changed, become errors.

use std::path::{Path, PathBuf};

use rusqlite::types::Type;

use crate::Error;

/// A stored value that does not match its checksum; [`store_error`] turns it into [`Error::Damaged`].
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Damaged(String);

/// Commits that only a process that may write the folder can read.
#[derive(Debug, thiserror::Error)]
#[error(
    "commits are in `{}`, which cannot be read in a folder that cannot be written; open the library \
     once where it can be written, or copy its folder to such a place",
    log.display()
)]
struct LeftoverLog {
    log: PathBuf,
    source: rusqlite::Error,
}

/// Returns the error for a file that cannot be opened because of its write-ahead log.
pub(super) fn leftover_log(path: &Path, log: PathBuf, source: rusqlite::Error) -> Error {
    Error::Store {
        act: "open",
        path: path.to_owned(),
        source: LeftoverLog { log, source }.into(),
    }
}

/// Returns the `SQLite` error that carries a description of the damaged part of the file.
pub(super) fn damaged(what: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Null, Box::new(Damaged(what)))
}

/// Returns a function that converts an `SQLite` error, where `act` is the operation that failed.
pub(super) fn store_error(
    act: &'static str,
    path: &Path,
) -> impl FnOnce(rusqlite::Error) -> Error + use<> {
    let path = path.to_owned();
    move |source| match source {
        rusqlite::Error::FromSqlConversionFailure(_, _, cause) if cause.is::<Damaged>() => {
            let what = cause.to_string();
            Error::Damaged { path, what }
        }
        source => Error::Store {
            act,
            path,
            source: source.into(),
        },
    }
}
