//! Words of a text for comparison: folded, stemmed and without stop words.

use std::collections::HashSet;
use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Returns the words of a text in order, [folded](fold).
///
/// Words are those of Unicode Standard Annex #29 that contain a letter or a digit. A mark alone, which
/// folding removes, is no word.
///
/// # Examples
///
/// ```
/// use cognate_papers::text::words;
///
/// let found: Vec<String> = words("Gödel's THEOREM, (1931)").collect();
/// assert_eq!(found, ["godel's", "theorem", "1931"]);
/// ```
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let folded = text.unicode_words().map(fold);
    folded.filter(|word| word.contains(char::is_alphanumeric))
}

/// Converts a text to lower case without accents, so that variant spellings of a word become equal.
///
/// Folding decomposes the text by Unicode normalization form NFKD, removes diacritics, converts each
/// character to upper and then to lower case, so that `ß` becomes `ss`, and composes what is left by
/// normalization form NFC, so that Hangul syllables and voiced kana stay whole. Soft hyphens and
/// zero-width characters are removed. Marks that are letters of their own, such as the vowels of Thai
/// and Devanagari, stay.
///
/// # Examples
///
/// ```
/// use cognate_papers::text::fold;
///
/// assert_eq!(fold("Erdős–Rényi"), fold("ERDOS–RENYI"));
/// assert_eq!(fold("Straße"), "strasse");
/// assert_eq!(fold("데이터"), "데이터");
/// ```
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkd()
        .filter(|c| !is_diacritic(*c) && !is_invisible(*c))
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfc()
        .collect()
}

/// Returns whether a character is a mark that variant spellings of a word leave out: an accent of a
/// Latin, Greek or Cyrillic letter, or a vowel point of Hebrew or Arabic.
const fn is_diacritic(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}'
            | '\u{483}'..='\u{487}'
            | '\u{591}'..='\u{5c7}'
            | '\u{610}'..='\u{61a}'
            | '\u{64b}'..='\u{65f}'
            | '\u{670}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe20}'..='\u{fe2f}'
    )
}

/// Returns whether a character is a soft hyphen or has no width.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
    )
}

/// Returns the stem of a [folded](fold) English word by the Snowball algorithm (Porter2).
///
/// # Examples
///
/// ```
/// use cognate_papers::text::stem;
///
/// assert_eq!(stem("learned"), "learn");
/// assert_eq!(stem("learning"), "learn");
/// ```
pub fn stem(word: &str) -> String {
    Stemmer::create(Algorithm::English).stem(word).into_owned()
}

/// Returns whether a [folded](fold) word says nothing about the subject of a text.
///
/// Stop words are English function words, words that are frequent in papers on any subject, such as
/// `propose`, and single characters.
///
/// # Examples
///
/// ```
/// use cognate_papers::text::is_stop_word;
///
/// assert!(is_stop_word("the") && is_stop_word("propose") && is_stop_word("x"));
/// assert!(!is_stop_word("quantum"));
/// ```
pub fn is_stop_word(word: &str) -> bool {
    static SET: LazyLock<HashSet<&str>> =
        LazyLock::new(|| STOP_WORDS.split_ascii_whitespace().collect());
    word.chars().count() < 2 || SET.contains(word)
}

/// English function words, and words that scientific prose uses on any subject.
const STOP_WORDS: &str = "
    about above across after again against all almost along already also although always among an
    and another any are around as at back be became because become becomes been before behind being
    below between both but by can cannot could did do does doing done down due during each either
    else enough especially et etc even ever every few for from further furthermore get give given
    gives go had has have having he hence her here his how however if in indeed into is it its
    itself just last less like made mainly make makes many may me might more moreover most mostly
    much must my near need neither never next no nor not now of off often on once one only onto or
    other others our out over own per perhaps quite rather really same seem seems several shall she
    should since so some such than that the their them themselves then there therefore these they
    this those though through throughout thus to together too toward towards under until up upon us
    use used uses using very via was we well were what when where whereas whether which while who
    whole whose why will with within without would yet you your
    al fig ie eg vs cf
    propose proposed proposes show shows shown present presents presented paper papers study
    studies studied result results
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yields_folded_words() {
        let found: Vec<_> = words("Schrödinger's CAT, (t-SNE) \u{fb01}eld 3.5%").collect();
        assert_eq!(found, ["schrodinger's", "cat", "t", "sne", "field", "3.5"]);
        // A vowel point of Hebrew is a letter to Unicode.
        assert_eq!(words("a \u{5b1} b").collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn related_words_share_a_stem_and_stop_words_are_recognized() {
        assert_eq!(stem("learned"), stem("learning"));
        assert!(is_stop_word("the") && is_stop_word("x") && !is_stop_word("quantum"));
    }
}
