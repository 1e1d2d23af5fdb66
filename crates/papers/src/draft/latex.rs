//! Prose and citations of a LaTeX draft.

use super::Parts;
use super::citation::Citations;
use super::mentions;
use crate::text::latex::plain;

mod names;
mod prose;
mod source;

use prose::Prose;
use source::Input;

/// Takes a draft apart.
pub(super) fn parse(text: &str) -> Parts {
    let source = Input::new(without_comments(text));
    let mut parts = Parts::default();
    let named = gather_cited(&source, &mut parts.citations);
    // An identifier in a key or in an entry of the list of references belongs to it.
    let mut at = 0;
    for range in named {
        mentions::gather(&source.text[at..range.start], &mut parts.citations);
        at = range.end;
    }
    mentions::gather(&source.text[at..], &mut parts.citations);

    let prose = Prose::of_document(&source);
    parts.title = prose.title;
    parts.abstract_text = Some(prose.abstract_text.join("\n\n"));
    parts.paragraphs = prose.paragraphs;
    parts
}

/// The prose of a piece of LaTeX within another format; what it cites goes into `citations`.
pub(super) fn part(text: String, citations: &mut Citations) -> String {
    let source = Input::new(text);
    gather_cited(&source, citations);
    Prose::of_range(&source, 0..source.text.len()).join("\n\n")
}

/// Gathers what `\cite` and its family and `\bibitem` name; where they do.
fn gather_cited(source: &Input, citations: &mut Citations) -> Vec<std::ops::Range<usize>> {
    let text = &source.text;
    let mut named = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('\\') {
        let start = at + found;
        let name = source.command(start);
        // A command of one sign, such as `\\`, takes that sign with it.
        let sign = text[start + 1..].chars().next().filter(|_| name.is_empty());
        at = start + 1 + name.len() + sign.map_or(0, char::len_utf8);
        if names::is_cite(name) {
            let (keys, end) = source.cited(at, name, text.len());
            for key in keys {
                citations.key(key);
            }
            at = end.max(at);
            named.push(start..at);
        } else if name == "bibitem" {
            let behind = source.skip_optional(at);
            let Some((key, end)) = source.group(behind, text.len()) else {
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
            citations.entry(Some(text[key].trim()), &entry, doi, arxiv);
            named.push(start..entry_end);
            at = entry_end.max(at);
        }
    }
    named
}

/// The byte where a comment starts in a line.
pub(super) fn comment_start(line: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b'%' if !escaped => return Some(at),
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

/// The text without comments: with its own line break and the white space behind that, as TeX has
/// it, and without what `\iffalse` hides.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut joins = false;
    for line in text.split_inclusive('\n') {
        let line = if joins && !line.trim().is_empty() {
            line.trim_start_matches([' ', '\t'])
        } else {
            line
        };
        if let Some(at) = comment_start(line) {
            out.push_str(&line[..at]);
            joins = true;
        } else {
            // Behind a comment, an empty line is still the end of a paragraph.
            if joins && line.trim().is_empty() {
                out.push('\n');
            }
            out.push_str(line);
            joins = false;
        }
    }
    while let Some(start) = out.find("\\iffalse") {
        let end = out[start..].find("\\fi\n").or_else(|| {
            let rest = &out[start + "\\iffalse".len()..];
            let found = rest
                .match_indices("\\fi")
                .find(|(at, _)| !rest[at + 3..].starts_with(|c: char| c.is_ascii_alphabetic()));
            found.map(|(at, _)| at + "\\iffalse".len())
        });
        match end {
            Some(end) => out.replace_range(start..start + end + 3, ""),
            None => out.truncate(start),
        }
    }
    out
}

/// A piece of source as a reader would see it.
fn readable(piece: &str) -> String {
    super::tidy::tidy(&plain(piece))
}

#[cfg(test)]
mod tests;
