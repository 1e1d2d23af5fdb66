use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::details::{fill, fill_list};
use crate::text::{is_stop_word, words};
use crate::{Details, Error, ListEntry, Name, PaperKind, PartialDate, Result};

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paper {
    /// The identifier of the paper, unique in its library.
    pub id: String,
    /// The title, or an empty string if it is unknown.
    pub title: String,
    /// The abstract, or an empty string if it is unknown.
    pub abstract_text: String,
    /// The names of the authors, in the order of the paper.
    pub authors: Vec<Name>,
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
    /// The data that a reference list needs, such as volume and pages.
    pub details: Details,
    /// The day, in UTC, on which the paper was added to a library, as far as it is known.
    pub added: Option<PartialDate>,
    /// The lists of the library that the paper is on.
    pub lists: Vec<ListEntry>,
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
    pub fn authors<N: Into<Name>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
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

    /// Sets the kind of the publication.
    #[must_use]
    pub fn kind(mut self, kind: PaperKind) -> Self {
        self.details.kind = Some(kind);
        self
    }

    /// Sets the data that a reference list needs.
    #[must_use]
    pub fn details(mut self, details: Details) -> Self {
        self.details = details;
        self
    }

    /// Sets the day on which the paper was added to a library.
    #[must_use]
    pub fn added(mut self, day: PartialDate) -> Self {
        self.added = Some(day);
        self
    }

    /// Sets the lists of the library that the paper is on.
    #[must_use]
    pub fn lists(mut self, lists: impl IntoIterator<Item = ListEntry>) -> Self {
        self.lists = lists.into_iter().collect();
        self
    }

    /// Returns the date of publication: the one in the [details](Details::published), or else the year.
    pub fn publication_date(&self) -> Option<PartialDate> {
        let year = || PartialDate::new(self.year?, None, None);
        self.details.published.or_else(year)
    }

    /// Takes the fields that have no value from `other`, another record of the same paper, and returns their
    /// names in JSON. The id stays, and so does what a library notes about the paper: [`added`](Self::added) and
    /// [`lists`](Self::lists).
    ///
    /// # Examples
    ///
    /// ```
    /// use cognate_papers::Paper;
    ///
    /// let mut poorer = Paper::new("a").title("A Title: With a Subtitle");
    /// let taken = poorer.fill_from(&Paper::new("b").title("A Title").year(2009));
    /// assert_eq!(taken, ["year"]);
    /// assert_eq!(poorer, Paper::new("a").title("A Title: With a Subtitle").year(2009));
    /// ```
    pub fn fill_from(&mut self, other: &Self) -> Vec<&'static str> {
        let Self {
            id: _,
            title,
            abstract_text,
            authors,
            year,
            venue,
            url,
            categories,
            doi,
            arxiv,
            references,
            details,
            added: _,
            lists: _,
        } = self;
        let mut taken = Vec::new();
        for (name, text, other) in [
            ("title", title, &other.title),
            ("abstract", abstract_text, &other.abstract_text),
        ] {
            if text.trim().is_empty() && !other.trim().is_empty() {
                text.clone_from(other);
                taken.push(name);
            }
        }
        taken.extend(fill_list("authors", authors, &other.authors));
        taken.extend(fill("year", year, other.year.as_ref()));
        taken.extend(fill("venue", venue, other.venue.as_ref()));
        taken.extend(fill("url", url, other.url.as_ref()));
        taken.extend(fill_list("categories", categories, &other.categories));
        taken.extend(fill("doi", doi, other.doi.as_ref()));
        taken.extend(fill("arxiv", arxiv, other.arxiv.as_ref()));
        taken.extend(fill_list("references", references, &other.references));
        taken.extend(details.fill_from(&other.details));
        taken
    }

    /// Returns an id made of the family name of the first author, the year, and the first words of the title
    /// that are not stop words, or its first words if all are: `watts1998-collective-dynamics-small-world`.
    ///
    /// Returns `None` if the title has no words. Different papers may have the same derived id.
    pub fn derived_id(&self) -> Option<String> {
        let author = self
            .authors
            .first()
            .and_then(|name| words(name.family()).last());
        let year = self.year.map(|year| year.to_string());
        let title = words(&self.title).filter(|word| !is_stop_word(word));
        let mut title: Vec<String> = title.take(4).collect();
        if title.is_empty() {
            title = words(&self.title).take(4).collect();
        }
        let start = author.into_iter().chain(year).collect::<String>();
        let start = Some(start).filter(|start| !start.is_empty());
        let parts = start.into_iter().chain(title.iter().cloned());
        (!title.is_empty()).then(|| parts.collect::<Vec<_>>().join("-"))
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

/// The JSON object of a paper: the fields of [`Paper`], in which `abstract_text` is called `abstract`, followed by
/// the fields of [`Details`], the day of adding and the lists, as far as they have a value.
///
/// `authors` has the spoken names. If a reader may infer other parts from these, `author_names` has the parts.
#[derive(Serialize)]
struct Written<'a> {
    id: &'a str,
    title: &'a str,
    #[serde(rename = "abstract")]
    abstract_text: &'a str,
    authors: Vec<&'a str>,
    year: Option<i32>,
    venue: Option<&'a str>,
    url: Option<&'a str>,
    categories: &'a [String],
    doi: Option<&'a str>,
    arxiv: Option<&'a str>,
    references: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    author_names: Option<Vec<NameParts<'a>>>,
    #[serde(flatten)]
    details: &'a Details,
    #[serde(skip_serializing_if = "Option::is_none")]
    added: Option<PartialDate>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    lists: &'a [ListEntry],
}

