use std::io;
use std::path::{Path, PathBuf};

use crate::file_names::{CODES_EXTENSION, TERMS_EXTENSION};
use crate::limits::MAX_DIM;
use crate::{Damage, Flaw, RowId};

/// The result of a fallible operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of this crate. Variants differ in what a caller can do about them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An operation of the file system failed; [`io_kind`](Self::io_kind) returns the reason.
    #[error("cannot {act} `{}`", path.display())]
    Io {
        /// The operation as a verb, such as `open` or `write`.
        act: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The content of a file differs from what was written. Restore the file from a backup, or
    /// rebuild the index.
    #[error("`{}` {damage}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The kind of damage.
        damage: Damage,
    },
    /// A file was written by another release, in another format version.
    #[error("`{}` has format version {found}, this release reads {expected}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The format version of the file.
        found: u32,
        /// The format version that this release reads.
        expected: u32,
    },
    /// The folder for a new index already holds an index.
    #[error("`{}` already exists", path.display())]
    AlreadyExists {
        /// The manifest of the existing index.
        path: PathBuf,
    },
    /// An index cannot have vectors of this many dimensions.
    #[error("expected 1 to {MAX_DIM} dimensions, found {found}")]
    InvalidDimension {
        /// The number of dimensions requested.
        found: usize,
    },
    /// A vector, or a row of a matrix, does not have the dimensions of the index.
    #[error("expected a vector of {expected} dimensions, found {found}")]
    DimensionMismatch {
        /// The number of dimensions of the index.
        expected: usize,
        /// The number of dimensions given.
        found: usize,
    },
    /// A row to append cannot be normalized. No row was appended.
    #[error("row {row} {flaw}")]
    InvalidRow {
        /// The row of the given matrix, counted from 0.
        row: usize,
        /// The reason why the row cannot be normalized.
        flaw: Flaw,
    },
    /// A query cannot be normalized.
    #[error("query {query} {flaw}")]
    InvalidQuery {
        /// The row of the given matrix, counted from 0; 0 for a single query.
        query: usize,
        /// The reason why the query cannot be normalized.
        flaw: Flaw,
    },
    /// A setting is out of range.
    #[error("`{option}` is {found}, expected {expected}")]
    InvalidOption {
        /// The name of the setting.
        option: &'static str,
        /// The value given.
        found: String,
        /// The values accepted.
        expected: String,
    },
    /// A row to delete does not exist. No row was deleted.
    #[error("row {row} does not exist, the index has {rows} rows")]
    UnknownRow {
        /// The row with the largest number of those given.
        row: RowId,
        /// The number of rows of the index, deleted ones included.
        rows: u32,
    },
    /// An index cannot have this many rows.
    #[error("expected at most {} rows, found {found}", u32::MAX)]
    TooManyRows {
        /// The number of rows that the index would have.
        found: u64,
    },
    /// The progress callback cancelled the work.
    #[error("cancelled after {done} of {total} rows")]
    Cancelled {
        /// The number of rows processed until then.
        done: usize,
        /// The number of rows to process in all.
        total: usize,
    },
}

impl Error {
    /// Returns the kind of the I/O error that caused this error, or `None` if the cause is another
    /// one.
    pub fn io_kind(&self) -> Option<io::ErrorKind> {
        match self {
            Self::Io { source, .. } => Some(source.kind()),
            _ => None,
        }
    }

    /// Returns whether the error concerns derived data: quantized codes, which
    /// [`IndexWriter::rebuild`](crate::IndexWriter::rebuild) computes again from the rows. Searches
    /// return the same hits without them.
    pub fn is_rebuildable(&self) -> bool {
        match self {
            Self::Io { path, .. } | Self::Corrupt { path, .. } | Self::Version { path, .. } => path
                .extension()
                .is_some_and(|extension| extension == CODES_EXTENSION),
            _ => false,
        }
    }

    /// Returns whether the error concerns a file of terms, which
    /// [`IndexWriter::rebuild_terms`](crate::IndexWriter::rebuild_terms) makes from documents.
    pub fn concerns_terms(&self) -> bool {
        match self {
            Self::Corrupt {
                damage: Damage::NoTerms,
                ..
            } => true,
            Self::Io { path, .. } | Self::Corrupt { path, .. } | Self::Version { path, .. } => path
                .extension()
                .is_some_and(|extension| extension == TERMS_EXTENSION),
            _ => false,
        }
    }

    /// Returns whether the progress callback cancelled the work.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled { .. })
    }

    pub(crate) fn io(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            act,
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn corrupt(path: &Path, damage: Damage) -> Self {
        Self::Corrupt {
            path: path.to_owned(),
            damage,
        }
    }

    pub(crate) fn invalid_option(
        option: &'static str,
        found: impl ToString,
        expected: impl ToString,
    ) -> Self {
        Self::InvalidOption {
            option,
            found: found.to_string(),
            expected: expected.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_pinned() {
        let path = || PathBuf::from("lib/segment-00000003.vec");
        let corrupt = |damage| Error::corrupt(&path(), damage).to_string();
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        for (found, expected) in [
            (
                Error::io("open", &path())(denied()).to_string(),
                "cannot open `lib/segment-00000003.vec`",
            ),
            (
                Error::Version {
                    path: path(),
                    found: 3,
                    expected: 1,
                }
                .to_string(),
                "`lib/segment-00000003.vec` has format version 3, this release reads 1",
            ),
            (
                corrupt(Damage::NotASegment),
                "`lib/segment-00000003.vec` is not a Cognate segment",
            ),
            (
                corrupt(Damage::Truncated {
                    expected: 1000,
                    found: 10,
                }),
                "`lib/segment-00000003.vec` is truncated: expected 1000 bytes, found 10",
            ),
            (
                corrupt(Damage::Rows {
                    first: 682,
                    last: 1363,
                }),
                "`lib/segment-00000003.vec` is damaged in rows 682 to 1363",
            ),
            (
                corrupt(Damage::Contradiction {
                    unit: "rows",
                    expected: 5,
                    found: 6,
                }),
                "`lib/segment-00000003.vec` holds 6 rows, the manifest says 5",
            ),
            (
                Error::InvalidDimension { found: 0 }.to_string(),
                "expected 1 to 65536 dimensions, found 0",
            ),
            (
                Error::DimensionMismatch {
                    expected: 384,
                    found: 768,
                }
                .to_string(),
                "expected a vector of 384 dimensions, found 768",
            ),
            (
                Error::InvalidRow {
                    row: 7,
                    flaw: Flaw::Zero,
                }
                .to_string(),
                "row 7 has no direction: every component is 0",
            ),
            (
                Error::InvalidQuery {
                    query: 0,
                    flaw: Flaw::NotFinite {
                        component: 3,
                        found: f32::NAN,
                    },
                }
                .to_string(),
                "query 0 holds `NaN` in component 3, expected finite numbers",
            ),
            (
                Error::invalid_option("k", 0, "at least 1").to_string(),
                "`k` is 0, expected at least 1",
            ),
            (
                Error::UnknownRow {
                    row: RowId::new(9),
                    rows: 9,
                }
                .to_string(),
                "row 9 does not exist, the index has 9 rows",
            ),
        ] {
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn the_kind_of_an_io_error_is_exposed() {
        let error = Error::io("open", Path::new("x"))(io::ErrorKind::StorageFull.into());
        assert_eq!(error.io_kind(), Some(io::ErrorKind::StorageFull));
        assert_eq!(Error::invalid_option("k", 0, 1).io_kind(), None);
        assert!(Error::Cancelled { done: 1, total: 2 }.is_cancelled());
    }
}
