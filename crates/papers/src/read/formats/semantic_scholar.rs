//! Papers of Semantic Scholar: its API (<https://api.semanticscholar.org/api-docs/graph>) and
//! its data sets, whose field names differ in case.

use super::file_start::FileStart;
use super::json_names::names;
use super::normalize::{identify, set_id};
use super::pubmed_ids;
use super::spec::{Evidence, FormatSpec, ObjectFormat, RecordSource};
use crate::read::notes::Notes;
use crate::read::syntax::json_object::Object;
use crate::read::syntax::json_record::Fields;
use crate::text::markup;
use crate::{Paper, PaperKind, PartialDate};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "semantic-scholar",
    extensions: &[],
    recognize,
    source: RecordSource::Objects(ObjectFormat {
        paper,
        is_read: |name| FIELDS.contains(&name) || SILENT.contains(&name),
        wrappers: &["citedPaper", "citingPaper"],
    }),
};

const FIELDS: [&str; 28] = [
    "paperId",
    "corpusid",
    "corpusId",
    "externalIds",
    "externalids",
    "title",
    "abstract",
    "authors",
    "year",
    "publicationDate",
    "publicationdate",
    "updated",
    "venue",
    "publicationVenue",
    "publicationvenue",
    "journal",
    "publicationTypes",
    "publicationtypes",
    "url",
    "s2FieldsOfStudy",
    "s2fieldsofstudy",
    "fieldsOfStudy",
    "fieldsofstudy",
    "references",
    "doi",
    "arxivId",
    "arxivid",
    "openaccessinfo",
];

/// Counts of what other fields list, and the match of a search.
const SILENT: [&str; 5] = [
    "publicationvenueid",
    "referenceCount",
    "referencecount",
    "matchScore",
    "s2Url",
];

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let fields = [
        "paperId",
        "corpusid",
        "corpusId",
        "externalIds",
        "externalids",
    ];
    start.has_json_field(&fields).then_some(Evidence::Fields(3))
}

fn paper(fields: &Fields, notes: &Notes) -> Result<Paper, String> {
    let record = Object::new(fields, notes);
    let title = record.essential_text("title")?.unwrap_or_default();
    let abstract_text = record.text("abstract").unwrap_or_default();
    let mut paper = Paper::new("")
        .title(markup::plain(&title))
        .abstract_text(markup::plain(&abstract_text))
        .authors(names(record, "authors"));
    paper.url = record.text("url");
    paper.categories = categories(record);
    let details = &mut paper.details;
    let types = ["publicationTypes", "publicationtypes"].map(|name| record.texts(name));
    let mut kinds = types.iter().flatten();
    details.kind = kinds.find_map(|name| PaperKind::of_any_vocabulary(name));
    details.published = record.first_date(&["publicationDate", "publicationdate"]);
    details.updated = record.date("updated");
    let journal = record.get("journal").filter(|journal| journal.is_object());
    if let Some(journal) = journal.and_then(|_| record.object("journal")) {
        details.volume = journal.text("volume");
        details.pages = journal.text("pages");
    }
    let venue_record = ["publicationVenue", "publicationvenue"]
        .iter()
        .find(|name| record.get(name).is_some_and(serde_json::Value::is_object))
        .and_then(|name| record.object(name));
    details.issn = venue_record.and_then(|venue| venue.text("issn"));
    paper.venue = record
        .text("venue")
        .or_else(|| venue_record.and_then(|venue| venue.text("name")))
        .or_else(|| match journal {
            Some(_) => record
                .object("journal")
                .and_then(|journal| journal.text("name")),
            None => record.text("journal"),
        });
    paper.year = record
        .year("year")
        .or(paper.details.published.map(PartialDate::year));
    let external = external_ids(record);
    let identifier = |name: &str| external.and_then(|ids| ids.text(name));
    let pmid = identifier("PubMed").and_then(|id| pubmed_ids::pmid(&id));
    let pmcid = identifier("PubMedCentral").and_then(|id| pubmed_ids::pmcid(&id));
    (paper.details.pmid, paper.details.pmcid) = (pmid, pmcid);
    let arxiv = identifier("ArXiv").or_else(|| record.first_text(&["arxivId", "arxivid"]));
    let arxiv = arxiv.map(|identifier| format!("arXiv:{identifier}"));
    let doi = identifier("DOI").or_else(|| record.text("doi"));
    // The data set of abstracts has the identifiers in another object.
    let doi = doi.or_else(|| external_ids(record.object("openaccessinfo")?)?.text("DOI"));
    identify(
        &mut paper,
        &doi.unwrap_or_default(),
        &[&arxiv.unwrap_or_default()],
    );
    let hash = record.text("paperId");
    let is_hash = hash.is_some();
    let id = hash.or_else(|| corpus_id(record));
    let references = record.objects("references").into_iter();
    paper.references = references
        .filter_map(|reference| reference_id(reference, is_hash))
        .collect();
    set_id(
        &mut paper,
        id,
        "`paperId`, no `corpusid`, no DOI and no `title`",
    )?;
    Ok(paper)
}

fn corpus_id(record: Object<'_>) -> Option<String> {
    record.first_text(&["corpusid", "corpusId"])
}

fn external_ids(record: Object<'_>) -> Option<Object<'_>> {
    record
        .object("externalIds")
        .or_else(|| record.object("externalids"))
}

/// Returns an id of a cited paper: an id of the same type as that of the citing paper, or else a
/// DOI, or `None` if the cited paper is not in the catalog.
fn reference_id(reference: Object<'_>, is_hash: bool) -> Option<String> {
    let id = if is_hash {
        reference.text("paperId")
    } else {
        corpus_id(reference)
    };
    id.or_else(|| external_ids(reference)?.text("DOI"))
}

fn categories(record: Object<'_>) -> Vec<String> {
    let mut categories: Vec<String> = Vec::new();
    for name in ["s2FieldsOfStudy", "s2fieldsofstudy"] {
        let fields = record.objects(name).into_iter();
        categories.extend(fields.filter_map(|field| field.text("category")));
    }
    for name in ["fieldsOfStudy", "fieldsofstudy"] {
        if categories.is_empty() {
            categories = record.texts(name);
        }
    }
    // Several classifiers may assign the same category.
    let mut seen = std::collections::HashSet::new();
    categories.retain(|category| seen.insert(category.clone()));
    categories
}
