//! Texts of papers on one line. They come from others, so characters that control a terminal or hide text
//! are left out.

use std::borrow::Cow;

use cognate::text::sentences;

/// Returns a text on one line, without control characters.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control() || is_invisible(c));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// Returns whether a character changes the direction of text or has no shape, as in text hidden from a
/// person.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}'
        | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}')
}

/// Returns a text of at most `most` characters, cut at a word.
pub(super) fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    let Some((end, _)) = text.char_indices().nth(most) else {
        return Cow::Borrowed(text);
    };
    // The ellipsis is one character.
    let end = text[..end]
        .char_indices()
        .next_back()
        .map_or(0, |(last, _)| last);
    let cut = &text[..end];
    let word_end = cut.rfind(' ').filter(|space| space * 2 > end);
    let cut = cut[..word_end.unwrap_or(end)].trim_end_matches([',', ';', ':', '.', ' ']);
    Cow::Owned(format!("{cut}…"))
}

/// Returns the first sentences of an abstract that fit into `most` characters, or the beginning of the first.
pub(super) fn beginning(abstract_text: &str, most: usize) -> Option<String> {
    let mut beginning = String::new();
    let mut chars = 0;
    for sentence in sentences(abstract_text) {
        let sentence = one_line(sentence);
        let length = sentence.chars().count();
        if beginning.is_empty() {
            beginning.push_str(&shortened(&sentence, most));
        } else if chars + 1 + length <= most {
            beginning.push(' ');
            beginning.push_str(&sentence);
        } else {
            break;
        }
        chars += length + 1;
    }
    (!beginning.is_empty()).then_some(beginning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_no_breaks_and_no_hidden_characters() {
        assert_eq!(one_line(" a\n b\u{1b}[2J\tc\u{202e}d "), "a b [2J c d");
        assert_eq!(one_line("Gödel, 東京"), "Gödel, 東京");
    }

    #[test]
    fn a_long_text_is_cut_at_a_word() {
        assert_eq!(shortened("one two three", 13), "one two three");
        assert_eq!(shortened("one two, three", 10), "one two…");
        assert_eq!(shortened("donaudampfschiff", 6), "donau…");
        assert_eq!(shortened("東京都庁舎", 3).chars().count(), 3);
    }

    #[test]
    fn an_abstract_begins_with_whole_sentences() {
        let text = "We study graphs. They are\nlarge. Nobody knows how large they are.";
        assert_eq!(
            beginning(text, 40).unwrap(),
            "We study graphs. They are large."
        );
        assert_eq!(beginning(text, 10).unwrap(), "We study…");
        assert_eq!(beginning(" ", 10), None);
    }
}
