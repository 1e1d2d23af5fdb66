//! CSL-JSON: <https://docs.citationstyles.org/en/stable/specification.html#appendix-iv-variables>,
//! as written by Zotero, Pandoc and Crossref.

use serde_json::Value;

use super::file_start::FileStart;
use super::normalize::{filled, identify, set_id, year_in};
use super::spec::{Evidence, FormatSpec, ObjectFormat, RecordSource};
use crate::read::input::MAX_VALUES;
use crate::read::notes::Notes;
use crate::read::syntax::json_record::{
    Fields, object, objects, string, string_or_number, wrong_type,
};
use crate::text::markup;
use crate::{Name, Paper};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "csl-json",
    extensions: &[],
    recognize,
    source: RecordSource::Objects(ObjectFormat {
        paper,
        fields: &[
            "id",
            "citation-key",
            "type",
            "title",
            "abstract",
            "author",
            "issued",
            "container-title",
            "event-title",
            "publisher",
            "URL",
            "keyword",
            "DOI",
            "number",
            "note",
        ],
    }),
};

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    // CSL-JSON is a list of items. Objects with a `type` on lines of their own are of another
    // format.
    let is_item = start.has_json_field(&["issued", "container-title", "citation-key"])
        || start.is_json_document() && start.has_json_field(&["type"]);
    is_item.then_some(Evidence::Fields(1))
}

fn paper(item: &Fields, _: &Notes) -> Result<Paper, String> {
    let mut paper = Paper::new("")
        .title(text(item, "title")?)
        .abstract_text(text(item, "abstract")?);
    paper.authors = objects(item, "author")?
        .into_iter()
        .map(author)
        .filter_map(Result::transpose)
        .collect::<Result<_, _>>()?;
    paper.year = year(item)?;
    for venue in ["container-title", "event-title", "publisher"] {
        if paper.venue.is_none() {
            paper.venue = filled(text(item, venue)?);
        }
    }
    paper.url = string(item, "URL")?.and_then(filled);
    if let Some(keywords) = string(item, "keyword")? {
        let keywords = keywords
            .split([',', ';'])
            .filter_map(|word| filled(word.trim()));
        paper.categories = keywords.take(MAX_VALUES).collect();
    }
    let doi = string(item, "DOI")?.unwrap_or_default();
    let (number, note) = (text(item, "number")?, text(item, "note")?);
    let url = paper.url.clone().unwrap_or_default();
    let note = note.split_whitespace().find(|word| {
        let word = word.to_ascii_lowercase();
        word.starts_with("arxiv:") && word.len() > "arxiv:".len()
    });
    identify(&mut paper, &doi, &[&number, &url, note.unwrap_or_default()]);
    let id = match string(item, "citation-key")?.and_then(filled) {
        Some(key) => Some(key),
        None => string_or_number(item, "id")?,
    };
    set_id(&mut paper, id, "`id` and no `DOI`")?;
    Ok(paper)
}

/// Returns a text without markup. In files of Crossref, a text is the first item of a list.
fn text(item: &Fields, name: &str) -> Result<String, String> {
    let text = match item.get(name) {
        None | Some(Value::Null) => return Ok(String::new()),
        Some(Value::Array(list)) => match list.first() {
            None => return Ok(String::new()),
            Some(first) => first,
        },
        Some(value) => value,
    };
    match text {
        Value::String(text) => Ok(markup::plain(text)),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(wrong_type(name, other, "a string")),
    }
}

fn author(author: &Fields) -> Result<Option<Name>, String> {
    for whole in ["literal", "name"] {
        if let Some(name) = string(author, whole)?.and_then(filled) {
            return Ok(Some(Name::organization(name)));
        }
    }
    let part = |name| string(author, name).map(Option::unwrap_or_default);
    let particle = format!(
        "{} {}",
        part("dropping-particle")?,
        part("non-dropping-particle")?
    );
    let name = Name::from_parts(
        &part("given")?,
        &particle,
        &part("family")?,
        &part("suffix")?,
    );
    Ok(Some(name).filter(|name| !name.full().is_empty()))
}

/// Returns the year of `issued`: `{"date-parts": [[2017, 6]]}`, `{"raw": …}` or `{"literal": …}`.
fn year(item: &Fields) -> Result<Option<i32>, String> {
    let Some(issued) = object(item, "issued")? else {
        return Ok(None);
    };
    for text in ["raw", "literal"] {
        if let Some(text) = string(issued, text)? {
            return Ok(year_in(&text));
        }
    }
    let first = issued
        .get("date-parts")
        .and_then(|dates| dates.get(0))
        .and_then(|date| date.get(0));
    match first {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(year_in(text)),
        Some(value) => {
            let year = value.as_i64().and_then(|year| i32::try_from(year).ok());
            year.map(Some)
                .ok_or_else(|| format!("`issued` has the year {value}, expected one such as 2017"))
        }
    }
}
