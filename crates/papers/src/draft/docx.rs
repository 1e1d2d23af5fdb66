//! Prose and citations of a document of Word.

mod body;
mod citations;
mod endnote;
mod package;
mod sources;
mod styles;
mod xml;

use std::path::Path;

use self::body::Body;
use self::package::Package;
use self::styles::Styles;
use super::files::Files;
use super::format_spec::{FormatSpec, Reader};
use super::parts::Parts;
use crate::Result;

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "docx",
    extensions: &["docx", "docm", "dotx"],
    reader: Reader::File {
        file: read,
        text: |text, _| Ok(parse(text)),
    },
};

/// Reads a document with its footnotes, endnotes and sources.
fn read(path: &Path, files: &mut Files) -> Result<Parts> {
    let mut package = Package::open(path)?;
    let main = package.main_part(files)?;
    let folder = main
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder)
        .to_owned();
    let beside = |name: &str| format!("{folder}/{name}");
    let styles = package.part(&beside("styles.xml"), files)?;
    let styles = Styles::read(styles.as_deref().unwrap_or_default());
    let links = package.links(&main, files)?;
    let text = package.required_part(&main, files)?;
    let mut body = Body::new(&styles);
    body.read(&text, &links);
    for notes in ["footnotes.xml", "endnotes.xml"] {
        let part = beside(notes);
        if let Some(text) = package.part(&part, files)? {
            let links = package.links(&part, files)?;
            body.read(&text, &links);
        }
    }
    let unread = body.unread_citations();
    let mut parts = body.into_parts();
    for name in package.custom_parts() {
        if let Some(text) = package.part(&name, files)? {
            for paper in sources::read(&text) {
                parts.citations.describe(&paper);
            }
        }
    }
    if unread > 0 {
        let message = format!("the data of {unread} citations cannot be read");
        files.note(0, &message);
    }
    Ok(parts)
}

/// Splits the part `word/document.xml` of a document.
fn parse(text: &str) -> Parts {
    let styles = Styles::default();
    let mut body = Body::new(&styles);
    body.read(text, &std::collections::HashMap::new());
    body.into_parts()
}

#[cfg(test)]
mod tests;
