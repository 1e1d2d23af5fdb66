//! Papers of Semantic Scholar: its API (<https://api.semanticscholar.org/api-docs/graph>) and
//! its data sets, whose field names differ in case.

use serde_json::Value;

use super::file_start::FileStart;
use super::normalize::{filled, identify, set_id};
use super::spec::{Evidence, FormatSpec, ObjectFormat, RecordSource};
use crate::read::notes::Notes;
use crate::read::syntax::json_record::{
    Fields, object, objects, string, string_or_number, strings, year,
};
use crate::text::markup;
use crate::{Name, Paper};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "semantic-scholar",
    extensions: &[],
    recognize,
    source: RecordSource::Objects(ObjectFormat {
        paper,
        fields: &[
            "paperId",
            "corpusid",
            "corpusId",
            "externalIds",
            "externalids",
            "title",
            "abstract",
            "authors",
            "year",
            "venue",
            "publicationVenue",
            "journal",
            "url",
            "s2FieldsOfStudy",
            "s2fieldsofstudy",
            "fieldsOfStudy",
            "references",
        ],
    }),
};

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

fn paper(record: &Fields, notes: &Notes) -> Result<Paper, String> {
    let text = |name| string(record, name).map(Option::unwrap_or_default);
    let mut paper = Paper::new("")
        .title(markup::plain(&text("title")?))
        .abstract_text(markup::plain(&text("abstract")?));
    for author in objects(record, "authors")? {
        paper
            .authors
            .extend(string(author, "name")?.and_then(filled).map(Name::new));
    }
    paper.year = year(record, "year", notes)?;
    paper.venue = venue(record)?;
    paper.url = filled(text("url")?);
    paper.categories = categories(record)?;
    let external = external_ids(record)?;
    let identifier = |name| external_id(external, name);
    let arxiv = identifier("ArXiv")?.map(|identifier| format!("arXiv:{identifier}"));
    identify(
        &mut paper,
        &identifier("DOI")?.unwrap_or_default(),
        &[&arxiv.unwrap_or_default()],
    );
    let hash = string(record, "paperId")?.and_then(filled);
    let is_hash = hash.is_some();
    let id = match hash {
        Some(hash) => Some(hash),
        None => corpus_id(record)?,
    };
    if let Some(Value::Array(_)) = record.get("references") {
        for reference in objects(record, "references")? {
            paper.references.extend(reference_id(reference, is_hash)?);
        }
    }
    set_id(&mut paper, id, "`paperId`, no `corpusid` and no DOI")?;
    Ok(paper)
}

fn corpus_id(record: &Fields) -> Result<Option<String>, String> {
    match string_or_number(record, "corpusid")? {
        Some(id) => Ok(Some(id)),
        None => string_or_number(record, "corpusId"),
    }
}

fn external_ids(record: &Fields) -> Result<Option<&Fields>, String> {
    match object(record, "externalIds")? {
        Some(ids) => Ok(Some(ids)),
        None => object(record, "externalids"),
    }
}

fn external_id(ids: Option<&Fields>, name: &str) -> Result<Option<String>, String> {
    match ids {
        Some(ids) => string_or_number(ids, name),
        None => Ok(None),
    }
}

/// Returns an id of a cited paper: an id of the same type as that of the citing paper, or else a
/// DOI, or `None` if the cited paper is not in the catalog.
fn reference_id(reference: &Fields, is_hash: bool) -> Result<Option<String>, String> {
    let id = if is_hash {
        string(reference, "paperId")?.and_then(filled)
    } else {
        corpus_id(reference)?
    };
    match id {
        Some(id) => Ok(Some(id)),
        None => external_id(external_ids(reference)?, "DOI"),
    }
}

fn venue(record: &Fields) -> Result<Option<String>, String> {
    if let Some(venue) = string(record, "venue")?.and_then(filled) {
        return Ok(Some(venue));
    }
    for field in ["publicationVenue", "journal"] {
        if let Some(Value::Object(container)) = record.get(field)
            && let Some(venue) = string(container, "name")?.and_then(filled)
        {
            return Ok(Some(venue));
        }
    }
    Ok(None)
}

fn categories(record: &Fields) -> Result<Vec<String>, String> {
    let mut categories: Vec<String> = Vec::new();
    for name in ["s2FieldsOfStudy", "s2fieldsofstudy"] {
        for field in objects(record, name)? {
            categories.extend(string(field, "category")?.and_then(filled));
        }
    }
    if categories.is_empty() {
        categories = strings(record, "fieldsOfStudy")?;
    }
    // Several classifiers may assign the same category.
    let mut distinct = Vec::new();
    for category in categories {
        if !distinct.contains(&category) {
            distinct.push(category);
        }
    }
    Ok(distinct)
}
