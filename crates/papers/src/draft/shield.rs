//! Protection of text that is neither markup nor citation, such as code, while a paragraph is read.

/// The private-use character that stands for the ASCII character 0.
const FIRST: u32 = 0xF_0000;

/// Replaces the printable ASCII characters of a text by private-use characters, which mean nothing to any
/// reader.
pub(super) fn shield(text: &str) -> String {
    let shielded = |c: char| {
        let is_visible = c.is_ascii_graphic();
        char::from_u32(FIRST + u32::from(c))
            .filter(|_| is_visible)
            .unwrap_or(c)
    };
    text.chars().map(shielded).collect()
}

/// Undoes [`shield`].
pub(super) fn unshield(text: String) -> String {
    let original = |c: char| {
        let ascii = u32::from(c)
            .checked_sub(FIRST)
            .and_then(|code| u8::try_from(code).ok());
        ascii.map(char::from).filter(char::is_ascii_graphic)
    };
    if text.contains(|c| original(c).is_some()) {
        text.chars().map(|c| original(c).unwrap_or(c)).collect()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shielded_text_has_no_markup_and_comes_back() {
        let text = "a_b @é \\cite{x} 10.1000/y";
        let shielded = shield(text);
        assert!(!shielded.contains(|c: char| c.is_ascii_graphic()));
        assert_eq!(unshield(shielded), text);
    }
}
