//! A text that names a paper, and the ways in which it may name one.

use cognate_papers::identifiers;

use super::MatchedBy;
use crate::Paper;
use crate::query::versions::{arxiv_of, doi_of};

/// The fewest characters of the beginning of an id that names a paper.
const MIN_PREFIX: usize = 6;

/// The longest scheme of an id, such as `arXiv:`, in bytes.
const MAX_SCHEME: usize = 16;

/// The ways in which a text names a paper, the most certain one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Id,
    DoiAsId,
    ArxivAsId,
    IdIgnoringCase,
    Doi,
    Arxiv,
    Title,
    IdPrefix,
}

impl Way {
    /// Returns the public name of the way, or `None` for an id as it is.
    pub(super) fn matched_by(self) -> Option<MatchedBy> {
        Some(match self {
            Self::Id => return None,
            Self::DoiAsId | Self::Doi => MatchedBy::Doi,
            Self::ArxivAsId | Self::Arxiv => MatchedBy::Arxiv,
            Self::IdIgnoringCase => MatchedBy::IdIgnoringCase,
            Self::Title => MatchedBy::Title,
            Self::IdPrefix => MatchedBy::IdPrefix,
        })
    }
}

/// A text that names a paper.
#[derive(Debug)]
pub(super) struct Reference {
    /// The text as it was given.
    pub(super) given: String,
    /// The text without white space around it, in lower case.
    folded: String,
    pub(super) doi: Option<String>,
    pub(super) arxiv: Option<String>,
    /// The [`identifiers::title_key`] of the text, which may be empty.
    title: String,
}

impl Reference {
    pub(super) fn new(text: &str) -> Self {
        let doi = identifiers::doi(text);
        let without_version = |doi: String| identifiers::without_archive_version(&doi).to_owned();
        Self {
            given: text.to_owned(),
            folded: text.trim().to_lowercase(),
            doi: doi.map(without_version),
            arxiv: identifiers::arxiv(text),
            title: identifiers::title_key(text),
        }
    }

    /// Returns the text without white space around it.
    pub(super) fn trimmed(&self) -> &str {
        self.given.trim()
    }

    /// Returns the ids that are the DOI or the arXiv identifier that the text is, with and without a scheme, and
    /// the way in which the text names a paper with such an id.
    pub(super) fn identifiers_as_ids(&self) -> Vec<(String, Way)> {
        let spellings = |identifier: &Option<String>, scheme: &str, way: Way| {
            let spellings = identifier.iter().flat_map(|identifier| {
                let scheme_in_lower_case = scheme.to_lowercase();
                [
                    format!("{scheme}{identifier}"),
                    format!("{scheme_in_lower_case}{identifier}"),
                    identifier.clone(),
                ]
            });
            let spellings: Vec<_> = spellings.map(|id| (id, way)).collect();
            spellings
        };
        let mut ids = spellings(&self.doi, "doi:", Way::DoiAsId);
        ids.extend(spellings(&self.arxiv, "arXiv:", Way::ArxivAsId));
        ids
    }

    /// Returns a part of each identifier of the text that the identifiers of its paper contain in every notation:
    /// its longest run of letters and digits. The part is empty if there is none.
    pub(super) fn identifier_parts(&self) -> impl Iterator<Item = &str> {
        [&self.doi, &self.arxiv].into_iter().flatten().map(|text| {
            let runs = text.split(|c: char| !c.is_ascii_alphanumeric());
            runs.max_by_key(|run| run.len()).unwrap_or_default()
        })
    }

    /// Returns the strongest way in which the text names a paper, or `None` if it does not.
    pub(super) fn names(&self, paper: &Paper) -> Option<Way> {
        let as_id = || {
            let ids = self.identifiers_as_ids();
            let mut found = ids.into_iter().filter(|(id, _)| *id == paper.id);
            found
                .next()
                .map(|(_, way)| way)
                .filter(|way| !self.is_contradicted(*way, paper))
        };
        if paper.id == self.given || paper.id == self.trimmed() {
            return Some(Way::Id);
        }
        let by_id = self.names_id(&paper.id);
        as_id()
            .or(by_id.filter(|way| *way == Way::IdIgnoringCase))
            .or_else(|| self.identifies(paper))
            .or_else(|| self.is_title(&paper.title).then_some(Way::Title))
            .or(by_id)
    }

    /// Returns whether a paper whose id is the identifier of the text has another identifier of this kind.
    pub(super) fn is_contradicted(&self, way: Way, paper: &Paper) -> bool {
        let (wanted, found) = match way {
            Way::DoiAsId => (&self.doi, doi_of(paper)),
            Way::ArxivAsId => (&self.arxiv, arxiv_of(paper)),
            _ => return false,
        };
        found.is_some() && found != *wanted
    }

    /// Returns the way in which the text, which is not this id, names a paper by this id.
    pub(super) fn names_id(&self, id: &str) -> Option<Way> {
        let folded = id.to_lowercase();
        if folded == self.folded {
            return Some(Way::IdIgnoringCase);
        }
        let colon = folded.find(':').filter(|colon| *colon < MAX_SCHEME);
        let without_scheme = colon.map(|colon| &folded[colon + 1..]);
        let begins = folded.starts_with(&self.folded)
            || without_scheme.is_some_and(|rest| rest.starts_with(&self.folded));
        (begins && self.folded.chars().count() >= MIN_PREFIX).then_some(Way::IdPrefix)
    }

    /// Returns the way in which the text names a paper by its DOI or its arXiv identifier.
    pub(super) fn identifies(&self, paper: &Paper) -> Option<Way> {
        let is_doi = || self.doi.is_some() && doi_of(paper) == self.doi;
        let is_arxiv = || self.arxiv.is_some() && arxiv_of(paper) == self.arxiv;
        if is_doi() {
            Some(Way::Doi)
        } else if is_arxiv() {
            Some(Way::Arxiv)
        } else {
            None
        }
    }

    /// Returns whether the text may be a title at all.
    pub(super) fn has_words(&self) -> bool {
        !self.title.is_empty()
    }

    /// Returns whether the text is this title.
    pub(super) fn is_title(&self, title: &str) -> bool {
        self.has_words() && identifiers::title_key(title) == self.title
    }
}
