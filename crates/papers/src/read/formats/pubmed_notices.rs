//! What PubMed writes in the place of a text that it does not have.

/// Returns a title or an abstract, or `None` if it is blank or a notice such as `[Not Available].`
pub(super) fn available(text: String) -> Option<String> {
    let is_mark = |c: char| c.is_whitespace() || matches!(c, '[' | ']' | '.');
    let bare = text.trim_matches(is_mark).to_ascii_lowercase();
    let is_notice = matches!(
        &*bare,
        "" | "not available" | "abstract available from the publisher" | "no abstract available"
    );
    (!is_notice).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_no_text() {
        for notice in [
            "",
            "[Not Available].",
            "Abstract available from the publisher.",
        ] {
            assert_eq!(available(notice.to_owned()), None);
        }
        let text = "[Moss].".to_owned();
        assert_eq!(available(text.clone()), Some(text));
    }
}
