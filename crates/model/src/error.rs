use std::path::{Path, PathBuf};

/// Everything that can go wrong between the name of a model and an embedding or a score.
///
/// The message is one clause that says what was found and where. If another library reported the
/// cause, it is the [`source`](std::error::Error::source).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A required file of the checkpoint does not exist.
    #[error("`{path}` is missing, expected {expected}")]
    MissingFile {
        /// The path of the file.
        path: PathBuf,
        /// The expected contents.
        expected: &'static str,
    },
    /// A file or folder cannot be read or written.
    #[error("cannot {act} `{path}`")]
    Io {
        /// The operation that failed: `read`, `create` and so on.
        act: &'static str,
        /// The path of the file or folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A path of the checkpoint is a folder, a named pipe, a device or a socket.
    #[error("`{path}` is {found}, expected a regular file")]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// The kind of file.
        found: &'static str,
    },
    /// A file is larger than any valid file of its kind.
    #[error("`{path}` has {bytes} bytes, expected at most {limit}")]
    TooLarge {
        /// The path of the file.
        path: PathBuf,
        /// The length of the file in bytes, or of the part that was read.
        bytes: u64,
        /// The greatest length that is read, in bytes.
        limit: u64,
    },
    /// The contents of a file do not have the expected format.
    #[error("`{path}` cannot be understood, expected {expected}")]
    Malformed {
        /// The path of the file.
        path: PathBuf,
        /// The expected contents.
        expected: &'static str,
        /// The cause.
        source: BoxError,
    },
    /// A field of the checkpoint's configuration has a value that this release does not support.
    #[error("`{path}`: unsupported {field} `{found}`, expected {expected}")]
    Unsupported {
        /// The path of the file.
        path: PathBuf,
        /// The name of the field.
        field: String,
        /// The value of the field.
        found: String,
        /// The supported values.
        expected: String,
    },
    /// The weights file is truncated or not in the safetensors format.
    #[error(
        "`{path}`: the weights cannot be loaded; fetch the file again if it was cut short, \
         it has {bytes} bytes"
    )]
    Weights {
        /// The path of the file.
        path: PathBuf,
        /// The length of the file in bytes.
        bytes: u64,
        /// The cause.
        source: BoxError,
    },
    /// A tensor of the weights does not match the configuration.
    #[error("`{path}`: tensor `{tensor}`: found {found}, expected {expected}")]
    Tensor {
        /// The path of the file.
        path: PathBuf,
        /// The name of the tensor.
        tensor: String,
        /// The shape, type or value of the tensor.
        found: String,
        /// The expected shape, types or values.
        expected: String,
    },
    /// An option or a setting has a value that does not fit.
    #[error("`{option}` is {found}, expected {expected}")]
    InvalidOption {
        /// The name of the option.
        option: &'static str,
        /// The value of the option.
        found: String,
        /// The values that fit.
        expected: String,
    },
    /// The device cannot be used.
    #[error("the device `{device}` cannot be used")]
    Device {
        /// The name of the device.
        device: String,
        /// The cause.
        source: BoxError,
    },
    /// No source has the model.
    #[error("the model `{name}` was not found: {}", attempts.join("; "))]
    ModelNotFound {
        /// The requested name.
        name: String,
        /// One line for each source that was tried, with its answer.
        attempts: Vec<String>,
    },
    /// The tokenizer rejected a text.
    #[error("text {text} cannot be tokenized")]
    Tokenize {
        /// The index of the text in the input.
        text: usize,
        /// The cause.
        source: BoxError,
    },
    /// The tokenizer rejected a query.
    #[error("the query cannot be tokenized")]
    TokenizeQuery {
        /// The cause.
        source: BoxError,
    },
    /// The model failed while it ran.
    #[error("the model failed")]
    Forward {
        /// The cause.
        source: BoxError,
    },
    /// Sizes that belong together differ, or an index is out of range.
    #[error("{what}: expected {expected}, found {found}")]
    Shape {
        /// The quantity that does not fit.
        what: &'static str,
        /// The expected size.
        expected: usize,
        /// The size found.
        found: usize,
    },
    /// A stage of an encoding was asked for, and it depends on the role of the texts.
    #[error(
        "`{stage}` needs the same modules for queries and documents, and the checkpoint has \
         different ones"
    )]
    SeveralRoutes {
        /// The name of the method.
        stage: &'static str,
    },
    /// An embedding holds a value that is infinite or not a number.
    #[error("the embedding of text {text} is not finite; the weights or the device are at fault")]
    NotFinite {
        /// The index of the text in the input.
        text: usize,
    },
    /// A score is infinite or not a number.
    #[error("the score of document {document} is not finite; the weights are at fault")]
    ScoreNotFinite {
        /// The index of the document in the input.
        document: usize,
    },
    /// The progress callback asked to stop.
    #[error("cancelled after {done} of {total} texts")]
    Cancelled {
        /// The number of texts that were finished, whose results are discarded.
        done: usize,
        /// The number of texts in the call.
        total: usize,
    },
}

/// The cause of an [`Error`], reported by another library.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A [`Result`](std::result::Result) with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn io(act: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io {
            act,
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn malformed<E: Into<BoxError>>(
        path: &Path,
        expected: &'static str,
    ) -> impl FnOnce(E) -> Self {
        move |source| Self::Malformed {
            path: path.to_owned(),
            expected,
            source: source.into(),
        }
    }

    pub(crate) fn forward<E: Into<BoxError>>(source: E) -> Self {
        Self::Forward {
            source: source.into(),
        }
    }

    /// Returns whether the caller's own callback ended the work.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled { .. })
    }
}