/// The parts of a name, or its spoken form if that has white space that cannot be restored from the parts.
#[derive(Serialize)]
#[serde(untagged)]
enum NameParts<'a> {
    Parts(&'a crate::name::Parts),
    Full(&'a str),
}

impl<'a> NameParts<'a> {
    fn of(name: &'a Name) -> Self {
        if Name::from(name.parts().clone()) == *name {
            Self::Parts(name.parts())
        } else {
            Self::Full(name.full())
        }
    }
}

#[derive(Deserialize)]
struct Read {
    id: String,
    #[serde(default)]
    title: String,
    #[serde(default, rename = "abstract")]
    abstract_text: String,
    #[serde(default)]
    authors: Vec<Name>,
    year: Option<i32>,
    venue: Option<String>,
    url: Option<String>,
    #[serde(default)]
    categories: Vec<String>,
    doi: Option<String>,
    arxiv: Option<String>,
    #[serde(default)]
    references: Vec<String>,
    #[serde(default)]
    author_names: Vec<Name>,
    #[serde(flatten)]
    details: Details,
    added: Option<PartialDate>,
    #[serde(default)]
    lists: Vec<ListEntry>,
}

impl Serialize for Paper {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let are_restored = self.authors.iter().all(Name::is_unambiguous);
        let written = Written {
            id: &self.id,
            title: &self.title,
            abstract_text: &self.abstract_text,
            authors: self.authors.iter().map(Name::full).collect(),
            year: self.year,
            venue: self.venue.as_deref(),
            url: self.url.as_deref(),
            categories: &self.categories,
            doi: self.doi.as_deref(),
            arxiv: self.arxiv.as_deref(),
            references: &self.references,
            author_names: (!are_restored).then(|| self.authors.iter().map(NameParts::of).collect()),
            details: &self.details,
            added: self.added,
            lists: &self.lists,
        };
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Paper {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Read::deserialize(deserializer)?;
        Ok(Self {
            authors: with_parts(read.authors, read.author_names),
            id: read.id,
            title: read.title,
            abstract_text: read.abstract_text,
            year: read.year,
            venue: read.venue,
            url: read.url,
            categories: read.categories,
            doi: read.doi,
            arxiv: read.arxiv,
            references: read.references,
            details: read.details,
            added: read.added,
            lists: read.lists,
        })
    }
}

/// Returns the names of authors with their parts, if `parts` has parts for each name.
pub(crate) fn with_parts(names: Vec<Name>, parts: Vec<Name>) -> Vec<Name> {
    if names.is_empty() || names.len() == parts.len() {
        parts
    } else {
        names
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
    fn a_derived_id_consists_of_author_year_and_title() {
        let paper = Paper::new("")
            .title("The collective dynamics of ‘small-world’ networks")
            .authors(["Ann B. Döe", "Other"])
            .year(1998);
        assert_eq!(
            paper.derived_id().unwrap(),
            "doe1998-collective-dynamics-small-world"
        );
        let bare = Paper::new("").title("Networks");
        assert_eq!(bare.derived_id().unwrap(), "networks");
        let stop_words = Paper::new("").title("To be or not to be");
        assert_eq!(stop_words.derived_id().unwrap(), "to-be-or-not");
        assert_eq!(Paper::new("").year(1998).derived_id(), None);
    }

    #[test]
    fn json_keeps_every_field() {
        let mut paper = Paper::new("x")
            .title("A")
            .abstract_text("B")
            .authors([Name::new("Ann Ada"), Name::parse("García Molina, Ana")])
            .year(2017)
            .venue("V")
            .kind(PaperKind::Thesis);
        paper.details.published = "2017-06".parse().ok();
        paper.details.editors = vec![Name::organization("Ann Ada")];
        paper.details.pages = Some("1-2".to_owned());
        paper.added = "2026-11-30".parse().ok();
        paper.lists = vec![ListEntry::new("liked").note("N"), ListEntry::new("read")];
        let json = serde_json::to_string(&paper).unwrap();
        assert!(
            json.contains(r#""authors":["Ann Ada","Ana García Molina"]"#),
            "{json}"
        );
        assert!(
            json.contains(r#""type":"thesis","published":"2017-06","pages":"1-2""#),
            "{json}"
        );
        let end = r#","added":"2026-11-30","lists":[{"name":"liked","note":"N"},{"name":"read"}]}"#;
        assert!(json.ends_with(end), "{json}");
        assert_eq!(serde_json::from_str::<Paper>(&json).unwrap(), paper);
        let bare: Paper = serde_json::from_str(r#"{"id": "x", "title": "A"}"#).unwrap();
        assert_eq!(bare, Paper::new("x").title("A"));
    }

    #[test]
    fn a_paper_without_a_date_of_publication_has_that_of_its_year() {
        let mut paper = Paper::new("x").title("A");
        assert_eq!(paper.publication_date(), None);
        paper.year = Some(2017);
        assert_eq!(paper.publication_date(), "2017".parse().ok());
        paper.details.published = "2016-12".parse().ok();
        assert_eq!(paper.publication_date(), "2016-12".parse().ok());
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
