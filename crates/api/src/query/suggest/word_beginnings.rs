//! Whether the words of a text that is being typed begin the words of a name.

use crate::library::document::name_words;

/// Returns whether each word begins one of the words of a name.
pub(super) fn begin_words_of(name: &str, words: &[String]) -> bool {
    let of_name = name_words(name);
    let begins = |word: &String| {
        // Scripts without spaces have words within what looks like one.
        let is_within = word.starts_with(|c: char| c >= '\u{2e80}');
        let matches = |one: &String| {
            one.starts_with(word.as_str()) || is_within && one.contains(word.as_str())
        };
        of_name.iter().any(matches)
    };
    words.iter().all(begins)
}
