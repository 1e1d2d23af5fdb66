//! arXiv's metadata as JSON lines: <https://www.kaggle.com/datasets/Cornell-University/arxiv>.

use serde_json::Value;

use super::finish;
use crate::read::formats::file_start::FileStart;
use crate::read::formats::json_names::names;
use crate::read::formats::normalize::filled;
use crate::read::formats::spec::{Evidence, FormatSpec, ObjectFormat, RecordSource};
use crate::read::input::MAX_VALUES;
use crate::read::notes::Notes;
use crate::read::syntax::json_object::Object;
use crate::read::syntax::json_record::Fields;
use crate::read::syntax::loose_date::date_in;
use crate::text::latex;
use crate::{Name, Paper, PaperKind, PartialDate};

pub(crate) const FORMAT: FormatSpec = FormatSpec {
    name: "arxiv-json",
    extensions: &[],
    recognize,
    source: RecordSource::Objects(ObjectFormat {
        paper,
        is_read: |name| FIELDS.contains(&name),
        wrappers: &[],
    }),
};

const FIELDS: [&str; 12] = [
    "id",
    "title",
    "abstract",
    "authors",
    "authors_parsed",
    "categories",
    "doi",
    "journal-ref",
    "journal_ref",
    "versions",
    "update_date",
    "report-no",
];

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let fields = ["authors_parsed", "journal-ref", "update_date"];
    start.has_json_field(&fields).then_some(Evidence::Fields(2))
}

fn paper(fields: &Fields, notes: &Notes) -> Result<Paper, String> {
    let record = Object::new(fields, notes);
    let text = |name: &str| record.text(name).unwrap_or_default();
    let categories = record.texts("categories");
    let categories = categories.iter().flat_map(|text| text.split_whitespace());
    let mut paper = Paper::new("")
        .title(latex::plain(
            &record.essential_text("title")?.unwrap_or_default(),
        ))
        .abstract_text(latex::plain(&text("abstract")))
        .authors(authors(record))
        .categories(categories.take(MAX_VALUES));
    // The first version dates the publication, the last one the revision. They may lack dates: `["v1", "v2"]`.
    let versions = record.items("versions").filter_map(|version| {
        let created = version.as_object()?.get("created")?;
        created.as_str().and_then(date_in)
    });
    let versions: Vec<PartialDate> = versions.take(MAX_VALUES).collect();
    let details = &mut paper.details;
    details.number = record.text("report-no").map(|number| latex::plain(&number));
    let updated = record.date("update_date");
    details.published = versions.first().copied();
    details.updated = versions.get(1..).and_then(<[_]>::last).copied().or(updated);
    let date = details.published.or(updated);
    paper.year = date.map(PartialDate::year);
    let journal = record.first_text(&["journal-ref", "journal_ref"]);
    paper.details.kind = Some(match &journal {
        Some(_) => PaperKind::Article,
        None => PaperKind::Preprint,
    });
    finish(
        paper,
        &text("id"),
        &journal.unwrap_or_default(),
        &text("doi"),
    )
}

/// Returns the names of the authors, which are given as `[["Last", "First", "Suffix"], …]` or in
/// one string.
fn authors(record: Object<'_>) -> Vec<Name> {
    let Some(Value::Array(parsed)) = record.get("authors_parsed") else {
        let Some(Value::String(text)) = record.get("authors") else {
            return names(record, "authors");
        };
        let names = latex::plain(&without_affiliations(text));
        let names = names.replace(" and ", ", ");
        return names
            .split(',')
            .filter_map(|name| filled(name.trim()))
            .map(Name::new)
            .take(MAX_VALUES)
            .collect();
    };
    let mut names = Vec::new();
    for value in parsed {
        let Some(parts) = value.as_array() else {
            record.leave_out_item("authors_parsed", value, "lists of texts");
            continue;
        };
        let part = |at: usize| parts.get(at).and_then(Value::as_str).unwrap_or_default();
        let part = |at| latex::plain(part(at));
        let (family, given) = (part(0), part(1));
        names.push(if given.is_empty() {
            Name::organization(family)
        } else {
            Name::person(&given, &family).with_suffix(&part(2))
        });
    }
    names
}

/// Removes parentheses, which contain affiliations: `A. Ada, B. Birch (1) ((1) University)`.
fn without_affiliations(text: &str) -> String {
    let mut depth = 0_usize;
    let mut kept = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            _ if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}
