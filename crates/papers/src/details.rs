//! The bibliographic data of a paper that a search does not use.

use serde::{Deserialize, Serialize};

use crate::{Name, PaperKind, PartialDate};

/// The bibliographic data of a paper that a search does not use, and that a reference list needs.
///
/// Every field is a text as it would be printed, without markup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Details {
    /// The kind of the publication.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<PaperKind>,
    /// What a kind is more precisely, such as `PhD thesis` or `Technical report`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub genre: Option<String>,
    /// The date of publication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<PartialDate>,
    /// The date of the last revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<PartialDate>,
    /// The volume of the journal or of the series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<String>,
    /// The issue of the journal, or the number of the report or in the series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The pages, such as `12-34` or `12-34, 56`, or the number of the article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages: Option<String>,
    /// The publisher, or the university or institution of a thesis or report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// The place of publication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The title of the series of books or reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// The edition, such as `2` or `Second`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
    /// The names of the editors, in the order of the publication.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub editors: Vec<Name>,
    /// The ISBN of the book.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isbn: Option<String>,
    /// The ISSN of the journal or series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issn: Option<String>,
    /// The PubMed identifier: digits only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pmid: Option<String>,
    /// The identifier in PubMed Central, such as `PMC1234567`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pmcid: Option<String>,
    /// The language, as a code such as `en` where the source has one, or as it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

impl Details {
    /// Returns whether no field has a value.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the texts of all fields.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let texts = [
            &self.genre,
            &self.volume,
            &self.number,
            &self.pages,
            &self.publisher,
            &self.place,
            &self.series,
            &self.edition,
            &self.isbn,
            &self.issn,
            &self.pmid,
            &self.pmcid,
            &self.language,
        ];
        let texts = texts.into_iter().filter_map(|text| text.as_deref());
        texts.chain(self.editors.iter().map(Name::full))
    }

    /// Takes the fields that have no value from `other`, and returns their names in JSON.
    pub(crate) fn fill_from(&mut self, other: &Self) -> Vec<&'static str> {
        let Self {
            kind,
            genre,
            published,
            updated,
            volume,
            number,
            pages,
            publisher,
            place,
            series,
            edition,
            editors,
            isbn,
            issn,
            pmid,
            pmcid,
            language,
        } = self;
        let mut taken = Vec::new();
        taken.extend(fill("type", kind, other.kind.as_ref()));
        taken.extend(fill("published", published, other.published.as_ref()));
        taken.extend(fill("updated", updated, other.updated.as_ref()));
        for (name, field, other) in [
            ("genre", genre, &other.genre),
            ("volume", volume, &other.volume),
            ("number", number, &other.number),
            ("pages", pages, &other.pages),
            ("publisher", publisher, &other.publisher),
            ("place", place, &other.place),
            ("series", series, &other.series),
            ("edition", edition, &other.edition),
            ("isbn", isbn, &other.isbn),
            ("issn", issn, &other.issn),
            ("pmid", pmid, &other.pmid),
            ("pmcid", pmcid, &other.pmcid),
            ("language", language, &other.language),
        ] {
            taken.extend(fill(name, field, other.as_ref()));
        }
        taken.extend(fill_list("editors", editors, &other.editors));
        taken
    }
}

/// Takes the value of `other` if the field has none. Returns the name of the field if it did.
pub(crate) fn fill<T: Clone>(
    name: &'static str,
    field: &mut Option<T>,
    other: Option<&T>,
) -> Option<&'static str> {
    if field.is_some() {
        return None;
    }
    *field = Some(other?.clone());
    Some(name)
}

/// Takes the items of `other` if the list has none. Returns the name of the field if it did.
pub(crate) fn fill_list<T: Clone>(
    name: &'static str,
    list: &mut Vec<T>,
    other: &[T],
) -> Option<&'static str> {
    if !list.is_empty() || other.is_empty() {
        return None;
    }
    list.extend_from_slice(other);
    Some(name)
}
