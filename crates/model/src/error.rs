use std::path::{Path, PathBuf};

/// What can go wrong between a model's name and an embedding or a score.
///
/// The message is one clause that says what was found and where; the cause, where another
/// library reported one, is its [`source`](std::error::Error::source).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file of the checkpoint is not there.
    #[error("`{path}` is missing, expected {expected}")]
    MissingFile {
        /// The file.
        path: PathBuf,
        /// What it should have held.
        expected: &'static str,
    },
    /// A file or folder cannot be read or written.
    #[error("cannot {act} `{path}`")]
    Io {
        /// What was tried: `read`, `create` and so on.
        act: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file of the checkpoint is not what its name says.
    #[error("`{path}` cannot be understood, expected {expected}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it should have held.
        expected: &'static str,
        /// The cause.
        source: BoxError,
    },
    /// A field of the checkpoint has a value that this release does not run.
    #[error("`{path}`: unsupported {field} `{found}`, expected {expected}")]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The field.
        field: String,
        /// Its value.
        found: String,
        /// The values that are supported.
        expected: String,
    },
    /// The file of the weights is cut short, or is no such file.
    #[error(
        "`{path}`: the weights cannot be loaded; fetch the file again if it was cut short, \
         it has {bytes} bytes"
    )]
    Weights {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        bytes: u64,
        /// The cause.
        source: BoxError,
    },
    /// A tensor of the weights is not what the configuration says.
    #[error("`{path}`: tensor `{tensor}`: found {found}, expected {expected}")]
    Tensor {
        /// The file.
        path: PathBuf,
        /// The name of the tensor.
        tensor: String,
        /// Its shape, type or value.
        found: String,
        /// The shape, types or values that fit.
        expected: String,
    },
    /// A setting of [`EncoderOptions`](crate::EncoderOptions) or
    /// [`RerankerOptions`](crate::RerankerOptions) does not fit the checkpoint.
    #[error("`{option}` is {found}, expected {expected}")]
    InvalidOption {
        /// The option.
        option: &'static str,
        /// Its value.
        found: String,
        /// The values that fit.
        expected: String,
    },
    /// The device cannot be used.
    #[error("the device `{device}` cannot be used")]
    Device {
        /// The device.
        device: String,
        /// The cause.
        source: BoxError,
    },
    /// No source has the model.
    #[error("the model `{name}` was not found: {}", attempts.join("; "))]
    ModelNotFound {
        /// The name asked for.
        name: String,
        /// One line for each source tried, with what it answered.
        attempts: Vec<String>,
    },
    /// A text could not be cut into tokens.
    #[error("text {text} cannot be tokenized")]
    Tokenize {
        /// Its position in the input.
        text: usize,
        /// The cause.
        source: BoxError,
    },
    /// A query could not be cut into tokens.
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
    /// Parts of a batch do not fit one another.
    #[error("{what}: expected {expected}, found {found}")]
    Shape {
        /// The part.
        what: &'static str,
        /// Its right size.
        expected: usize,
        /// Its size.
        found: usize,
    },
    /// An embedding holds a value that is not a finite number.
    #[error("the embedding of text {text} is not finite; the weights or the device are at fault")]
    NotFinite {
        /// The position of the text in the input.
        text: usize,
    },
    /// A score is not a finite number.
    #[error("the score of document {document} is not finite; the weights are at fault")]
    ScoreNotFinite {
        /// The position of the document in the input.
        document: usize,
    },
    /// The progress callback asked to stop.
    #[error("cancelled after {done} of {total} texts")]
    Cancelled {
        /// Texts that were embedded, and are thrown away.
        done: usize,
        /// Texts asked for.
        total: usize,
    },
}

/// The cause of an [`Error`], from a library below.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The result of everything that can fail here.
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

    /// Whether the caller's own callback ended the work.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled { .. })
    }
}
