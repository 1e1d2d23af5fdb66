//! CSL-JSON: <https://docs.citationstyles.org/en/stable/specification.html#appendix-iv-variables>,
//! as written by Zotero and Pandoc.

use serde_json::Value;

use super::file_start::FileStart;
use super::json_names::names;
use super::normalize::{filled, identify, set_id};
use super::pubmed_ids;
use super::spec::{Evidence, FormatSpec, ObjectFormat, RecordSource};
use crate::read::input::MAX_VALUES;
use crate::read::notes::Notes;
use crate::read::syntax::json_object::Object;
use crate::read::syntax::json_record::Fields;
use crate::read::syntax::loose_date::{date_in, known};
use crate::text::markup;
use crate::{Paper, PaperKind, PartialDate};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "csl-json",
    extensions: &[],
    recognize,
    source: RecordSource::Objects(OBJECTS),
};

/// The items of CSL, which are the same in JSON and in YAML.
pub(super) const OBJECTS: ObjectFormat = ObjectFormat {
    paper,
    is_read: |name| FIELDS.contains(&name) || SILENT.contains(&name),
    wrappers: &[],
};

const FIELDS: [&str; 36] = [
    "id",
    "citation-key",
    "type",
    "genre",
    "title",
    "abstract",
    "author",
    "editor",
    "issued",
    "available-date",
    "container-title",
    "collection-title",
    "collection-number",
    "event-title",
    "event",
    "event-place",
    "publisher",
    "publisher-place",
    "volume",
    "issue",
    "number",
    "page",
    "page-first",
    "edition",
    "language",
    "ISBN",
    "ISSN",
    "PMID",
    "PMCID",
    "DOI",
    "URL",
    "keyword",
    "categories",
    "custom",
    "note",
    "arxiv",
];

/// Fields that repeat others in a shorter form, or tell where and when an item was found.
const SILENT: [&str; 8] = [
    "accessed",
    "archive",
    "source",
    "title-short",
    "shortTitle",
    "container-title-short",
    "journalAbbreviation",
    "citation-label",
];

/// Fields that Cognate's own records have, and CSL does not.
const NOT_CSL: [&str; 9] = [
    "authors", "year", "venue", "doi", "arxiv", "url", "journal", "summary", "keywords",
];

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let typical = [
        "issued",
        "container-title",
        "citation-key",
        "event-title",
        "collection-title",
    ];
    let typical = [&typical[..], &["publisher-place", "title-short"]].concat();
    let has_persons = ["author", "editor"].iter().any(|name| {
        ["family", "given", "literal"].iter().any(|part| {
            let first = format!("[{{\"{part}\"");
            start.json_field_starts_with(name, first.as_bytes())
        })
    });
    // CSL-JSON is a list of items. Objects with a `type` on lines of their own are of another format, and so are
    // those with fields that CSL does not have.
    let is_item = start.has_json_field(&typical)
        || start.has_json_field(&["type"])
            && !start.has_json_field(&NOT_CSL)
            && (start.is_json_document() || has_persons);
    is_item.then_some(Evidence::Fields(1))
}

fn paper(fields: &Fields, notes: &Notes) -> Result<Paper, String> {
    let item = Object::new(fields, notes);
    let text = |name: &str| text(item, name);
    let mut paper = Paper::new("")
        .title(markup::plain(
            &item.essential_text("title")?.unwrap_or_default(),
        ))
        .abstract_text(text("abstract").unwrap_or_default())
        .authors(names(item, "author"));
    paper.url = item.text("URL");
    // A list, if a subject has a comma in it.
    paper.categories = item.texts("categories");
    if paper.categories.is_empty() {
        let keywords = item.texts("keyword");
        let keywords = keywords.iter().flat_map(|text| text.split([',', ';']));
        let keywords = keywords.filter_map(|word| filled(word.trim()));
        paper.categories = keywords.take(MAX_VALUES).collect();
    }
    let note = Note::of(&item.text("note").unwrap_or_default());
    if note.has_other_text {
        notes.ignore_field("note");
    }
    let number = text("number");
    let arxiv_number = number.as_ref().filter(|number| is_arxiv_number(number));
    let details = &mut paper.details;
    let kind = item.text("type");
    details.kind = match kind.as_deref() {
        // An article in a journal is an `article-journal`, so an `article` without a container is a preprint or
        // the like.
        Some("article") if text("container-title").is_none() => Some(PaperKind::Preprint),
        other => other.and_then(PaperKind::of_any_vocabulary),
    };
    details.genre = text("genre").or_else(|| kind.filter(|_| details.kind.is_none()));
    let issued = date(item, "issued");
    // An article may have been published online in the year before that of its issue.
    let available = date(item, "available-date");
    let available =
        available.filter(|date| issued.is_none_or(|issued| issued.year() != date.year()));
    details.published = available.or(issued);
    details.volume = text("volume");
    let report_number = number.clone().filter(|_| arxiv_number.is_none());
    details.number = text("issue")
        .or(report_number)
        .or_else(|| text("collection-number"));
    details.pages = text("page").or_else(|| text("page-first"));
    details.publisher = text("publisher");
    details.place = text("publisher-place").or_else(|| text("event-place"));
    details.series = text("collection-title");
    details.edition = text("edition");
    details.editors = names(item, "editor");
    let has_authors_of_parts = matches!(
        details.kind,
        Some(PaperKind::Chapter | PaperKind::ConferencePaper)
    );
    if paper.authors.is_empty() && !has_authors_of_parts {
        paper.authors.clone_from(&details.editors);
    }
    details.isbn = text("ISBN").or(note.isbn);
    details.issn = text("ISSN").or(note.issn);
    let pmid = text("PMID").or(note.pmid);
    details.pmid = pmid.and_then(|pmid| pubmed_ids::pmid(&pmid));
    let pmcid = text("PMCID").or(note.pmcid);
    details.pmcid = pmcid.and_then(|pmcid| pubmed_ids::pmcid(&pmcid));
    details.language = text("language");
    paper.year = issued.or(available).map(PartialDate::year);
    // What CSL has no variable for, as exports of Cognate have it.
    if let Some(custom) = item.object("custom") {
        let kind = custom.text("type");
        let kind = kind.as_deref().and_then(PaperKind::of_any_vocabulary);
        details.kind = kind.or(details.kind);
        details.updated = date(custom, "updated");
        paper.references = custom.texts("references");
    }
    let is_whole = matches!(details.kind, Some(PaperKind::Book | PaperKind::Proceedings));
    if paper.authors.is_empty() && is_whole {
        paper.authors.clone_from(&details.editors);
    }
    let venues = ["container-title", "event-title", "event", "publisher"];
    paper.venue = venues.iter().find_map(|name| text(name));
    let doi = item.text("DOI").or(note.doi).unwrap_or_default();
    let arxiv = item.text("arxiv").map(|text| format!("arXiv:{text}"));
    let arxiv_texts = [arxiv_number.cloned(), arxiv, paper.url.clone(), note.arxiv];
    let arxiv_texts: Vec<&str> = arxiv_texts.iter().flatten().map(String::as_str).collect();
    identify(&mut paper, &doi, &arxiv_texts);
    let id = item.first_text(&["citation-key", "id"]);
    set_id(&mut paper, id, "`id`, no `DOI` and no `title`")?;
    Ok(paper)
}

