//! Articles of journals.

use super::elements::{article_id, paper as common, set_date};
use crate::read::formats::normalize::{doi, filled};
use crate::read::formats::pages::{page_range, whole_pages};
use crate::read::formats::serial_numbers::set_serial_numbers;
use crate::read::input::MAX_VALUES;
use crate::read::notes::Notes;
use crate::read::syntax::xml::Element;
use crate::{Paper, identifiers};

/// The children of `MedlineCitation` that are read, and those with the history of the record.
const READ_IN_CITATION: [&str; 12] = [
    "PMID",
    "Article",
    "MeshHeadingList",
    "KeywordList",
    "OtherAbstract",
    "OtherID",
    "MedlineJournalInfo",
    "CitationSubset",
    "DateCompleted",
    "DateRevised",
    "DateCreated",
    "NumberOfReferences",
];

/// The children of `Article` that are read.
const READ_IN_ARTICLE: [&str; 10] = [
    "Journal",
    "ArticleTitle",
    "VernacularTitle",
    "Pagination",
    "ELocationID",
    "Abstract",
    "AuthorList",
    "Language",
    "PublicationTypeList",
    "ArticleDate",
];

/// Returns the paper of a `PubmedArticle`.
pub(super) fn paper(element: &Element, notes: &Notes) -> Result<Paper, String> {
    let citation = element.at(&["MedlineCitation"]);
    let citation = citation.ok_or("`MedlineCitation` is missing")?;
    of_citation(citation, element.at(&["PubmedData"]), notes)
}

/// Returns the paper of a `MedlineCitation`, with further identifiers and the references of `data`.
pub(super) fn of_citation(
    citation: &Element,
    data: Option<&Element>,
    notes: &Notes,
) -> Result<Paper, String> {
    let article = citation.at(&["Article"]).ok_or("`Article` is missing")?;
    let mut paper = common(citation, article)?;
    set_journal(&mut paper, citation, article);
    let issue = article.at(&["Journal", "JournalIssue", "PubDate"]);
    let electronic: Vec<&Element> = article.all("ArticleDate").collect();
    set_date(&mut paper, issue, &electronic, notes);
    let mut other_ids = citation.all("OtherID").map(Element::text);
    paper.details.pmcid = other_ids.find_map(|text| identifiers::pmcid(&text));
    if let Some(data) = data {
        if paper.doi.is_none() {
            paper.doi = article_id(data, "doi").and_then(|text| doi(&text));
        }
        let pmcid = article_id(data, "pmc").and_then(|text| identifiers::pmcid(&text));
        paper.details.pmcid = pmcid.or(paper.details.pmcid);
        add_references(&mut paper.references, data);
    }
    if let Some(authors) = filled_editors(&paper) {
        paper.authors = authors;
    }
    citation.count_unread(&READ_IN_CITATION, notes);
    article.count_unread(&READ_IN_ARTICLE, notes);
    let has_abstract = article.at(&["Abstract", "AbstractText"]).is_some();
    if has_abstract && citation.at(&["OtherAbstract"]).is_some() {
        notes.ignore_field("OtherAbstract");
    }
    let vernacular = article.text_at(&["VernacularTitle"]);
    if !vernacular.is_empty() && vernacular != paper.title {
        notes.ignore_field("VernacularTitle");
    }
    Ok(paper)
}

/// Returns the editors if there are no authors.
fn filled_editors(paper: &Paper) -> Option<Vec<crate::Name>> {
    paper
        .authors
        .is_empty()
        .then(|| paper.details.editors.clone())
}

/// Sets the journal with its volume, issue, pages and ISSN.
fn set_journal(paper: &mut Paper, citation: &Element, article: &Element) {
    let journal = |name: &str| filled(article.text_at(&["Journal", name]));
    let information = |name: &str| filled(citation.text_at(&["MedlineJournalInfo", name]));
    let issue = |name: &str| filled(article.text_at(&["Journal", "JournalIssue", name]));
    let title = journal("Title").or_else(|| journal("ISOAbbreviation"));
    paper.venue = title.or_else(|| information("MedlineTA"));
    let details = &mut paper.details;
    details.volume = issue("Volume");
    details.number = issue("Issue");
    let pagination = |name: &str| article.text_at(&["Pagination", name]);
    details.pages = whole_pages(&pagination("MedlinePgn"))
        .or_else(|| page_range(&pagination("StartPage"), &pagination("EndPage")));
    for number in [journal("ISSN"), information("ISSNLinking")]
        .into_iter()
        .flatten()
    {
        set_serial_numbers(details, &number);
    }
}

/// Adds the references of nested lists.
fn add_references(references: &mut Vec<String>, element: &Element) {
    for list in element.all("ReferenceList") {
        for reference in list.all("Reference") {
            let id = article_id(reference, "pubmed");
            let id = id.or_else(|| doi(&article_id(reference, "doi")?));
            if references.len() < MAX_VALUES {
                references.extend(id);
            }
        }
        add_references(references, list);
    }
}
