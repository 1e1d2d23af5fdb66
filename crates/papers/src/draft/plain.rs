//! Prose and citations of a draft in plain text.

use super::format_spec::{FormatSpec, Reader};
use super::mentions;
use super::parts::Parts;
use super::references_heading::is_references_heading;

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "plain",
    extensions: &["txt", "text"],
    reader: Reader::Text(|text, _| Ok(parse(text))),
};

/// Splits a draft into its parts.
///
/// `Title:` and `Abstract:` mark the paragraph that they begin, a line `Abstract` marks the
/// paragraph that follows it, and a heading such as `References` begins the list of references.
fn parse(text: &str) -> Parts {
    let mut parts = Parts::default();
    let mut abstract_follows = false;
    let mut in_references = false;
    for paragraph in paragraphs(text) {
        if in_references {
            add_entries(&paragraph, &mut parts);
            continue;
        }
        let (first, remaining) = paragraph.split_once('\n').unwrap_or((&paragraph, ""));
        if is_references_heading(first) {
            in_references = true;
            add_entries(remaining, &mut parts);
            continue;
        }
        mentions::gather(&paragraph, &mut parts.citations);
        if abstract_follows {
            parts.abstract_text = Some(paragraph);
            abstract_follows = false;
        } else if let Some(title) =
            text_after_label(&paragraph, "title").filter(|_| parts.title.is_none())
        {
            parts.title = Some(title.split_whitespace().collect::<Vec<_>>().join(" "));
        } else if let Some(text) =
            text_after_label(&paragraph, "abstract").filter(|_| parts.abstract_text.is_none())
        {
            abstract_follows = text.is_empty();
            parts.abstract_text = Some(text.to_owned());
        } else {
            parts.paragraphs.push(paragraph);
        }
    }
    parts
}

/// Returns the text after a label such as `Abstract:`, `Abstract.` or a line `Abstract`.
pub(super) fn text_after_label<'a>(paragraph: &'a str, label: &str) -> Option<&'a str> {
    let start = paragraph.get(..label.len())?;
    let text = &paragraph[label.len()..];
    let is_label = start.eq_ignore_ascii_case(label)
        && (text.trim().is_empty() || text.starts_with([':', '.', '—', '–', '\n']));
    is_label.then(|| text.trim_start_matches([':', '.', '—', '–']).trim())
}

/// Splits a text at its empty lines into paragraphs whose lines are trimmed.
fn paragraphs(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    for line in text.lines() {
        let line = line.trim();
        match found.last_mut() {
            Some(last) if !line.is_empty() => {
                if !last.is_empty() {
                    last.push('\n');
                }
                last.push_str(line);
            }
            _ => found.push(String::new()),
        }
    }
    found.retain(|paragraph| !paragraph.is_empty());
    found
}

/// Adds the entries in a paragraph of the list of references.
///
/// Each entry begins with a number or a bullet; a paragraph without them is one entry.
fn add_entries(paragraph: &str, parts: &mut Parts) {
    let mut entry = String::new();
    for line in paragraph.lines() {
        if begins_an_entry(line) {
            add_entry(&entry, parts);
            entry.clear();
        }
        entry.push(' ');
        entry.push_str(line);
    }
    add_entry(&entry, parts);
}

fn add_entry(entry: &str, parts: &mut Parts) {
    let (doi, arxiv) = mentions::first(entry);
    parts.citations.add_entry(None, entry, doi, arxiv);
}

fn begins_an_entry(line: &str) -> bool {
    let number = line.trim_start_matches('[');
    let after_digits = number.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = number.len() - after_digits.len();
    let is_numbered = (1..=3).contains(&digits) && after_digits.starts_with([']', '.', ')']);
    is_numbered || line.starts_with(['-', '*', '•'])
}

#[cfg(test)]
mod tests {
    use crate::{Draft, DraftFormat};

    #[test]
    fn separates_prose_from_references() {
        let text = "Title: On trees\n\nAbstract\n\nTrees grow every year.\n\n1 Introduction\n\n\
                    We study trees, as in\narXiv:2001.00001, for a year.\n\n7. References\n\
                    [1] C. Vogt. On the growth\nof trees. 2019. doi:10.1234/trees.\n\
                    [2] D. Marlow. Roots. 2020.\n\nE. Verne. Leaves. 2021.\n";
        let draft = Draft::parse(text, DraftFormat::Plain);
        assert_eq!(draft.title(), Some("On trees"));
        assert_eq!(draft.abstract_text(), Some("Trees grow every year."));
        assert_eq!(
            draft.sentences().collect::<Vec<_>>(),
            [
                "1 Introduction",
                "We study trees, as in\narXiv:2001.00001, for a year."
            ]
        );
        let cited = draft.citations();
        assert_eq!(cited.len(), 4);
        assert_eq!(cited[0].arxiv.as_deref(), Some("2001.00001"));
        assert_eq!(cited[1].doi.as_deref(), Some("10.1234/trees"));
        assert_eq!(
            cited[1].text.as_deref(),
            Some("[1] C. Vogt. On the growth of trees. 2019. doi:10.1234/trees.")
        );
        assert_eq!(cited[3].text.as_deref(), Some("E. Verne. Leaves. 2021."));
    }

    #[test]
    fn reads_an_abstract_after_its_label() {
        let draft = Draft::parse(
            "ABSTRACT: Trees grow.\n\nThe rest is silence.",
            DraftFormat::Plain,
        );
        assert_eq!(draft.abstract_text(), Some("Trees grow."));
        let draft = Draft::parse("Abstraction is a fine thing.", DraftFormat::Plain);
        assert_eq!(
            (draft.abstract_text(), draft.sentences().count()),
            (None, 1)
        );
    }
}
