//! Prose and citations of a draft in reStructuredText.

mod inline;
mod line;
mod reader;

use self::reader::Reader;
use super::files::Files;
use super::format_spec::{self, FormatSpec};
use super::parts::Parts;
use crate::Result;

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "rst",
    extensions: &["rst", "rest"],
    reader: format_spec::Reader::Text(parse),
};

/// Splits a draft, with the files that it includes, into its parts.
fn parse(text: &str, files: &mut Files) -> Result<Parts> {
    let mut reader = Reader::new(files);
    reader.file(text)?;
    Ok(reader.finish())
}

#[cfg(test)]
mod tests;
