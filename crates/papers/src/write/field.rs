//! Texts as the values of fields that take one line.

/// Returns `text` with each run of white space and control characters replaced by one space, and
/// with none at its ends.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if !word.is_empty() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    line
}

/// Returns `text` as one line, or `None` if it is missing or blank.
pub(super) fn non_blank(text: Option<&str>) -> Option<String> {
    text.map(one_line).filter(|text| !text.is_empty())
}
