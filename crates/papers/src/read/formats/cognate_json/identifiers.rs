//! Identifiers in an object or a list of their own.

use serde_json::Value;

use crate::Paper;
use crate::read::formats::{normalize, pubmed_ids};
use crate::read::syntax::json_object::Object;

/// Fills in the identifiers of `{"doi": …, "pmid": …}` or `[{"type": "doi", "value": …}]`, unless the record has them
/// elsewhere.
pub(super) fn fill_from(paper: &mut Paper, object: Object<'_>, name: &str) {
    for item in object.items(name) {
        let Value::Object(fields) = item else {
            // Identifiers without a type.
            if let Some(text) = item.as_str() {
                fill(paper, "", text);
            }
            continue;
        };
        let item = Object::new(fields, object.notes());
        let kind = item.first_text(&["type", "idtype", "id_type", "scheme"]);
        let value = item.first_text(&["value", "id", "identifier"]);
        if let (Some(kind), Some(value)) = (kind, value) {
            fill(paper, &kind, &value);
            continue;
        }
        for (kind, value) in fields {
            match value {
                Value::String(text) => fill(paper, kind, text),
                Value::Number(number) => fill(paper, kind, &number.to_string()),
                _ => {}
            }
        }
    }
}

fn fill(paper: &mut Paper, kind: &str, value: &str) {
    let details = &mut paper.details;
    let letters = kind.chars().filter(|c| c.is_alphanumeric());
    let kind: String = letters.take(20).flat_map(char::to_lowercase).collect();
    let (field, found) = match &*kind {
        "doi" | "" => (&mut paper.doi, normalize::doi(value)),
        "arxiv" | "arxivid" => (&mut paper.arxiv, crate::identifiers::arxiv(value)),
        "pmid" | "pubmed" | "pubmedid" => (&mut details.pmid, pubmed_ids::pmid(value)),
        "pmcid" | "pmc" | "pubmedcentral" => (&mut details.pmcid, pubmed_ids::pmcid(value)),
        "issn" => (&mut details.issn, normalize::filled(value.trim())),
        "isbn" => (&mut details.isbn, normalize::filled(value.trim())),
        _ => return,
    };
    if field.is_none() {
        *field = found;
    }
}
