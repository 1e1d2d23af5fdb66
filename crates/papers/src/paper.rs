use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A research paper: its text and its bibliographic data.
///
/// Only the id and either the title or the abstract are required; [`check`](Self::check) tests for
/// them.
///
/// # Examples
///
/// ```
/// use cognate_papers::Paper;
///
/// let paper = Paper::new("bm25")
///     .title("The Probabilistic Relevance Framework: BM25 and Beyond")
///     .authors(["Stephen Robertson", "Hugo Zaragoza"])
///     .year(2009);
/// assert_eq!(paper.text(), "The Probabilistic Relevance Framework: BM25 and Beyond");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Paper {
    /// The identifier of the paper, unique in its library.
    pub id: String,
    /// The title, or an empty string if it is unknown.
    pub title: String,
    /// The abstract, or an empty string if it is unknown.
    #[serde(rename = "abstract")]
    pub abstract_text: String,
    /// The names of the authors, in the order of the paper.
    pub authors: Vec<String>,
    /// The year of publication.
    pub year: Option<i32>,
    /// The journal, conference or archive.
    pub venue: Option<String>,
    /// The address of a page about the paper or of its text.
    pub url: Option<String>,
    /// The subjects, such as `cs.CL`.
    pub categories: Vec<String>,
    /// The digital object identifier (DOI), such as `10.1145/3292500`, without `https://doi.org/`.
    pub doi: Option<String>,
    /// The arXiv identifier, such as `1706.03762` or `hep-th/9901001`, without its version.
    pub arxiv: Option<String>,
    /// The ids, DOIs or arXiv identifiers of the papers that this paper cites, as far as they are
    /// known.
    pub references: Vec<String>,
}

impl Paper {
    /// Creates a paper with an id and no other data.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            ..Self::default()
        }
    }

    /// Sets the title.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Sets the abstract.
    #[must_use]
    pub fn abstract_text(mut self, text: impl Into<String>) -> Self {
        self.abstract_text = text.into();
        self
    }

    /// Sets the names of the authors.
    #[must_use]
    pub fn authors<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.authors = names.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the year of publication.
    #[must_use]
    pub fn year(mut self, year: i32) -> Self {
        self.year = Some(year);
        self
    }

    /// Sets the journal, conference or archive.
    #[must_use]
    pub fn venue(mut self, venue: impl Into<String>) -> Self {
        self.venue = Some(venue.into());
        self
    }

    /// Sets the address of a page about the paper or of its text.
    #[must_use]
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Sets the subjects.
    #[must_use]
    pub fn categories<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.categories = names.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the digital object identifier.
    #[must_use]
    pub fn doi(mut self, doi: impl Into<String>) -> Self {
        self.doi = Some(doi.into());
        self
    }

    /// Sets the arXiv identifier.
    #[must_use]
    pub fn arxiv(mut self, identifier: impl Into<String>) -> Self {
        self.arxiv = Some(identifier.into());
        self
    }

    /// Sets the ids, DOIs or arXiv identifiers of the papers that this paper cites.
    #[must_use]
    pub fn references<S: Into<String>>(mut self, ids: impl IntoIterator<Item = S>) -> Self {
        self.references = ids.into_iter().map(Into::into).collect();
        self
    }

    /// Returns the text that a model embeds: the title, a space and the abstract, as in the MTEB
    /// benchmark.
    ///
    /// If one of the two is blank, the text is the other one.
    pub fn text(&self) -> String {
        let (title, abstract_text) = (self.title.trim(), self.abstract_text.trim());
        match (title.is_empty(), abstract_text.is_empty()) {
            (false, false) => format!("{title} {abstract_text}"),
            (false, true) => title.to_owned(),
            (true, _) => abstract_text.to_owned(),
        }
    }

    /// Returns the reason why the paper is not valid, or `None` if it is.
    pub(crate) fn invalid_reason(&self) -> Option<&'static str> {
        if self.id.trim().is_empty() {
            Some("`id` is missing")
        } else if self.title.trim().is_empty() && self.abstract_text.trim().is_empty() {
            Some("`title` and `abstract` are both missing, expected one at least")
        } else {
            None
        }
    }

    /// Checks that the paper has an id and either a title or an abstract.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidPaper`] if the id is blank, or if title and abstract are both blank.
    pub fn check(&self) -> Result<()> {
        match self.invalid_reason() {
            None => Ok(()),
            Some(reason) => Err(Error::InvalidPaper {
                id: self.id.clone(),
                reason,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_title_and_abstract_or_either() {
        let text = |title: &str, abstract_text: &str| {
            Paper::new("x")
                .title(title)
                .abstract_text(abstract_text)
                .text()
        };
        assert_eq!(text("A", "B."), "A B.");
        assert_eq!(text(" A ", " "), "A");
        assert_eq!(text("", "B.\n"), "B.");
    }

    #[test]
    fn an_id_and_a_title_or_an_abstract_are_required() {
        assert!(Paper::new("x").title("A").check().is_ok());
        let error = Paper::new(" ").title("A").check().unwrap_err();
        assert_eq!(error.to_string(), "paper ` `: `id` is missing");
        let error = Paper::new("x").title(" ").check().unwrap_err();
        assert_eq!(
            error.to_string(),
            "paper `x`: `title` and `abstract` are both missing, expected one at least"
        );
    }
}
