//! Cognate's own format: JSON lines with the fields of a paper.

use serde_json::Value;

use super::file_start::FileStart;
use super::normalize;
use super::spec::{Evidence, FormatSpec, ObjectFormat, RecordSource};
use crate::paper::with_parts;
use crate::read::input::MAX_VALUES;
use crate::read::notes::Notes;
use crate::read::syntax::json_record::{
    Fields, filled, list, string, string_or_number, strings, type_name, wrong_type, year,
};
use crate::{Details, Name, Paper, PaperKind, PartialDate, identifiers};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "jsonl",
    extensions: &["jsonl", "ndjson", "json"],
    recognize,
    source: RecordSource::Objects(ObjectFormat {
        paper,
        fields: &FIELDS,
    }),
};

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    // An empty file has no papers in any format. A file with a damaged first line may still have
    // records on later lines.
    let is_record = |line: &str| line.trim_start().starts_with("{\"");
    if start.is_json() {
        Some(Evidence::Syntax)
    } else if start.is_empty() || start.text_lines().any(is_record) {
        Some(Evidence::Plausible)
    } else {
        None
    }
}

/// The fields that [`paper`] reads.
const FIELDS: [&str; 32] = [
    "id",
    "title",
    "abstract",
    "authors",
    "year",
    "venue",
    "url",
    "categories",
    "doi",
    "arxiv",
    "references",
    "author_names",
    "type",
    "genre",
    "published",
    "updated",
    "volume",
    "number",
    "pages",
    "publisher",
    "place",
    "series",
    "edition",
    "editors",
    "isbn",
    "issn",
    "pmid",
    "pmcid",
    "language",
    "rank",
    "score",
    "versions",
];

/// Converts one object to a paper; also used for the rows of a Parquet file.
pub(super) fn paper(object: &Fields, notes: &Notes) -> Result<Paper, String> {
    // An identifier that cannot be normalized stays unchanged, since it may follow another scheme.
    let doi = filled(object, "doi")?.map(|text| normalize::doi(&text).unwrap_or(text));
    let arxiv = filled(object, "arxiv")?;
    let mut paper = Paper {
        id: String::new(),
        title: string(object, "title")?.unwrap_or_default(),
        abstract_text: string(object, "abstract")?.unwrap_or_default(),
        authors: with_parts(names(object, "authors")?, names(object, "author_names")?),
        year: year(object, "year", notes)?,
        venue: filled(object, "venue")?,
        url: filled(object, "url")?,
        categories: match object.get("categories") {
            Some(Value::String(text)) => split_categories(text),
            None | Some(Value::Null | Value::Array(_)) => strings(object, "categories")?,
            Some(other) => {
                return Err(wrong_type(
                    "categories",
                    other,
                    "a string or a list of strings",
                ));
            }
        },
        doi,
        arxiv: arxiv.map(|text| identifiers::arxiv(&text).unwrap_or(text)),
        references: strings(object, "references")?,
        details: details(object, notes)?,
    };
    let published = paper.details.published.map(PartialDate::year);
    paper.year = paper.year.or(published);
    normalize::set_id(
        &mut paper,
        string_or_number(object, "id")?,
        "`id`, no `doi` and no `title`",
    )?;
    Ok(paper)
}

fn details(object: &Fields, notes: &Notes) -> Result<Details, String> {
    let text = |name: &str| string_or_number(object, name);
    let date = |name: &str| -> Result<Option<PartialDate>, String> {
        let Some(text) = text(name)? else {
            return Ok(None);
        };
        let date = text.parse().ok();
        if date.is_none() {
            notes.remark(format!(
                "`{name}` is `{text}`, which was left out, expected a date such as 2017-06-12"
            ));
        }
        Ok(date)
    };
    Ok(Details {
        kind: filled(object, "type")?.and_then(|name| PaperKind::of_any_vocabulary(&name)),
        genre: text("genre")?,
        published: date("published")?,
        updated: date("updated")?,
        volume: text("volume")?,
        number: text("number")?,
        pages: text("pages")?,
        publisher: text("publisher")?,
        place: text("place")?,
        series: text("series")?,
        edition: text("edition")?,
        editors: names(object, "editors")?,
        isbn: text("isbn")?,
        issn: text("issn")?,
        pmid: text("pmid")?,
        pmcid: text("pmcid")?,
        language: text("language")?,
    })
}

/// Returns a list of names, which are strings, or objects with the parts of a name.
fn names(object: &Fields, name: &str) -> Result<Vec<Name>, String> {
    let parse = |value: &Value| match value {
        Value::String(text) => Ok(Name::new(text.trim())),
        Value::Object(_) => serde_json::from_value(value.clone())
            .map_err(|error| format!("`{name}` holds an object that is not a name: {error}")),
        other => Err(format!(
            "`{name}` holds {}, expected names as strings",
            type_name(other)
        )),
    };
    list(object, name, "a list of strings")?
        .iter()
        .map(parse)
        .collect()
}

/// Splits subjects at commas and semicolons or, if there are none, at spaces.
fn split_categories(text: &str) -> Vec<String> {
    let parts: Vec<&str> = if text.contains([',', ';']) {
        text.split([',', ';']).take(MAX_VALUES).collect()
    } else {
        text.split_whitespace().take(MAX_VALUES).collect()
    };
    parts
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_categories_at_commas_before_spaces() {
        assert_eq!(split_categories("cs.CL  stat.ML"), ["cs.CL", "stat.ML"]);
        assert_eq!(
            split_categories("Machine Learning, Optics;"),
            ["Machine Learning", "Optics"]
        );
    }
}
