//! Lists of names in BibTeX.

use crate::Name;
use crate::read::input::MAX_VALUES;
use crate::text::latex;

/// Splits a list of names at `and` and converts each name to the spoken order.
pub(super) fn persons(text: &str) -> Vec<Name> {
    split_outside_braces(text, " and ")
        .into_iter()
        .map(str::trim)
        .filter(|name| !name.is_empty() && *name != "others")
        .map(|name| {
            let parts: Vec<String> = split_outside_braces(name, ",")
                .into_iter()
                .map(latex::plain)
                .collect();
            match &parts[..] {
                [last, first] => Name::person(first, last),
                [last, suffix, first] => Name::person(first, last).with_suffix(suffix),
                _ if name.starts_with('{') && name.ends_with('}') => {
                    Name::organization(latex::plain(name))
                }
                _ => Name::new(latex::plain(name)),
            }
        })
        .filter(|name| !name.full().is_empty())
        .collect()
}

/// Splits a text at separators outside braces. A space in the separator matches any white space.
fn split_outside_braces<'t>(text: &'t str, separator: &str) -> Vec<&'t str> {
    let (mut parts, mut start, mut depth, mut escaped) = (Vec::new(), 0, 0_usize, false);
    let matches_at = |at: usize| {
        text.get(at..at + separator.len()).is_some_and(|found| {
            found
                .bytes()
                .zip(separator.bytes())
                .all(|(found, expected)| {
                    found == expected || expected == b' ' && found.is_ascii_whitespace()
                })
        })
    };
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && at >= start && parts.len() < MAX_VALUES && matches_at(at) {
            parts.push(&text[start..at]);
            start = at + separator.len();
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_names_outside_braces_and_converts_them() {
        let text = "Curie, Marie\n and {Barnes and Noble, Inc.} and Knuth, Jr, Donald and \
                    G{\\\"o}del, Kurt and Ludwig van Beethoven and others";
        assert_eq!(
            persons(text),
            [
                "Marie Curie",
                "Barnes and Noble, Inc.",
                "Donald Knuth Jr",
                "Kurt Gödel",
                "Ludwig van Beethoven"
            ]
        );
    }
}
