//! The words of a text as a keyword index sees them.

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript};

use super::fold;

/// A word of a text, with the terms that a keyword index has for it.
///
/// A text and a query have the same terms for the same words, so the two are compared term by term.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndexWord {
    /// The word, [folded](fold).
    pub text: String,
    /// The terms: the English stem of the word, or each character of a word of a script that is written
    /// without spaces.
    pub terms: Vec<String>,
    /// Whether the word is of a script that is written without spaces, such as Chinese or Thai, or whose
    /// words contain their particles, such as Korean. Its parts are words too, so a query for it should
    /// search for pairs of adjacent terms.
    pub is_unsegmented: bool,
    /// Whether a hyphen or another single mark, and no space, joins the word to the one before, as the
    /// `D` of `2,4-D`.
    pub is_joined: bool,
}

/// Marks that join words if there is no space around them.
const JOINERS: &[char] = &[
    '-', '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '_', '.', ',', '/', ':', '+', '\'',
    '\u{2019}',
];

/// What follows an apostrophe at the end of an English word without being a word: `Newton's`, `don't`.
const CONTRACTIONS: [&str; 7] = ["s", "t", "d", "m", "ll", "re", "ve"];

/// Returns the words of a text as a keyword index sees them, in order.
///
/// A word is a sequence of letters, digits and their combining marks. A `'s` is no part of it. `C++`
/// and `C#`, with any other letter too, are words. A sequence of characters of a script that is written
/// without spaces is one word, however long, whose terms are its characters.
///
/// # Examples
///
/// ```
/// use cognate_papers::text::index_words;
///
/// let terms = |text| -> Vec<String> {
///     index_words(text).into_iter().flat_map(|word| word.terms).collect()
/// };
/// assert_eq!(terms("Newton's laws of Motion"), ["newton", "law", "of", "motion"]);
/// assert_eq!(terms("C++, 2,4-D"), ["c++", "2", "4", "d"]);
/// assert_eq!(terms("机器学习"), ["机", "器", "学", "习"]);
/// ```
pub fn index_words(text: &str) -> Vec<IndexWord> {
    let folded = fold(text);
    let stemmer = Stemmer::create(Algorithm::English);
    let mut words: Vec<IndexWord> = Vec::new();
    let mut rest = folded.as_str();
    // What is between the word before and the rest.
    let mut gap = "";
    while let Some(first) = rest.chars().next() {
        let end = end_of_word(rest);
        if end == 0 {
            let skipped = rest.find(starts_word).unwrap_or(rest.len());
            (gap, rest) = rest.split_at(skipped.max(first.len_utf8()));
            continue;
        }
        let (word, after) = rest.split_at(end);
        let is_joined = !words.is_empty() && is_joiner(gap);
        let is_contraction =
            is_joined && matches!(gap, "'" | "\u{2019}") && CONTRACTIONS.contains(&word);
        if !is_contraction {
            let is_unsegmented = is_unsegmented(first);
            words.push(IndexWord {
                terms: if is_unsegmented {
                    characters(word)
                } else {
                    vec![stemmer.stem(word).into_owned()]
                },
                text: word.to_owned(),
                is_unsegmented,
                is_joined,
            });
        }
        (gap, rest) = ("", after);
    }
    words
}

/// Returns whether a word may begin with a character.
fn starts_word(c: char) -> bool {
    c.is_alphanumeric() && !is_combining_mark(c)
}

/// Returns the length in bytes of the word at the beginning of a text, or 0 if there is none.
fn end_of_word(text: &str) -> usize {
    let mut chars = text.char_indices();
    let Some((_, first)) = chars.next().filter(|(_, c)| starts_word(*c)) else {
        return 0;
    };
    let is_part = |c: char| {
        is_combining_mark(c) || (c.is_alphanumeric() && is_unsegmented(c) == is_unsegmented(first))
    };
    let end = chars
        .find(|(_, c)| !is_part(*c))
        .map_or(text.len(), |(end, _)| end);
    if first.is_ascii_alphabetic() && end == 1 {
        let after = &text[end..];
        let suffix = ["++", "#"]
            .into_iter()
            .find(|suffix| after.starts_with(suffix));
        return end + suffix.map_or(0, str::len);
    }
    end
}