/// Returns a text without markup.
pub(super) fn text(item: Object<'_>, name: &str) -> Option<String> {
    item.text(name)
        .and_then(|text| filled(markup::plain(&text)))
}

fn is_arxiv_number(number: &str) -> bool {
    number.to_ascii_lowercase().contains("arxiv")
}

/// Returns a date: `{"date-parts": [[2017, 6]]}`, `{"raw": …}`, `{"literal": …}`, `{"year": …}`, a list of these, or
/// a text. Of a range, this is its start. A season is left out.
pub(super) fn date(item: Object<'_>, name: &str) -> Option<PartialDate> {
    let value = item.get(name)?;
    let date = value_date(value, item.notes());
    let is_empty = |value: &Value| value.to_string().bytes().all(|byte| !byte.is_ascii_digit());
    if date.is_none() && !is_empty(value) {
        item.remark_value(name, value, "a date such as {\"date-parts\": [[2017, 6]]}");
    }
    date
}

fn value_date(value: &Value, notes: &Notes) -> Option<PartialDate> {
    match value {
        Value::String(text) => date_in(text),
        Value::Number(number) => known(i32::try_from(number.as_i64()?).ok()?, None, None),
        Value::Array(list) => value_date(list.first()?, notes),
        Value::Object(fields) => {
            let date = Object::new(fields, notes);
            // A range of dates, or one date that is not in a list of its own.
            let parts = match fields.get("date-parts") {
                Some(Value::Array(parts)) => match parts.first() {
                    Some(Value::Array(first)) => Some(first),
                    _ => Some(parts),
                },
                _ => None,
            };
            if let Some(parts) = parts {
                let part = |at: usize| number(parts.get(at)?);
                let year = i32::try_from(part(0)?).ok()?;
                let part = |at: usize| part(at).and_then(|part| u32::try_from(part).ok());
                return known(year, part(1), part(2));
            }
            if let Some(year) = fields.get("year").and_then(number) {
                let part = |name: &str| {
                    number(fields.get(name)?).and_then(|part| u32::try_from(part).ok())
                };
                return known(i32::try_from(year).ok()?, part("month"), part("day"));
            }
            let text = date.first_text(&["raw", "literal", "date-time"])?;
            date_in(&text)
        }
        _ => None,
    }
}

/// Returns a whole number that may be a string.
fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The identifiers that programs write into lines of a note.
#[derive(Default)]
struct Note {
    pmid: Option<String>,
    pmcid: Option<String>,
    doi: Option<String>,
    isbn: Option<String>,
    issn: Option<String>,
    arxiv: Option<String>,
    has_other_text: bool,
}

impl Note {
    fn of(text: &str) -> Self {
        let mut note = Self::default();
        for line in text.lines().filter_map(|line| filled(line.trim())) {
            let (name, value) = line.split_once(':').unwrap_or_default();
            let field = match name.trim().to_ascii_uppercase().as_str() {
                "PMID" => &mut note.pmid,
                "PMCID" => &mut note.pmcid,
                "DOI" => &mut note.doi,
                "ISBN" => &mut note.isbn,
                "ISSN" => &mut note.issn,
                _ => {
                    // A line may mention the identifier of arXiv anywhere.
                    let is_arxiv = |word: &&str| {
                        word.to_ascii_lowercase().starts_with("arxiv:")
                            && word.len() > "arxiv:".len()
                    };
                    let found = line.split_whitespace().find(is_arxiv).map(str::to_owned);
                    note.has_other_text |= found.is_none();
                    note.arxiv = note.arxiv.or(found);
                    continue;
                }
            };
            *field = filled(value.trim());
        }
        note
    }
}
