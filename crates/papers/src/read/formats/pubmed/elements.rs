//! The elements that articles and book chapters share.

use std::collections::HashSet;

use crate::read::formats::normalize::{doi, filled};
use crate::read::formats::pubmed_notices::available;
use crate::read::notes::Notes;
use crate::read::syntax::loose_date::date_in;
use crate::read::syntax::xml::Element;
use crate::{Name, Paper, PaperKind, PartialDate, identifiers};

/// Returns the kind that the types of publication name. Most types, such as `Review`, are kinds of articles.
pub(in crate::read::formats) fn publication_kind(types: &[&str]) -> PaperKind {
    let has = |name: &str| types.iter().any(|found| found.eq_ignore_ascii_case(name));
    if has("Preprint") {
        PaperKind::Preprint
    } else if has("Dataset") {
        PaperKind::Dataset
    } else if has("Academic Dissertation") {
        PaperKind::Thesis
    } else {
        PaperKind::Article
    }
}

/// Reads the fields that articles and chapters share.
///
/// `citation` is the element with the id, and `article` the element with the text.
pub(super) fn paper(citation: &Element, article: &Element) -> Result<Paper, String> {
    let id = filled(citation.text_at(&["PMID"])).ok_or("`PMID` is missing")?;
    let mut paper = Paper::new(id.clone())
        .title(title(article))
        .abstract_text(abstract_of(citation, article))
        .authors(people(article, "authors"))
        .url(format!("https://pubmed.ncbi.nlm.nih.gov/{id}/"));
    paper.details.editors = people(article, "editors");
    paper.details.pmid = identifiers::pmid(&id);
    paper.details.language = filled(article.text_at(&["Language"]));
    paper.doi = electronic_doi(article);
    let types: Vec<String> = publication_types(article);
    let types: Vec<&str> = types.iter().map(String::as_str).collect();
    paper.details.kind = Some(publication_kind(&types));
    let retraction = types.iter().find(|name| name.starts_with("Retract"));
    paper.details.genre = retraction.map(|name| (*name).to_owned());
    paper.categories = categories(citation);
    Ok(paper)
}

/// Returns the title; the title in the language of the article if there is no other.
fn title(article: &Element) -> String {
    let title = article.text_at(&["ArticleTitle"]);
    let vernacular = || filled(article.text_at(&["VernacularTitle"]));
    available(title.clone())
        .or_else(vernacular)
        .unwrap_or(title)
}

/// Returns the DOI that PubMed has not marked as invalid.
pub(super) fn electronic_doi(article: &Element) -> Option<String> {
    article
        .all("ELocationID")
        .filter(|location| location.attribute("EIdType") == Some("doi") && is_valid(location))
        .find_map(|location| doi(&location.text()))
}

/// Returns whether an element, such as an author whose name was corrected, is not marked as invalid.
fn is_valid(element: &Element) -> bool {
    element.attribute("ValidYN") != Some("N")
}

/// Returns the names in the lists of `article`: those of editors, or all others.
pub(super) fn people(article: &Element, list_type: &str) -> Vec<Name> {
    let is_of_type = |list: &&Element| {
        let found = list.attribute("Type").unwrap_or("authors");
        (found == "editors") == (list_type == "editors")
    };
    let lists = article.all("AuthorList").filter(is_of_type);
    let authors = lists.flat_map(|list| list.all("Author"));
    let names = authors.filter(|author| is_valid(author)).map(name);
    names.filter(|name| !name.full().is_empty()).collect()
}

fn name(author: &Element) -> Name {
    let collective = author.text_at(&["CollectiveName"]);
    if !collective.is_empty() {
        return Name::organization(collective);
    }
    let given = author.text_at(&["ForeName"]);
    // Files until 2002 have the given names in parts.
    let given = filled(given)
        .or_else(|| {
            filled(format!(
                "{} {}",
                author.text_at(&["FirstName"]),
                author.text_at(&["MiddleName"])
            ))
        })
        .unwrap_or_else(|| author.text_at(&["Initials"]));
    let (family, suffix) = (author.text_at(&["LastName"]), author.text_at(&["Suffix"]));
    Name::person(&given, &family).with_suffix(&suffix)
}

