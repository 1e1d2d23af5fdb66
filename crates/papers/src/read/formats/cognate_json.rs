//! Cognate's own format: JSON lines with the fields of a paper.

use serde_json::Value;

use super::file_start::FileStart;
use super::normalize;
use super::spec::{Evidence, FormatSpec, RecordSource};
use crate::read::input::MAX_VALUES;
use crate::read::syntax::json_record::{
    Fields, filled, string, string_or_number, strings, wrong_type, year,
};
use crate::{Paper, identifiers};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "jsonl",
    extensions: &["jsonl", "ndjson", "json"],
    recognize,
    source: RecordSource::Objects(paper),
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

/// Converts one object to a paper; also used for the rows of a Parquet file.
pub(super) fn paper(object: &Fields) -> Result<Paper, String> {
    // An identifier that cannot be normalized stays unchanged, since it may follow another scheme.
    let doi = filled(object, "doi")?.map(|text| normalize::doi(&text).unwrap_or(text));
    let arxiv = filled(object, "arxiv")?;
    Ok(Paper {
        id: string_or_number(object, "id")?.unwrap_or_default(),
        title: string(object, "title")?.unwrap_or_default(),
        abstract_text: string(object, "abstract")?.unwrap_or_default(),
        authors: strings(object, "authors")?,
        year: year(object, "year")?,
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
    })
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
