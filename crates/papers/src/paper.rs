use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A research paper: an id, something to read, and what is known about it.
///
/// Only the id and one of title and abstract are required.
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
    /// What names the paper in its library, and to the outside.
    pub id: String,
    /// The title; empty when unknown.
    pub title: String,
    /// The abstract; empty when unknown.
    #[serde(rename = "abstract")]
    pub abstract_text: String,
    /// The authors in order.
    pub authors: Vec<String>,
    /// The year of publication.
    pub year: Option<i32>,
    /// Journal, conference or archive.
    pub venue: Option<String>,
    /// Where to read it.
    pub url: Option<String>,
    /// Subjects, such as `cs.CL`.
    pub categories: Vec<String>,
    /// The digital object identifier, such as `10.1145/3292500`, without `https://doi.org/`.
    pub doi: Option<String>,
    /// The number of the preprint on arXiv, such as `1706.03762` or `hep-th/9901001`, without its
    /// version.
    pub arxiv: Option<String>,
    /// The ids, DOIs or arXiv numbers of the papers that it cites, as far as they are known.
    pub references: Vec<String>,
}

impl Paper {
    /// Starts a paper with nothing but its id.
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

    /// Sets the authors.
    #[must_use]
    pub fn authors<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.authors = names.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the year.
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

    /// Sets the address.
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

    /// Sets the number of the preprint on arXiv.
    #[must_use]
    pub fn arxiv(mut self, number: impl Into<String>) -> Self {
        self.arxiv = Some(number.into());
        self
    }

    /// Sets the papers that it cites.
    #[must_use]
    pub fn references<S: Into<String>>(mut self, ids: impl IntoIterator<Item = S>) -> Self {
        self.references = ids.into_iter().map(Into::into).collect();
        self
    }

    /// What the model reads: title, a space, abstract, as in the MTEB benchmark.
    pub fn text(&self) -> String {
        let (title, abstract_text) = (self.title.trim(), self.abstract_text.trim());
        match (title.is_empty(), abstract_text.is_empty()) {
            (false, false) => format!("{title} {abstract_text}"),
            (false, true) => title.to_owned(),
            (true, _) => abstract_text.to_owned(),
        }
    }

    /// What is wrong with the paper, if anything.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        if self.id.trim().is_empty() {
            Some("`id` is missing")
        } else if self.title.trim().is_empty() && self.abstract_text.trim().is_empty() {
            Some("`title` and `abstract` are both missing, expected one at least")
        } else {
            None
        }
    }

    /// Checks that the paper has an id, and a title or an abstract.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidPaper`] if the id is blank, or if both title and abstract are.
    pub fn check(&self) -> Result<()> {
        match self.fault() {
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
    fn joins_what_there_is_to_read() {
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
    fn needs_an_id_and_something_to_read() {
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
