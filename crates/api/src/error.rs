use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::library::lookup::MatchedBy;

/// The cause of an [`Error`], reported by another library.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The result of a fallible function of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The ways in which an operation on papers, queries or libraries can fail.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder holds no library.
    #[error("`{dir}` is not a library: {found}")]
    NotALibrary {
        /// The folder.
        dir: PathBuf,
        /// What was found instead.
        found: String,
    },
    /// A library cannot be created, because the folder holds something.
    #[error("cannot create a library in `{dir}`: {found}")]
    NotEmpty {
        /// The folder.
        dir: PathBuf,
        /// What the folder holds.
        found: &'static str,
    },
    /// The library or its map was written by another release.
    #[error("`{dir}` has format version {found}, this release reads {expected}")]
    Version {
        /// The folder.
        dir: PathBuf,
        /// The version of the library.
        found: i64,
        /// The version that this release reads.
        expected: i64,
    },
    /// The library was made by another model than the given one.
    #[error(
        "`{dir}` was made by the model `{expected}`, found `{found}`; use that model, or upgrade the \
         library"
    )]
    ModelMismatch {
        /// The folder.
        dir: PathBuf,
        /// The name and fingerprint of the library's model.
        expected: String,
        /// The name and fingerprint of the given model.
        found: String,
    },
    /// The papers of the library were embedded with another text recipe.
    #[error(
        "the texts in `{dir}` were made by the recipe `{expected}`, found `{found}`; use that \
         recipe, or add the papers to a new library"
    )]
    TextRecipeMismatch {
        /// The folder.
        dir: PathBuf,
        /// The name of the library's recipe.
        expected: String,
        /// The name of the recipe given.
        found: String,
    },
    /// A text has to be embedded, and the library was opened without an embedder.
    #[error(
        "a text must be embedded, and the library was opened without an embedder; attach one with \
         `Library::with_embedder`, or search for the text in the mode `keyword` without a minimum \
         score and a score context"
    )]
    NoEmbedder,
    /// The embedder failed.
    #[error("the embedder failed")]
    Embed {
        /// The cause.
        source: BoxError,
    },
    /// The embedder returned a matrix of the wrong shape.
    #[error("the embedder gave {found} {what}, expected {expected}")]
    EmbedderShape {
        /// The dimension of the matrix that is wrong.
        what: &'static str,
        /// The expected size.
        expected: usize,
        /// The size found.
        found: usize,
    },
    /// The reranker failed.
    #[error("the reranker failed")]
    Rerank {
        /// The cause.
        source: BoxError,
    },
    /// The reranker returned the wrong number of scores.
    #[error("the reranker gave {found} scores, expected {expected}")]
    RerankerShape {
        /// The number of hits.
        expected: usize,
        /// The number of scores.
        found: usize,
    },
    /// The reranker returned a score that is not a finite number.
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
    /// The source of the papers that [`Library::add_with`](crate::Library::add_with) adds failed with an
    /// error of its own, which is in the variant as it was.
    #[error(transparent)]
    PaperSource(BoxError),
    /// No paper has this id.
    #[error("no paper `{id}` in the library{}", suggestion(nearest))]
    UnknownPaper {
        /// The unknown id.
        id: String,
        /// The ids of the library that are spelled most like it, most similar first.
        nearest: Vec<String>,
    },
    /// The library has no list with this name.
    #[error("no list `{name}` in the library, which has {}", listed(existing, existing.len()))]
    UnknownList {
        /// The unknown name.
        name: String,
        /// The names of the lists of the library.
        existing: Vec<String>,
    },
    /// A text names several papers.
    #[error(
        "`{reference}` is the {by} of {total} papers: {}; use the id of one of them",
        listed(ids, *total)
    )]
    AmbiguousPaper {
        /// The text.
        reference: String,
        /// How the text names the papers.
        by: MatchedBy,
        /// The ids of the papers, or the first of them.
        ids: Vec<String>,
        /// The number of the papers.
        total: usize,
    },
    /// The query has no text or no paper, or its papers cancel one another out.
    #[error("the query is empty, expected {expected}")]
    EmptyQuery {
        /// What the query should have.
        expected: &'static str,
    },
    /// The value of an option is not one of its permitted values, or the option does not apply.
    #[error("`{option}` is {found}, expected {expected}")]
    InvalidOption {
        /// The name of the option.
        option: &'static str,
        /// The value given.
        found: String,
        /// The permitted values.
        expected: String,
    },
    /// The library has no papers.
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
        /// The time waited, in seconds.
        seconds: u64,
    },
    /// A file or folder cannot be read or written.
    #[error("cannot {act} `{path}`")]
    Io {
        /// The operation that failed, such as `read` or `create`.
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
    /// The file of papers cannot be read or written.
    #[error("cannot {act} `{path}`")]
    Store {
        /// The operation that failed.
        act: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: BoxError,
    },
    /// The file of papers or of the map is damaged. [`Library::repair`](crate::Library::repair) rebuilds derived data
    /// and removes a damaged map; if other data are damaged, restore the library from a copy.
    #[error("`{path}` is damaged in {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The damaged part of the file.
        what: String,
    },
    /// The progress callback cancelled the operation. Earlier commits stay.
    #[error("cancelled; {committed} papers of this run are in the library")]
    Cancelled {
        /// The number of papers committed by this call.
        committed: usize,
    },
}

