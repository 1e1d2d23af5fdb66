//! arXiv's metadata as JSON lines: <https://www.kaggle.com/datasets/Cornell-University/arxiv>.

use serde_json::Value;

use super::finish;
use crate::read::formats::file_start::FileStart;
use crate::read::formats::normalize::{filled, year_in};
use crate::read::formats::spec::{Evidence, FormatSpec, ObjectFormat, RecordSource};
use crate::read::input::MAX_VALUES;
use crate::read::notes::Notes;
use crate::read::syntax::json_record::{Fields, objects, string, type_name};
use crate::text::latex;
use crate::{Name, Paper};

pub(crate) const FORMAT: FormatSpec = FormatSpec {
    name: "arxiv-json",
    extensions: &[],
    recognize,
    source: RecordSource::Objects(ObjectFormat {
        paper,
        fields: &[
            "id",
            "title",
            "abstract",
            "authors",
            "authors_parsed",
            "categories",
            "doi",
            "journal-ref",
            "versions",
            "update_date",
        ],
    }),
};

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let fields = ["authors_parsed", "journal-ref", "update_date"];
    start.has_json_field(&fields).then_some(Evidence::Fields(2))
}

fn paper(record: &Fields, _: &Notes) -> Result<Paper, String> {
    let text = |name| string(record, name).map(Option::unwrap_or_default);
    let mut paper = Paper::new("")
        .title(latex::plain(&text("title")?))
        .abstract_text(latex::plain(&text("abstract")?))
        .authors(authors(record)?)
        .categories(text("categories")?.split_whitespace().take(MAX_VALUES));
    // The first version dates the publication.
    let first = match objects(record, "versions")?.first() {
        Some(version) => string(version, "created")?,
        None => None,
    };
    paper.year = first
        .as_deref()
        .and_then(year_in)
        .or_else(|| year_in(&text("update_date").ok()?));
    finish(paper, &text("id")?, &text("journal-ref")?, &text("doi")?)
}

/// Returns the names of the authors, which are given as `[["Last", "First", "Suffix"], …]` or in
/// one string.
fn authors(record: &Fields) -> Result<Vec<Name>, String> {
    let Some(Value::Array(parsed)) = record.get("authors_parsed") else {
        let names = latex::plain(&string(record, "authors")?.unwrap_or_default());
        let names = names.replace(" and ", ", ");
        return Ok(names
            .split(',')
            .filter_map(|name| filled(name.trim()))
            .map(Name::new)
            .take(MAX_VALUES)
            .collect());
    };
    let name = |value: &Value| {
        let error = || {
            format!(
                "`authors_parsed` holds {}, expected lists of strings",
                type_name(value)
            )
        };
        let parts = value.as_array().ok_or_else(error)?;
        let part = |at: usize| parts.get(at).and_then(Value::as_str).unwrap_or_default();
        let part = |at| latex::plain(part(at));
        let (family, given) = (part(0), part(1));
        Ok(if given.is_empty() {
            Name::organization(family)
        } else {
            Name::person(&given, &family).with_suffix(&part(2))
        })
    };
    parsed.iter().map(name).collect()
}
