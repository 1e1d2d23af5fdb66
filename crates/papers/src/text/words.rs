//! Words of a text, as labels, shared words and keyword queries need them.

use std::collections::HashSet;
use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_segmentation::UnicodeSegmentation;

/// The words of a text in order: in small letters, without accents, each with a letter or a digit.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.unicode_words().map(fold)
}

/// A text in small letters and without accents, so that spellings of one word are equal.
pub fn fold(text: &str) -> String {
    text.nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .collect()
}

/// What words of one family have in common, by the English Snowball rules (Porter2): `learned` and
/// `learning` give `learn`. `word` is in small letters.
pub fn stem(word: &str) -> String {
    Stemmer::create(Algorithm::English).stem(word).into_owned()
}

/// Whether a word, in small letters, says nothing about a subject.
pub fn is_stop_word(word: &str) -> bool {
    static SET: LazyLock<HashSet<&str>> =
        LazyLock::new(|| STOP_WORDS.split_ascii_whitespace().collect());
    word.chars().count() < 2 || SET.contains(word)
}

/// Function words of English, and those that scientific prose uses on any subject.
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
    fn gives_words_in_small_letters_without_accents() {
        let found: Vec<_> = words("Schrödinger's CAT, (t-SNE) \u{fb01}eld 3.5%").collect();
        assert_eq!(found, ["schrodinger's", "cat", "t", "sne", "field", "3.5"]);
    }

    #[test]
    fn joins_a_family_and_knows_what_says_nothing() {
        assert_eq!(stem("learned"), stem("learning"));
        assert!(is_stop_word("the") && is_stop_word("x") && !is_stop_word("quantum"));
    }
}
