//! Titles as names of papers.

use std::collections::HashSet;

use crate::text::{is_stop_word, words};

/// Returns the words of a title, [folded](crate::text::fold) and separated by spaces.
///
/// Titles that differ only in case, accents, punctuation and white space have equal keys.
///
/// # Examples
///
/// ```
/// use cognate_papers::identifiers::title_key;
///
/// assert_eq!(title_key("Über formal unentscheidbare Sätze."), "uber formal unentscheidbare satze");
/// ```
pub fn title_key(title: &str) -> String {
    words(title).collect::<Vec<_>>().join(" ")
}

/// Returns whether two titles are so different that they cannot be titles of one work, such as those of two chapters
/// that both carry the DOI of their book.
///
/// Titles contradict each other if less than half of the words of the shorter one, not counting stop words, are in
/// the longer one. A title without such words contradicts none, and neither does one that is a mere number or
/// identifier.
///
/// # Examples
///
/// ```
/// use cognate_papers::identifiers::titles_contradict;
///
/// assert!(titles_contradict("Introduction to spike trains", "Management of wetland birds"));
/// assert!(!titles_contradict("Spike trains", "Spike Trains: A Short Introduction"));
/// assert!(!titles_contradict("", "Spike trains"));
/// ```
pub fn titles_contradict(a: &str, b: &str) -> bool {
    let content = |title: &str| -> HashSet<String> {
        let is_word = |word: &String| !is_stop_word(word) && word.contains(char::is_alphabetic);
        words(title).filter(is_word).collect()
    };
    let (a, b) = (content(a), content(b));
    let shared = a.intersection(&b).count();
    let shorter = a.len().min(b.len());
    shorter > 0 && 2 * shared < shorter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_title_ignores_case_and_punctuation() {
        assert_eq!(
            title_key("Attention is all you need!"),
            title_key("ATTENTION IS ALL  YOU NEED")
        );
    }

    #[test]
    fn titles_contradict_each_other_if_they_share_few_words() {
        for (a, b, expected) in [
            ("Moss on stones", "Moss on Stones.", false),
            (
                "Moss on stones",
                "Moss on stones: a survey of ten years",
                false,
            ),
            (
                "Introduction to moss",
                "Management of wetland birds in winter",
                true,
            ),
            ("Moss gardens", "Moss and stones", false),
            ("The moss", "", false),
            ("Of the", "Moss", false),
            ("10.1000/1", "Moss on stones", false),
            ("1984", "Moss", false),
            ("Wasser in Städten", "Water in cities", true),
        ] {
            assert_eq!(titles_contradict(a, b), expected, "{a} / {b}");
            assert_eq!(titles_contradict(b, a), expected, "{b} / {a}");
        }
    }
}