/// Returns the abstract; if there is none, another one, in English if possible.
fn abstract_of(citation: &Element, article: &Element) -> String {
    if let Some(text) = article
        .at(&["Abstract"])
        .map(abstract_text)
        .and_then(available)
    {
        return text;
    }
    let others = || citation.all("OtherAbstract");
    let is_english = |other: &&Element| matches!(other.attribute("Language"), Some("eng" | "en"));
    let mut others = others().filter(is_english).chain(others());
    others
        .find_map(|other| available(abstract_text(other)))
        .unwrap_or_default()
}

/// Joins the sections of an abstract, each after its label.
fn abstract_text(element: &Element) -> String {
    let mut text = String::new();
    for part in element.all("AbstractText") {
        if !text.is_empty() {
            text.push(' ');
        }
        if let Some(label) = part
            .attribute("Label")
            .filter(|label| *label != "UNLABELLED" && !label.is_empty())
        {
            text.push_str(label);
            text.push_str(if label.ends_with(':') { " " } else { ": " });
        }
        text.push_str(&part.text());
    }
    text.trim().to_owned()
}

fn publication_types(article: &Element) -> Vec<String> {
    let lists = article
        .all("PublicationTypeList")
        .flat_map(|list| list.all("PublicationType"));
    lists
        .chain(article.all("PublicationType"))
        .map(Element::text)
        .collect()
}

/// Returns the headings of MeSH and the keywords.
fn categories(citation: &Element) -> Vec<String> {
    let headings = citation
        .all("MeshHeadingList")
        .flat_map(|list| list.all("MeshHeading"));
    let headings = headings.map(|heading| heading.text_at(&["DescriptorName"]));
    let keywords = citation
        .all("KeywordList")
        .flat_map(|list| list.all("Keyword"));
    let mut seen = HashSet::new();
    let names = headings.chain(keywords.map(Element::text));
    names
        .filter(|name| !name.is_empty() && seen.insert(name.to_lowercase()))
        .collect()
}

/// Returns the date of an element with a year, a month and a day, or with a text such as `1998 Dec-1999 Jan`.
pub(super) fn date(element: &Element) -> Option<PartialDate> {
    let year = filled(element.text_at(&["Year"]));
    let text = match year {
        Some(year) => {
            let (month, day) = (element.text_at(&["Month"]), element.text_at(&["Day"]));
            format!("{year} {month} {day}")
        }
        None => element.text_at(&["MedlineDate"]),
    };
    date_in(&text)
}

/// Sets the year, and the date if its month is known, from the date of the issue, or else from others.
///
/// An article has the year of its issue, and the more precise date of those in that year.
pub(super) fn set_date(
    paper: &mut Paper,
    issue: Option<&Element>,
    others: &[&Element],
    notes: &Notes,
) {
    let dates = issue.into_iter().chain(others.iter().copied());
    let dates: Vec<PartialDate> = dates.filter_map(date).collect();
    paper.year = dates.first().map(|date| date.year());
    if let (None, Some(text)) = (paper.year, issue.and_then(|issue| filled(issue.text()))) {
        notes.remark(format!(
            "the date of publication is `{text}`, which was left out, expected one with a year such as 2017"
        ));
    }
    let in_year = dates
        .iter()
        .filter(|date| Some(date.year()) == paper.year && date.month().is_some());
    paper.details.published = in_year.copied().reduce(|best, date| {
        if date.day().is_some() && best.day().is_none() {
            date
        } else {
            best
        }
    });
}

/// Returns the identifier of a type, such as `doi`, in the list of `element`.
pub(super) fn article_id(element: &Element, id_type: &str) -> Option<String> {
    let lists = element.all("ArticleIdList");
    lists
        .flat_map(|list| list.all("ArticleId"))
        .filter(|id| id.attribute("IdType") == Some(id_type))
        .find_map(|id| filled(id.text()))
}
