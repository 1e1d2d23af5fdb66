//! Prose and citations of a draft in plain text.

use super::{Parts, mentions};

/// Takes a draft apart. `Title:` and `Abstract:` may mark a paragraph, or `Abstract` the one
/// behind it; what follows a line `References` or `Bibliography` is a list of entries.
pub(super) fn parse(text: &str) -> Parts {
    let mut parts = Parts::default();
    let mut abstract_follows = false;
    let mut in_references = false;
    for paragraph in paragraphs(text) {
        if in_references {
            entries(&paragraph, &mut parts);
            continue;
        }
        let (first, rest) = paragraph.split_once('\n').unwrap_or((&paragraph, ""));
        if is_heading_of_references(first) {
            in_references = true;
            entries(rest, &mut parts);
            continue;
        }
        mentions::gather(&paragraph, &mut parts.citations);
        if abstract_follows {
            parts.abstract_text = Some(paragraph);
            abstract_follows = false;
        } else if let Some(title) = marked(&paragraph, "title").filter(|_| parts.title.is_none()) {
            parts.title = Some(title.split_whitespace().collect::<Vec<_>>().join(" "));
        } else if let Some(text) =
            marked(&paragraph, "abstract").filter(|_| parts.abstract_text.is_none())
        {
            abstract_follows = text.is_empty();
            parts.abstract_text = Some(text.to_owned());
        } else {
            parts.paragraphs.push(paragraph);
        }
    }
    parts
}

/// Whether a heading announces the list of references; a number before it does not matter.
pub(super) fn is_heading_of_references(heading: &str) -> bool {
    let bare = heading.trim_matches(|c: char| !c.is_alphabetic());
    let bare = bare.to_lowercase();
    matches!(
        bare.as_str(),
        "references"
            | "reference list"
            | "list of references"
            | "bibliography"
            | "works cited"
            | "literature"
            | "literature cited"
    )
}

/// The text behind a mark such as `Abstract:`, `Abstract.` or a line `Abstract`.
fn marked<'a>(paragraph: &'a str, mark: &str) -> Option<&'a str> {
    let start = paragraph.get(..mark.len())?;
    let rest = &paragraph[mark.len()..];
    let is_mark = start.eq_ignore_ascii_case(mark)
        && (rest.trim().is_empty() || rest.starts_with([':', '.', '—', '–', '\n']));
    is_mark.then(|| rest.trim_start_matches([':', '.', '—', '–']).trim())
}

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

/// The entries in a paragraph of the list of references: each begins with its number or a bullet,
/// or the paragraph is one.
fn entries(paragraph: &str, parts: &mut Parts) {
    let mut entry = String::new();
    for line in paragraph.lines() {
        if begins_an_entry(line) {
            put(&entry, parts);
            entry.clear();
        }
        entry.push(' ');
        entry.push_str(line);
    }
    put(&entry, parts);
}

fn put(entry: &str, parts: &mut Parts) {
    let (doi, arxiv) = mentions::first(entry);
    parts.citations.entry(None, entry, doi, arxiv);
}

fn begins_an_entry(line: &str) -> bool {
    let number = line.trim_start_matches('[');
    let behind = number.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = number.len() - behind.len();
    let is_numbered = (1..=3).contains(&digits) && behind.starts_with([']', '.', ')']);
    is_numbered || line.starts_with(['-', '*', '•'])
}

#[cfg(test)]
mod tests {
    use crate::{Draft, DraftFormat};

    #[test]
    fn takes_prose_and_entries_apart() {
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
    fn reads_an_abstract_behind_its_mark() {
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
