//! Citations of `EndNote`: XML in a field or, in base64, beside it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::xml::decoded;
use crate::draft::citation::Citations;
use crate::draft::mentions;
use crate::text::markup;

/// Adds the citations of a field to `citations`. Returns whether there are any.
pub(super) fn add(instruction: &str, data: &str, citations: &mut Citations) -> bool {
    if instruction.contains("<Cite") {
        return add_cites(instruction, citations);
    }
    let packed: String = data.chars().filter(|c| !c.is_whitespace()).collect();
    let Ok(bytes) = STANDARD.decode(packed) else {
        return false;
    };
    // A NUL ends the text.
    let text = String::from_utf8_lossy(&bytes);
    add_cites(text.trim_end_matches('\0'), citations)
}

fn add_cites(xml: &str, citations: &mut Citations) -> bool {
    let mut has_one = false;
    for cite in xml.split("<Cite").skip(1) {
        let title = text_of(cite, "title");
        let number = text_of(cite, "electronic-resource-num");
        let (doi, arxiv) = mentions::first(&number);
        let title = if title.is_empty() {
            // The data of the record are missing.
            format!("{} {}", text_of(cite, "Author"), text_of(cite, "Year"))
        } else {
            title
        };
        citations.add_work(None, &title, doi, arxiv);
        has_one |= !title.trim().is_empty();
    }
    has_one
}

/// Returns the text of the first element of a name.
fn text_of(xml: &str, name: &str) -> String {
    let open = format!("<{name}>");
    let Some(start) = xml.find(&open).map(|at| at + open.len()) else {
        return String::new();
    };
    let content = &xml[start..];
    let end = content.find(&format!("</{name}>")).unwrap_or(content.len());
    // A text is in elements `style`.
    let mut out = String::new();
    for part in content[..end].split('<') {
        out.push_str(part.split_once('>').map_or(part, |(_, text)| text));
    }
    markup::plain(&decoded(&out))
}
