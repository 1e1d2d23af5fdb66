/// Reduces white space and control characters to single spaces between words, with none at the ends.
pub(crate) fn join_white_space(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    let is_separator = |c: char| c.is_whitespace() || c.is_ascii_control();
    for word in text.split(is_separator).filter(|word| !word.is_empty()) {
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(word);
    }
    joined
}
