//! Finding the paper that a text names: by its id, its identifiers or its title.

mod candidates;
mod indexed;
mod reference;
mod unindexed;

use std::fmt;

use serde::Serialize;

pub(crate) use self::indexed::{named_rows, rows_alike};
use self::reference::Reference;
use crate::library::Library;
use crate::{Error, Paper, Result};

/// The largest number of papers in [`Lookup::Ambiguous`].
const MAX_LISTED: usize = 10;

/// What [`Library::lookup`] found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Lookup {
    /// The text is the id of this paper.
    Exact(Paper),
    /// The text is not an id, and names exactly one paper otherwise.
    #[non_exhaustive]
    Found {
        /// The paper.
        paper: Paper,
        /// How the text names it.
        by: MatchedBy,
    },
    /// The text names several papers in the same way.
    #[non_exhaustive]
    Ambiguous {
        /// The papers, ordered by id: the first ten if there are more.
        papers: Vec<Paper>,
        /// The number of all papers that the text names.
        total: usize,
        /// How the text names them.
        by: MatchedBy,
    },
    /// The text names no paper.
    #[non_exhaustive]
    NotFound {
        /// The ids of the library that are spelled most like the text, most similar first.
        nearest: Vec<String>,
    },
}

/// How a text that is not an id names a paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum MatchedBy {
    /// The text is the id in another case.
    IdIgnoringCase,
    /// The text is the DOI of the paper.
    Doi,
    /// The text is the arXiv identifier of the paper.
    Arxiv,
    /// The text is the title of the paper.
    Title,
    /// The id of the paper begins with the text.
    IdPrefix,
}

impl MatchedBy {
    /// Returns whether an identifier that belongs to one work names the paper: its DOI or its arXiv identifier.
    /// The other ways are guesses, which a program should not delete papers by.
    pub fn is_identifier(self) -> bool {
        matches!(self, Self::Doi | Self::Arxiv)
    }
}

impl fmt::Display for MatchedBy {
    /// Writes what of the paper the text is, such as `DOI`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::IdIgnoringCase => "case-insensitive id",
            Self::Doi => "DOI",
            Self::Arxiv => "arXiv identifier",
            Self::Title => "title",
            Self::IdPrefix => "beginning of the id",
        })
    }
}

impl Lookup {
    /// Returns the paper that was found. `reference` is the text that was looked up.
    ///
    /// # Errors
    ///
    /// Returns [`Error::AmbiguousPaper`] if there are several, and [`Error::UnknownPaper`] if there is none.
    pub fn into_paper(self, reference: &str) -> Result<Paper> {
        match self {
            Self::Exact(paper) | Self::Found { paper, .. } => Ok(paper),
            Self::Ambiguous { papers, total, by } => Err(Error::AmbiguousPaper {
                reference: reference.to_owned(),
                by,
                ids: papers.into_iter().map(|paper| paper.id).collect(),
                total,
            }),
            Self::NotFound { nearest } => Err(Error::UnknownPaper {
                id: reference.to_owned(),
                nearest,
            }),
        }
    }
}

impl Library {
    /// Finds the paper that a text names, in the way that people write and paste names of papers.
    ///
    /// The first of these ways in which the text names any paper decides:
    ///
    /// 1. as its id;
    /// 2. as its DOI or its arXiv identifier, in every notation that [`identifiers`](crate::identifiers) reads, if
    ///    this is also its id, with or without `doi:` or `arXiv:`;
    /// 3. as its id in another case;
    /// 4. as its DOI;
    /// 5. as its arXiv identifier;
    /// 6. as its title, whatever the case, the accents and the punctuation;
    /// 7. as the beginning of its id, of at least six characters, whatever the case and without a scheme such as
    ///    `arXiv:`.
    ///
    /// ```no_run
    /// use cognate::{Library, Lookup};
    ///
    /// let library = Library::open("papers")?;
    /// match library.lookup("https://arxiv.org/abs/1706.03762v5")? {
    ///     Lookup::Exact(paper) => println!("{}", paper.title),
    ///     Lookup::Found { paper, by, .. } => println!("{}, found by its {by}", paper.title),
    ///     Lookup::Ambiguous { total, .. } => println!("one of {total} papers"),
    ///     _ => println!("unknown"),
    /// }
    /// # Ok::<(), cognate::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`Error::Store`] or [`Error::Damaged`] if the papers cannot be read. Without readable
    /// vectors and terms, the answer is the same and takes longer.
    ///
    /// # Complexity
    ///
    /// O(log(papers)) for an id, also one in the second way. Otherwise linear in the papers, of which the ids are
    /// read, and for a DOI or an arXiv identifier also the URLs and the identifiers; never the texts.
    pub fn lookup(&self, reference: &str) -> Result<Lookup> {
        let found = self.lookup_all(&[reference])?.into_iter().next();
        Ok(found.unwrap_or(Lookup::NotFound {
            nearest: Vec::new(),
        }))
    }

    /// Looks up many texts, each as [`lookup`](Self::lookup) does, and reads the papers no more often than for
    /// one.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`lookup`](Self::lookup). A text that names no paper is a [`Lookup::NotFound`].
    pub fn lookup_all<S: AsRef<str>>(&self, references: &[S]) -> Result<Vec<Lookup>> {
        let references = references.iter().map(|text| Reference::new(text.as_ref()));
        let references: Vec<Reference> = references.collect();
        match self.read(|snapshot| indexed::lookup_all(snapshot, &references)) {
            Err(Error::Index { .. }) => {
                self.read_papers(|papers| unindexed::lookup_all(papers, &references))
            }
            found => found,
        }
    }
}

#[cfg(test)]
mod tests;