fn is_joiner(gap: &str) -> bool {
    let mut chars = gap.chars();
    match (chars.next(), chars.next()) {
        // Scripts meet without a space in between, as in `DNA配列`.
        (None, _) => true,
        (Some(c), None) => JOINERS.contains(&c),
        _ => false,
    }
}

fn is_unsegmented(c: char) -> bool {
    if c.is_ascii() {
        return false;
    }
    let scripts = c.script_extension();
    [
        Script::Han,
        Script::Hiragana,
        Script::Katakana,
        Script::Hangul,
        Script::Thai,
        Script::Lao,
        Script::Khmer,
        Script::Myanmar,
        Script::Tibetan,
    ]
    .into_iter()
    .any(|script| scripts.contains_script(script) && !scripts.is_common())
}

/// Returns the characters of a word, each with its combining marks.
fn characters(word: &str) -> Vec<String> {
    let mut characters: Vec<String> = Vec::new();
    for c in word.chars() {
        match characters.last_mut() {
            Some(character) if is_combining_mark(c) => character.push(c),
            _ => characters.push(c.into()),
        }
    }
    characters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<String> {
        let words = index_words(text).into_iter();
        words.flat_map(|word| word.terms).collect()
    }

    #[test]
    fn latin_greek_and_cyrillic_words_are_folded_and_stemmed() {
        assert_eq!(
            terms("Schrödinger's learned CATS"),
            ["schroding", "learn", "cat"]
        );
        assert_eq!(terms("don\u{2019}t they'll"), ["don", "they"]);
        assert_eq!(terms("l'hôpital"), ["l", "hopit"]);
        assert_eq!(
            terms("Straße STRASSE"),
            [terms("strasse"), terms("strasse")].concat()
        );
        assert_eq!(terms("Häuser"), terms("HAUSER"));
        assert_eq!(terms("β-catenin µm ΛΌΓΟΣ"), {
            let mut expected = vec!["β".to_owned()];
            expected.extend(["catenin", "μm", "λογοσ"].map(str::to_owned));
            expected
        });
        assert_eq!(terms("Теория"), terms("ТЕОРИЯ"));
    }

    #[test]
    fn numbers_chemical_names_and_programming_languages_keep_their_parts() {
        assert_eq!(
            terms("2,4-D 3.5% GPT-4"),
            ["2", "4", "d", "3", "5", "gpt", "4"]
        );
        assert_eq!(
            terms("C++ c# F# (C) c+d"),
            ["c++", "c#", "f#", "c", "c", "d"]
        );
        assert_eq!(terms("BERT-base t-SNE"), ["bert", "base", "t", "sne"]);
        assert_eq!(terms("soft\u{ad}ware"), terms("software"));
    }

    #[test]
    fn joined_words_are_marked() {
        let joined = |text: &str| -> Vec<bool> {
            index_words(text)
                .iter()
                .map(|word| word.is_joined)
                .collect()
        };
        assert_eq!(joined("2,4-D acid"), [false, true, true, false]);
        assert_eq!(joined("a, b - c"), [false, false, false]);
        assert_eq!(joined("Newton's 'laws"), [false, false]);
        assert_eq!(joined("DNA配列"), [false, true]);
    }

    #[test]
    fn scripts_without_spaces_have_a_term_for_each_character() {
        assert_eq!(terms("深度学习"), ["深", "度", "学", "习"]);
        assert_eq!(terms("ニューラル"), ["ニ", "ュ", "ー", "ラ", "ル"]);
        // Voiced kana and Hangul syllables stay whole, whether they are composed or not.
        assert_eq!(terms("が"), ["が"]);
        assert_eq!(terms("か\u{3099}"), ["が"]);
        assert_eq!(terms("한국어"), ["한", "국", "어"]);
        assert_eq!(terms("\u{1112}\u{1161}\u{11ab}"), ["한"]);
        assert_eq!(terms("ﾃﾞｰﾀ"), terms("データ"));
        // A Thai vowel above a consonant belongs to it.
        assert_eq!(terms("ที่"), ["ที่"]);
        let words = index_words("BERTによる分類");
        assert_eq!(words.len(), 2);
        assert!(!words[0].is_unsegmented && words[1].is_unsegmented);
    }

    #[test]
    fn texts_without_words_have_no_terms() {
        for text in ["", " ", "?!", "'s", "\u{301}", "++"] {
            let expected: &[&str] = if text == "'s" { &["s"] } else { &[] };
            assert_eq!(terms(text), expected, "{text:?}");
        }
    }
}
