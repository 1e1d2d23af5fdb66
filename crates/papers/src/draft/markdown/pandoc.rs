//! Citations in Pandoc's syntax: `[see @key, p. 3; @other]` and `@key`.

use crate::draft::citation::Citations;
use crate::draft::window::window;

/// The maximum length in bytes of a citation in brackets.
const MAX_BRACKET: usize = 10_000;

/// The beginnings of the labels of figures, tables and the like that Quarto and pandoc-crossref refer to
/// as if they were keys: `@fig-one`, `@tbl:two`.
const LABELS: [&str; 26] = [
    "fig", "tbl", "sec", "eq", "lst", "thm", "lem", "cor", "prp", "cnj", "def", "exm", "exr",
    "sol", "rem", "alg", "tip", "nte", "wrn", "imp", "cau", "suppfig", "tab", "chap", "app", "fn",
];

/// Returns whether a key is the label of a part of the draft.
fn is_label(key: &str) -> bool {
    let Some(end) = key.find(['-', ':']) else {
        return false;
    };
    LABELS
        .iter()
        .any(|label| label.eq_ignore_ascii_case(&key[..end]))
}

/// Adds the keys in `text` to `citations`, and returns the text without them.
pub(super) fn take_citations(text: &str, citations: &mut Citations) -> String {
    let mut out = String::with_capacity(text.len());
    let mut remaining = text;
    while let Some(at) = remaining.find(['[', '@']) {
        out.push_str(&remaining[..at]);
        remaining = &remaining[at..];
        if let Some(bracketed) = remaining.strip_prefix('[') {
            let inner = window(bracketed, MAX_BRACKET).find(']');
            let inner = inner.map(|end| &bracketed[..end]);
            let keys = inner.map(keys).unwrap_or_default();
            if let (Some(inner), false) = (inner, keys.is_empty()) {
                for key in keys.iter().filter(|key| !is_label(key)) {
                    citations.add_key(key);
                }
                remaining = &remaining[inner.len() + 2..];
            } else {
                out.push('[');
                remaining = &remaining[1..];
            }
            continue;
        }
        let begins_word = !out.ends_with(|c: char| c.is_alphanumeric() || c == '.' || c == '/');
        if let Some((key, len)) = key(&remaining[1..]).filter(|_| begins_word) {
            if !is_label(key) {
                citations.add_key(key);
            }
            remaining = after_locator(&remaining[1 + len..]);
        } else {
            out.push('@');
            remaining = &remaining[1..];
        }
    }
    out.push_str(remaining);
    out
}

/// Returns a text without the locator that may follow a key: `@key [p. 3]`. One with citations is kept.
fn after_locator(text: &str) -> &str {
    let bracket = text.strip_prefix(' ').unwrap_or(text).strip_prefix('[');
    let locator = bracket.and_then(|inner| {
        let end = window(inner, MAX_BRACKET).find(']')?;
        let after = &inner[end + 1..];
        (!inner[..end].contains('@') && !after.starts_with('(')).then_some(after)
    });
    locator.unwrap_or(text)
}

/// Returns the keys of a citation in square brackets.
fn keys(inner: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, _) in inner.match_indices('@') {
        if !inner[..at].ends_with(|c: char| c.is_alphanumeric() || c == '.') {
            found.extend(key(&inner[at + 1..]).map(|(key, _)| key));
        }
    }
    found
}

/// Returns the key at the start of `text` and its length there, braces included.
fn key(text: &str) -> Option<(&str, usize)> {
    if let Some(inner) = text.strip_prefix('{') {
        let end = window(inner, MAX_BRACKET).find('}')?;
        return (end > 0).then(|| (&inner[..end], end + 2));
    }
    let is_inner = |c: char| ":.#$%&-+?<>~/".contains(c);
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_' && !is_inner(c))
        .unwrap_or(text.len());
    let key = text[..end].trim_end_matches(is_inner);
    let starts = key.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    starts.then_some((key, key.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_citations_and_returns_their_keys() {
        for (text, expected, rest) in [
            (
                "Shown [@a; see @b:2019, p. 3].",
                vec!["a", "b:2019"],
                "Shown .",
            ),
            ("As @a-b. says [-@c]", vec!["a-b", "c"], "As . says "),
            (
                "As @a [p. 3] says @b [@c]",
                vec!["a", "b", "c"],
                "As  says  ",
            ),
            ("In [@{a b}]", vec!["a b"], "In "),
            (
                "In @Fig-a, [@tbl:b; @figueroa-x]",
                vec!["figueroa-x"],
                "In , ",
            ),
            (
                "Write to a.b@c.org or [x@y.org]",
                vec![],
                "Write to a.b@c.org or [x@y.org]",
            ),
            (
                "[not cited] and @ alone [",
                vec![],
                "[not cited] and @ alone [",
            ),
        ] {
            let mut citations = Citations::default();
            assert_eq!(take_citations(text, &mut citations), rest);
            let keys: Vec<_> = citations
                .into_list()
                .into_iter()
                .filter_map(|c| c.key)
                .collect();
            assert_eq!(keys, expected, "{text}");
        }
    }
}
