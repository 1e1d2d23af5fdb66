use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// The cause of an [`Error`], from a library below.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with papers, queries and libraries.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder holds no library.
    #[error("`{dir}` is not a library: {found}")]
    NotALibrary {
        /// The folder.
        dir: PathBuf,
        /// What is there instead.
        found: String,
    },
    /// A library is there already, or something else is.
    #[error("cannot create a library in `{dir}`: {found}")]
    NotEmpty {
        /// The folder.
        dir: PathBuf,
        /// What is there.
        found: &'static str,
    },
    /// The library was written by another release.
    #[error("`{dir}` has format version {found}, this release reads {expected}")]
    Version {
        /// The folder.
        dir: PathBuf,
        /// Its version.
        found: i64,
        /// The version of this release.
        expected: i64,
    },
    /// The library was made by another model than the one given.
    #[error(
        "`{dir}` was made by the model `{expected}`, found `{found}`; use that model, or add the \
         papers to a new library"
    )]
    ModelMismatch {
        /// The folder.
        dir: PathBuf,
        /// Name and fingerprint of the library's model.
        expected: String,
        /// Name and fingerprint of the model given.
        found: String,
    },
    /// A text has to be embedded, and the library was opened without an embedder.
    #[error("a text cannot be embedded: the library was opened without an embedder")]
    NoEmbedder,
    /// The embedder failed.
    #[error("the embedder failed")]
    Embed {
        /// The cause.
        source: BoxError,
    },
    /// The embedder broke its promise.
    #[error("the embedder gave {found} {what}, expected {expected}")]
    EmbedderShape {
        /// What was counted.
        what: &'static str,
        /// The right number.
        expected: usize,
        /// The number found.
        found: usize,
    },
    /// The reranker failed.
    #[error("the reranker failed")]
    Rerank {
        /// The cause.
        source: BoxError,
    },
    /// The reranker broke its promise.
    #[error("the reranker gave {found} scores, expected {expected}")]
    RerankerShape {
        /// The number of hits.
        expected: usize,
        /// The number of scores.
        found: usize,
    },
    /// The reranker gave a score that is no number.
    #[error("the reranker gave the paper `{id}` the score {found}, expected a finite number")]
    RerankerScore {
        /// The id of the paper.
        id: String,
        /// The score.
        found: f32,
    },
    /// Papers or a draft cannot be read, or a paper lacks what it needs.
    #[error(transparent)]
    Papers(#[from] cognate_papers::Error),
    /// No paper has this id.
    #[error("no paper `{id}` in the library{}", suggestion(nearest))]
    UnknownPaper {
        /// The id asked for.
        id: String,
        /// Ids of the library that are spelled alike, nearest first.
        nearest: Vec<String>,
    },
    /// The query has no text, no paper and no direction.
    #[error("the query is empty, expected {expected}")]
    EmptyQuery {
        /// What it should have.
        expected: &'static str,
    },
    /// `k` is out of range.
    #[error("k is {found}, expected {} to {} papers", expected.start(), expected.end())]
    InvalidK {
        /// The number asked for.
        found: usize,
        /// The numbers that the library can answer.
        expected: RangeInclusive<usize>,
    },
    /// A setting of a query is out of range.
    #[error("{name} is {found}, expected {expected}")]
    InvalidOption {
        /// The setting.
        name: &'static str,
        /// Its value.
        found: String,
        /// What it may be.
        expected: &'static str,
    },
    /// The library has no paper to search.
    #[error("the library `{dir}` is empty; add papers first")]
    EmptyLibrary {
        /// The folder.
        dir: PathBuf,
    },
    /// Another process holds the library for writing.
    #[error("`{dir}` is being written by another process, waited {seconds} seconds")]
    Locked {
        /// The folder.
        dir: PathBuf,
        /// How long was waited.
        seconds: u64,
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
    /// The vectors cannot be read, written or searched.
    #[error("the vectors in `{dir}` failed")]
    Index {
        /// The folder.
        dir: PathBuf,
        /// The cause.
        source: BoxError,
    },
    /// The table of papers cannot be read or written.
    #[error("cannot {act} `{path}`")]
    Store {
        /// What was tried.
        act: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: BoxError,
    },
    /// The table of papers is not what was written: restore the library from a copy, or make it
    /// again.
    #[error("`{path}` is damaged in {what}; restore it from a copy, or make the library again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is damaged.
        what: String,
    },
    /// The progress callback asked to stop; what was committed before stays.
    #[error("cancelled; {committed} papers of this run are in the library")]
    Cancelled {
        /// Papers of this run that were committed.
        committed: usize,
    },
}

fn suggestion(nearest: &[String]) -> String {
    if nearest.is_empty() {
        return String::new();
    }
    let quoted: Vec<_> = nearest.iter().map(|id| format!("`{id}`")).collect();
    format!("; nearest by spelling: {}", quoted.join(", "))
}

impl Error {
    pub(crate) fn io(act: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io {
            act,
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn index(dir: &Path) -> impl FnOnce(cognate_index::Error) -> Self {
        move |source| Self::Index {
            dir: dir.to_owned(),
            source: source.into(),
        }
    }

    /// Whether the caller's own callback ended the work.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled { .. })
    }
}
