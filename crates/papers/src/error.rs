use std::path::{Path, PathBuf};

use crate::RecordLocation;

/// The cause of an error, from another library.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The result of a fallible function of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error while papers or drafts are read.
///
/// Writing papers fails with a [`std::io::Error`] only.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A record of an input file is not a paper or a text.
    #[error("{origin}:{location}: {reason}")]
    Record {
        /// The name of the file.
        origin: String,
        /// The location of the record.
        location: RecordLocation,
        /// The reason why the record was rejected.
        reason: String,
    },
    /// A file of papers cannot be read beyond a record.
    #[error("{origin}:{location}: {reason}; the rest of the file was not read")]
    Incomplete {
        /// The name of the file.
        origin: String,
        /// The location of the record.
        location: RecordLocation,
        /// The reason why reading stopped.
        reason: String,
    },
    /// The format of a file of papers is not supported.
    #[error("`{origin}` {found}, expected {expected}")]
    UnknownFormat {
        /// The name of the file.
        origin: String,
        /// A description of the content found.
        found: String,
        /// The supported formats.
        expected: String,
    },
    /// A draft cannot be read.
    #[error("{origin}{}: {reason}", line_suffix(*line))]
    Draft {
        /// The name of the file.
        origin: String,
        /// The number of the line that cannot be read, counted from 1, or `None` if the error
        /// concerns the whole file.
        line: Option<usize>,
        /// The reason why the draft was rejected.
        reason: String,
    },
    /// A paper has no id, or neither a title nor an abstract.
    #[error("paper `{id}`: {reason}")]
    InvalidPaper {
        /// The id of the paper, which may be empty.
        id: String,
        /// The requirement that the paper does not meet.
        reason: &'static str,
    },
    /// The value of an option is not one of its permitted values.
    #[error("`{option}` is {found}, expected {expected}")]
    InvalidOption {
        /// The name of the option.
        option: &'static str,
        /// The value given.
        found: String,
        /// The permitted values.
        expected: String,
    },
    /// A file cannot be opened, read or copied.
    #[error("cannot {act} `{path}`")]
    Io {
        /// The operation that failed, as a verb: `open`, `read` or `copy`.
        act: &'static str,
        /// The path of the file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

fn line_suffix(line: Option<usize>) -> String {
    line.map(|line| format!(":{line}")).unwrap_or_default()
}

impl Error {
    pub(crate) fn io(act: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io {
            act,
            path: path.to_owned(),
            source,
        }
    }
}
