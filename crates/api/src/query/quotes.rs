//! Double quotes around a phrase, straight or curly.

/// Returns whether a character opens or closes a quotation. Languages use the same characters at either
/// end, as in `“a”`, `„a“`, `«a»` and `»a«`.
pub(crate) fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '«' | '»')
}

/// Returns the content of the quotation with which a text begins, and its length in bytes with the quotes,
/// or `None` if the text does not begin with a quote or has no other.
pub(crate) fn quotation(text: &str) -> Option<(&str, usize)> {
    let opening = text.chars().next().filter(|c| is_quote(*c))?;
    let content = &text[opening.len_utf8()..];
    let (end, closing) = content.char_indices().find(|(_, c)| is_quote(*c))?;
    let length = opening.len_utf8() + end + closing.len_utf8();
    Some((&content[..end], length))
}
