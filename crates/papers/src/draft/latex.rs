//! Prose and citations of a LaTeX draft.

mod expand;
mod names;
mod prose;
mod readable;
mod source;

use std::ops::Range;

use self::expand::expand;
use self::prose::Prose;
use self::source::Source;
use super::citation::Citations;
use super::files::Files;
use super::format_spec::{FormatSpec, Reader};
use super::mentions;
use super::parts::Parts;
use crate::{Format, PaperReader, Result};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "latex",
    extensions: &["tex", "ltx", "latex"],
    reader: Reader::Text(parse),
};

/// Splits a draft, with the files that it includes, into its parts.
fn parse(text: &str, files: &mut Files) -> Result<Parts> {
    let expanded = expand(text, files)?;
    let source = Source::new(expanded.text);
    let mut parts = Parts::default();
    let cited = gather_citations(&source, &mut parts.citations);
    // An identifier within a key or an entry of the list of references is part of that citation.
    let mut at = 0;
    for range in cited {
        mentions::gather(&source.text[at..range.start], &mut parts.citations);
        at = range.end;
    }
    mentions::gather(&source.text[at..], &mut parts.citations);

    let prose = Prose::of_document(&source);
    parts.title = prose.title;
    parts.abstract_text = Some(prose.abstract_text.join("\n\n"));
    parts.paragraphs = prose.paragraphs;
    for content in expanded.bibtex {
        let reader = PaperReader::with_format(content.as_bytes(), "filecontents", Format::Bibtex)?;
        // An invalid entry leaves its key as it is.
        for paper in reader.flatten() {
            parts.citations.describe(&paper);
        }
    }
    Ok(parts)
}

/// Returns the prose of LaTeX source within a draft of another format, and adds its citations to
/// `citations`.
pub(super) fn embedded(text: String, citations: &mut Citations) -> String {
    let source = Source::new(text);
    gather_citations(&source, citations);
    Prose::of_range(&source, 0..source.text.len()).join("\n\n")
}

/// Adds the citations of `\cite` and its variants and the entries of `\bibitem` to `citations`.
///
/// Returns the ranges of these commands with their arguments and entries.
fn gather_citations(source: &Source, citations: &mut Citations) -> Vec<Range<usize>> {
    let text = &source.text;
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('\\') {
        let start = at + found;
        let name = source.command(start);
        // The name of a command without letters, such as `\\`, is one character.
        let symbol = text[start + 1..].chars().next().filter(|_| name.is_empty());
        at = start + 1 + name.len() + symbol.map_or(0, char::len_utf8);
        if names::is_cite(name) {
            let (keys, end) = source.citation_keys(at, name, text.len());
            for key in keys {
                citations.add_key(key);
            }
            at = end.max(at);
            ranges.push(start..at);
        } else if name == "bibitem" {
            let key_start = source.skip_optional(at);
            let Some((key, end)) = source.group(key_start, text.len()) else {
                continue;
            };
            let entry_end = ["\\bibitem", "\\end{thebibliography}", "\\end{document}"]
                .iter()
                .filter_map(|end_mark| Some(end + text[end..].find(end_mark)?))
                .min()
                .unwrap_or(text.len());
            let raw = &text[end..entry_end];
            let (doi, arxiv) = mentions::first(raw);
            let entry = Prose::of_range(source, end..entry_end).join(" ");
            citations.add_entry(Some(text[key].trim()), &entry, doi, arxiv);
            ranges.push(start..entry_end);
            at = entry_end.max(at);
        }
    }
    ranges
}

#[cfg(test)]
mod tests;
