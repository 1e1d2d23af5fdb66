/// Returns at most the first `max` bytes of a text, in which the end of something is looked for.
///
/// The limit keeps the time linear if there are many beginnings without an end.
pub(super) fn window(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

/// Returns the rest of the first line of a text, within a [`window`].
pub(super) fn line_start(text: &str, max: usize) -> &str {
    window(text, max).split('\n').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_between_characters() {
        assert_eq!(window("aéb", 2), "a");
        assert_eq!(window("aéb", 9), "aéb");
        assert_eq!(line_start("ab\nc", 9), "ab");
    }
}
