use std::path::{Path, PathBuf};

use crate::RecordLocation;

/// The cause of an [`Error`], from a library below.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The result of a fallible function of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The ways in which reading papers and drafts can fail.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A record of an input file is not a paper.
    #[error("{origin}:{location}: {reason}")]
    Record {
        /// The name of the file.
        origin: String,
        /// The line or the number of the record.
        location: RecordLocation,
        /// The fault of the record.
        reason: String,
    },
    /// The format of a file of papers is none of the supported ones.
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
        /// The number of the faulty line, counted from 1, or `None` if the fault has no line.
        line: Option<usize>,
        /// The fault of the draft.
        reason: String,
    },
    /// A paper has no id, or neither a title nor an abstract.
    #[error("paper `{id}`: {reason}")]
    InvalidPaper {
        /// The id of the paper, which may be empty.
        id: String,
        /// The fault of the paper.
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
    /// A file cannot be read.
    #[error("cannot {act} `{path}`")]
    Io {
        /// The operation that failed, such as `read` or `open`.
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
