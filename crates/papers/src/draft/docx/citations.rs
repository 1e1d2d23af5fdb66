//! Citations in the fields of a document.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::endnote;
use crate::draft::citation::Citations;
use crate::draft::mentions;
use crate::text::markup;

/// What a field is, by its instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldKind {
    /// The field cites: its result is not prose.
    Citation,
    /// The result is neither prose nor a citation, such as a list of references that the citations give.
    Hidden,
    /// The result is text.
    Text,
}

/// Returns the kind of a field.
pub(super) fn kind(instruction: &str) -> FieldKind {
    let start: String = instruction.trim_start().chars().take(80).collect();
    let start = start.to_uppercase();
    let words: Vec<&str> = start.split_whitespace().collect();
    match words.as_slice() {
        ["CITATION", ..] | ["ADDIN", "MENDELEY", "CITATION", ..] => FieldKind::Citation,
        ["ADDIN", name, ..]
            if name.starts_with("EN.CITE")
                || *name == "ZOTERO_ITEM"
                || *name == "CSL_CITATION"
                || name.starts_with("MENDELEY_CITATION")
                || name.starts_with("CITAVIPLACEHOLDER") =>
        {
            FieldKind::Citation
        }
        [
            "ADDIN" | "BIBLIOGRAPHY" | "TOC" | "INDEX" | "TOA" | "TC" | "XE",
            ..,
        ] => FieldKind::Hidden,
        _ => FieldKind::Text,
    }
}

/// Adds the citations of a field with its data to `citations`. Returns whether they could be read.
pub(super) fn add(instruction: &str, data: &str, citations: &mut Citations) -> bool {
    let instruction = instruction.trim();
    let upper: String = instruction
        .chars()
        .take(80)
        .collect::<String>()
        .to_uppercase();
    if upper.starts_with("CITATION") {
        return add_word(instruction, citations);
    }
    if upper.contains("EN.CITE") {
        // The data may be in a field within this one.
        return endnote::add(instruction, data, citations) || data.is_empty();
    }
    if let Some(at) = instruction.find("CitaviPlaceholder{") {
        let packed = instruction[at + "CitaviPlaceholder{".len()..].trim_end_matches('}');
        return decode(packed).is_some_and(|value| add_citavi(&value, citations));
    }
    let Some(start) = instruction.find('{') else {
        return false;
    };
    // Text may follow the object.
    let mut values = serde_json::Deserializer::from_str(&instruction[start..]).into_iter::<Value>();
    let value = values.next().and_then(Result::ok);
    value.is_some_and(|value| add_csl(&value, citations))
}

/// Adds the citations in the tag of a content control, as the add-in Mendeley Cite stores them. Returns
/// whether the tag is one of a citation.
pub(super) fn add_tag(tag: &str, citations: &mut Citations) -> bool {
    if let Some(packed) = tag.strip_prefix("MENDELEY_CITATION_v3_") {
        return decode(packed).is_some_and(|value| add_csl(&value, citations));
    }
    false
}

fn decode(packed: &str) -> Option<Value> {
    let packed: String = packed.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = STANDARD.decode(packed).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Adds the citations of Word itself: `CITATION Tag \l 1033 \m Other`.
fn add_word(instruction: &str, citations: &mut Citations) -> bool {
    let words: Vec<&str> = instruction.split_whitespace().collect();
    let mut has_one = false;
    for (index, word) in words.iter().enumerate().skip(1) {
        let is_key = index == 1 || words[index - 1] == "\\m";
        if is_key && !word.starts_with('\\') {
            citations.add_key(word.trim_matches('"'));
            has_one = true;
        }
    }
    has_one
}

/// Adds the items of a citation in CSL-JSON, as Zotero and Mendeley store them.
fn add_csl(citation: &Value, citations: &mut Citations) -> bool {
    let Some(items) = citation.get("citationItems").and_then(Value::as_array) else {
        return false;
    };
    let text = |item: &Value, name: &str| {
        let text = item.get(name).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    for item in items {
        let data = item.get("itemData").unwrap_or(item);
        let title = markup::plain(&text(data, "title"));
        let doi = text(data, "DOI");
        let other = ["URL", "number", "archive_location", "note"]
            .map(|name| text(data, name))
            .join(" ");
        let (doi, arxiv) = mentions::first(&format!("{doi} {other}"));
        let key = ["citation-key", "citekey"]
            .map(|name| text(data, name))
            .concat();
        let uri = item
            .get("uris")
            .and_then(|uris| uris.get(0))
            .and_then(Value::as_str);
        // A citation without its data has the address of its item only.
        let bare = uri.and_then(|uri| uri.rsplit('/').next());
        let has_data = doi.is_some() || arxiv.is_some() || !title.is_empty();
        let key = Some(key).filter(|key| !key.is_empty());
        let key = key.or_else(|| bare.filter(|_| !has_data).map(str::to_owned));
        citations.add_work(key.as_deref(), &title, doi, arxiv);
    }
    !items.is_empty()
}

/// Adds the references of a citation of Citavi.
fn add_citavi(placeholder: &Value, citations: &mut Citations) -> bool {
    let entries = placeholder.get("Entries").and_then(Value::as_array);
    let mut has_one = false;
    for reference in entries
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.get("Reference"))
    {
        let text = |name: &str| {
            reference
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let (doi, arxiv) = mentions::first(&format!("{} {}", text("Doi"), text("OnlineAddress")));
        let key = Some(text("CitationKey")).filter(|key| !key.is_empty());
        citations.add_work(key, &markup::plain(text("Title")), doi, arxiv);
        has_one = true;
    }
    has_one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_determines_the_kind_of_a_field() {
        for (instruction, expected) in [
            (
                " ADDIN ZOTERO_ITEM CSL_CITATION {\"citationItems\": []}",
                FieldKind::Citation,
            ),
            ("ADDIN CSL_CITATION {", FieldKind::Citation),
            (" ADDIN EN.CITE <EndNote>", FieldKind::Citation),
            (" CITATION Oak19 \\l 1033 ", FieldKind::Citation),
            ("ADDIN CitaviPlaceholder{abc}", FieldKind::Citation),
            (" ADDIN ZOTERO_BIBL {}", FieldKind::Hidden),
            ("ADDIN EN.REFLIST", FieldKind::Hidden),
            (
                "ADDIN Mendeley Bibliography CSL_BIBLIOGRAPHY",
                FieldKind::Hidden,
            ),
            ("TOC \\o", FieldKind::Hidden),
            (" REF _Ref1 \\h ", FieldKind::Text),
            ("HYPERLINK \"https://x.example\"", FieldKind::Text),
            ("", FieldKind::Text),
        ] {
            assert_eq!(kind(instruction), expected, "{instruction}");
        }
    }
}