fn suggestion(nearest: &[String]) -> String {
    if nearest.is_empty() {
        return String::new();
    }
    format!("; nearest by spelling: {}", listed(nearest, nearest.len()))
}

/// Lists names, and says how many of `total` are not among them.
fn listed(ids: &[String], total: usize) -> String {
    let mut items: Vec<_> = ids.iter().map(|id| format!("`{id}`")).collect();
    if total > ids.len() {
        items.push(format!("and {} more", total - ids.len()));
    }
    items.join(", ")
}

impl Error {
    /// Returns the error of a source of papers: the error itself if it is of this crate or of a reader of
    /// papers, and otherwise an [`Error::PaperSource`].
    pub(crate) fn of_source(error: impl Into<BoxError>) -> Self {
        let error = match error.into().downcast::<Self>() {
            Ok(error) => return *error,
            Err(error) => error,
        };
        match error.downcast::<cognate_papers::Error>() {
            Ok(error) => Self::Papers(*error),
            Err(error) => Self::PaperSource(error),
        }
    }

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

    /// Sets the number of committed papers of [`Error::Cancelled`]; other errors are unchanged.
    pub(crate) fn with_committed(self, committed: usize) -> Self {
        match self {
            Self::Cancelled { .. } => Self::Cancelled { committed },
            other => other,
        }
    }

    /// Returns the error for a name that is none of `all`.
    pub(crate) fn unknown_name(
        option: &'static str,
        found: &str,
        all: &[impl std::fmt::Display],
    ) -> Self {
        let names: Vec<String> = all.iter().map(|name| format!("`{name}`")).collect();
        Self::InvalidOption {
            option,
            found: format!("`{found}`"),
            expected: format!("one of {}", names.join(", ")),
        }
    }

    /// Returns whether files of a library are damaged, missing or of another library.
    /// [`Library::check`](crate::Library::check) says which,
    /// [`Library::repair`](crate::Library::repair) rebuilds derived data, and
    /// [`Library::repair_vectors`](crate::Library::repair_vectors) embeds papers whose vectors are lost.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { .. } => true,
            _ => match self.index_error() {
                Some(cognate_index::Error::Corrupt { .. }) => true,
                Some(error) => error.io_kind() == Some(ErrorKind::NotFound),
                None => false,
            },
        }
    }

    /// Returns whether files of vectors are damaged, missing or of another library, which
    /// [`Library::repair_vectors`](crate::Library::repair_vectors) makes from the papers.
    pub fn is_in_vectors(&self) -> bool {
        self.is_damage() && self.index_error().is_some_and(|error| !is_derived(error))
    }

    /// Returns whether derived data are damaged, missing or of another library, which
    /// [`Library::repair`](crate::Library::repair) rebuilds.
    pub fn is_repairable(&self) -> bool {
        self.is_damage() && self.index_error().is_some_and(is_derived)
    }

    /// Returns the cause of [`Error::Index`].
    fn index_error(&self) -> Option<&cognate_index::Error> {
        match self {
            Self::Index { source, .. } => source.downcast_ref(),
            _ => None,
        }
    }

    /// Returns whether a progress callback cancelled the operation.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled { .. })
    }
}

/// Returns whether an error concerns terms or quantized codes, which papers and vectors determine.
pub(crate) fn is_derived(error: &cognate_index::Error) -> bool {
    error.is_rebuildable() || error.concerns_terms()
}
