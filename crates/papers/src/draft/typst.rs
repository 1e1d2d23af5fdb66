//! Prose and citations of a draft in Typst.

mod arguments;
mod code;
mod reader;
mod scan;

use self::reader::{Found, Reader};
use super::files::Files;
use super::format_spec::{self, FormatSpec};
use super::parts::Parts;
use super::{mentions, references_heading};
use crate::Result;

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "typst",
    extensions: &["typ", "typst"],
    reader: format_spec::Reader::Text(parse),
};

/// Splits a draft, with the files that it includes, into its parts.
fn parse(text: &str, files: &mut Files) -> Result<Parts> {
    let mut reader = Reader::new(files);
    reader.file(text)?;
    let document = reader.finish();
    let mut parts = Parts {
        title: document.title,
        abstract_text: Some(document.abstract_text.join("\n\n")),
        ..Parts::default()
    };
    let mut in_references = false;
    for found in document.found {
        match found {
            Found::Heading(heading) => {
                in_references = references_heading::is_references_heading(&heading);
            }
            // A reference to a label of the draft is no citation.
            Found::Key(key) if document.labels.contains(&key) => {}
            Found::Key(key) => parts.citations.add_key(&key),
            Found::Aside(text) => mentions::gather(&text, &mut parts.citations),
            Found::Paragraph(text) if in_references => {
                let (doi, arxiv) = mentions::first(&text);
                parts.citations.add_entry(None, &text, doi, arxiv);
            }
            Found::Paragraph(text) => {
                mentions::gather(&text, &mut parts.citations);
                parts.paragraphs.push(text);
            }
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests;
