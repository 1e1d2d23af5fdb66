//! Lists in one cell.

use serde_json::Value;

use crate::read::formats::normalize::{doi, filled};
use crate::read::input::MAX_VALUES;
use crate::read::syntax::literal::literal;

/// Returns the first address of a list.
pub(super) fn first_address(text: &str) -> Option<String> {
    let mut items = text.split(|c: char| c == '|' || c.is_whitespace());
    let first = items.find(|item| !item.is_empty())?;
    // A semicolon may be part of an address, before the next one it is not.
    let end = first.find(";http").unwrap_or(first.len());
    Some(first[..end].trim_end_matches(';').to_owned())
}

/// Returns the references that are identifiers, and the DOIs in those that are written out.
pub(super) fn references(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    if let Some(list) = texts(text) {
        return list;
    }
    // Dimensions separates the parts of a reference by bars: `[Coe, Cy|J Ferns|3||1-9|10.1000/fern|2001];[…]`.
    if text.starts_with('[') && text.contains('|') {
        let list = text.split("];[").take(MAX_VALUES);
        return list
            .filter_map(|part| part.split('|').find_map(doi))
            .collect();
    }
    // The number of references.
    if text.len() < 6
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return found;
    }
    for part in parts(text, &[';', '|']) {
        let reference = if part.contains(char::is_whitespace) {
            let mut words = part.split(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | ','));
            words.find_map(doi)
        } else {
            let id = part.strip_prefix("https://openalex.org/");
            Some(id.map_or_else(|| part.clone(), str::to_owned))
        };
        found.extend(reference);
    }
    found
}

/// Returns the texts of a list as Python or JSON write it.
pub(super) fn texts(text: &str) -> Option<Vec<String>> {
    let Some(Value::Array(items)) = literal(text) else {
        return None;
    };
    let items = items.into_iter().filter_map(|item| match item {
        Value::String(text) => filled(text.trim()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(fields) => {
            let mut names = ["display_name", "name", "category", "value", "term"].iter();
            names.find_map(|name| fields.get(*name)?.as_str().and_then(filled))
        }
        _ => None,
    });
    Some(items.collect())
}

pub(super) fn parts(text: &str, separators: &[char]) -> Vec<String> {
    text.split(separators)
        .filter_map(|part| filled(part.trim()))
        .take(MAX_VALUES)
        .collect()
}

/// Splits subjects at semicolons or vertical bars, else at commas, else, if they are codes such as `cs.CL`, at
/// spaces.
pub(super) fn categories(text: &str) -> Vec<String> {
    if let Some(list) = texts(text) {
        return list;
    }
    if text.contains([';', '|']) {
        return parts(text, &[';', '|']);
    }
    if text.contains(',') {
        return parts(text, &[',']);
    }
    let is_code = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase()) && word.contains(['.', '-'])
    };
    if text.split_whitespace().any(is_code) {
        let words = text.split_whitespace().map(str::to_owned);
        return words.take(MAX_VALUES).collect();
    }
    parts(text, &[';'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separates_subjects_of_several_words() {
        assert_eq!(categories("Machine Learning"), ["Machine Learning"]);
        assert_eq!(categories("cs.CL stat.ML"), ["cs.CL", "stat.ML"]);
        assert_eq!(categories("A b; C, d"), ["A b", "C, d"]);
        assert_eq!(categories("['cs.CL', 'stat.ML']"), ["cs.CL", "stat.ML"]);
    }

    #[test]
    fn references_are_identifiers() {
        for (text, expected) in [
            ("W1|https://openalex.org/W2", &["W1", "W2"][..]),
            (
                "[A, B|J|3||1-9|10.1000/X|2001];[|J|4|||10.1000/y|]",
                &["10.1000/x", "10.1000/y"],
            ),
            ("A. One, J, 10.1000/X (2001); B. Two", &["10.1000/x"]),
            ("['W1', 'W2']", &["W1", "W2"]),
            ("12", &[]),
            ("12.0", &[]),
        ] {
            assert_eq!(references(text), expected, "{text}");
        }
    }

    #[test]
    fn the_first_address_counts() {
        let lens = "http://a.example/1;http://b.example/2";
        assert_eq!(first_address(lens).as_deref(), Some("http://a.example/1"));
    }
}
