//! Kinds of lines in reStructuredText.

/// Returns whether a text is the name of a directive.
pub(super) fn is_name(name: &str) -> bool {
    let name = name.trim();
    // A substitution such as `|name| replace` is not text of the draft.
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || "-_:.+".contains(c))
}

/// Returns whether a line is one of the marks of a title.
pub(super) fn is_underline(line: &str) -> bool {
    let mut chars = line.chars();
    let first = chars.next().filter(char::is_ascii_punctuation);
    first.is_some_and(|first| line.len() >= 3 && chars.all(|c| c == first))
        && line != "..."
        && line != ":::"
}

/// Returns the value of a field such as `:Author: A. Oak`.
pub(super) fn field(line: &str) -> Option<&str> {
    let inner = line.strip_prefix(':')?;
    let (name, value) = inner.split_once(':')?;
    let is_field =
        !name.is_empty() && !name.contains('`') && (value.is_empty() || value.starts_with(' '));
    is_field.then_some(value.trim())
}

/// Returns the text of an item of a list.
pub(super) fn item(line: &str) -> Option<&str> {
    for mark in ["- ", "* ", "+ ", "#. ", "| "] {
        if let Some(text) = line.strip_prefix(mark) {
            return Some(text);
        }
    }
    let after = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let text = after
        .strip_prefix(". ")
        .or_else(|| after.strip_prefix(") "));
    text.filter(|_| after.len() < line.len())
}
