//! Sentences of scientific prose.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::text::words::is_stop_word;

/// Words with a period that no sentence ends on.
const ABBREVIATIONS: &str = "
    alg algs app approx ca cf ch chap chaps cor cp def defs dr e.g ed eds eq eqn eqns eqs esp ex fig
    figs i.e incl lem mr mrs ms n.b ph.d pp prof prop props ref refs resp sec sect sects secs sic st
    suppl tab tabs thm thms viz vol vols vs w.r.t
";

/// Words with a period that a sentence may end on: it does where the next one opens with a word
/// such as `We` or `The`.
const AMBIGUOUS: &str = "al no nos p a.k.a i.i.d inc jr nr";

/// Words that a sentence needs: a shorter one is joined to its neighbour.
const MIN_WORDS: usize = 3;

/// The sentences of a text, trimmed, in order: none is empty, and each is a part of the text.
///
/// They end where Unicode Standard Annex #29 ends them, except after abbreviations (`et al.`,
/// `Fig. 2`), initials and numbers of items, and at a line break within a sentence. An empty line
/// always ends one. What has fewer than three words is joined to a neighbour in its paragraph.
///
/// # Complexity
///
/// Linear in the length of the text.
pub fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for paragraph in paragraphs(text) {
        let mut pieces: Vec<Range<usize>> = Vec::new();
        let mut at = paragraph.start;
        for piece in text[paragraph].split_sentence_bounds() {
            let range = at..at + piece.len();
            at = range.end;
            match pieces.last_mut() {
                Some(last) if !ends_between(&text[last.clone()], piece) => last.end = range.end,
                _ => pieces.push(range),
            }
        }
        found.extend(
            join_short(text, pieces)
                .into_iter()
                .map(|piece| text[piece].trim())
                .filter(|piece| !piece.is_empty()),
        );
    }
    found
}

/// The parts of a text between lines that are empty.
fn paragraphs(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive(['\n', '\u{2029}']) {
        if line.trim().is_empty() {
            found.push(start..at);
            start = at + line.len();
        }
        at += line.len();
    }
    found.push(start..at);
    found.retain(|range| !text[range.clone()].trim().is_empty());
    found
}

/// Whether a sentence ends between two pieces that the annex keeps apart.
fn ends_between(before: &str, after: &str) -> bool {
    let end = before.trim_end();
    let next = after.trim_start();
    if end.is_empty() || next.is_empty() {
        return false;
    }
    let bare = end.trim_end_matches(['"', '\'', '”', '’', '»', ')', ']', '}']);
    let closed = bare.len() < end.len();
    let is_terminated = bare.ends_with(['.', '!', '?', '…', '。', '！', '？', '।', '։', '؟']);
    if !is_terminated {
        // The annex ends a sentence with its line; a file that was wrapped does not.
        return !before[end.len()..].contains(['\n', '\r', '\u{85}', '\u{2028}']);
    }
    if next.starts_with(char::is_lowercase) {
        return bare.ends_with(['!', '?']);
    }
    let Some(without) = bare.strip_suffix('.') else {
        return true;
    };
    if closed {
        return true;
    }
    let word = without
        .rsplit(|c: char| c.is_whitespace() || "([{~\u{a0}—–,;/".contains(c))
        .next()
        .unwrap_or_default();
    let is_start = opens_a_sentence(next);
    let folded = word.to_lowercase();
    let among = |list: &str| list.split_ascii_whitespace().any(|other| other == folded);
    if among(ABBREVIATIONS) {
        return false;
    }
    if among(AMBIGUOUS) || is_initials(word) {
        return is_start;
    }
    // `2. Methods`: the number of an item, alone in front.
    let is_item = word.len() == without.trim_start().len()
        && !word.is_empty()
        && word.chars().all(|c| c.is_ascii_digit() || c == '.');
    !is_item
}

/// `J`, `A.B`, `J.-P`, `U.S`: single capitals with periods.
fn is_initials(word: &str) -> bool {
    !word.is_empty()
        && word.split(['.', '-']).all(|part| {
            let mut letters = part.chars();
            part.is_empty()
                || letters.next().is_some_and(char::is_uppercase) && letters.next().is_none()
        })
}

/// Whether a text opens with a function word in a capital, as `We` or `However`.
fn opens_a_sentence(text: &str) -> bool {
    let word = text.unicode_words().next().unwrap_or_default();
    // A single letter with a period is one more initial.
    text.starts_with(char::is_uppercase)
        && !text[word.len()..].starts_with('.')
        && is_stop_word(&word.to_lowercase())
}

/// Joins a piece that is too short to the one before it, or the first to the one behind it.
fn join_short(text: &str, pieces: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let is_short = |piece: &Range<usize>| {
        let words = text[piece.clone()].unicode_words();
        words.take(MIN_WORDS).count() < MIN_WORDS
    };
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match joined.last_mut() {
            Some(last) if is_short(last) || is_short(&piece) => last.end = piece.end,
            _ => joined.push(piece),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ends_sentences_as_the_annex_does() {
        assert_eq!(
            sentences(
                "We train a model. Does it learn anything? It learns a lot! Nobody knows why."
            ),
            [
                "We train a model.",
                "Does it learn anything?",
                "It learns a lot!",
                "Nobody knows why."
            ]
        );
        assert_eq!(sentences("  \n\n \t"), [""; 0]);
        assert_eq!(sentences(""), [""; 0]);
    }

    #[test]
    fn keeps_abbreviations_initials_and_numbers_inside() {
        for text in [
            "The method of Vogt et al. (2010) is slow.",
            "As Fig. 2 shows, the error is 3.5 percent of it.",
            "Some models, e.g. Transformers and i.e. BERT, need data.",
            "By Eq. (3) and Eqs. 4 and 5 this holds.",
            "We compare trees vs. Graphs on it.",
            "The proof of J. A. Marlow and J.-P. Verne is short.",
            "It is longer (see Sec. 3) than it was.",
            "Data from the U.S. Census are used here.",
            "The value of 0.05 in Ref. [12] is low.",
            "In No. 7 of the series it rains.",
        ] {
            assert_eq!(sentences(text), [text], "{text}");
        }
    }

    #[test]
    fn ends_on_an_abbreviation_before_a_word_that_opens_a_sentence() {
        assert_eq!(
            sentences("This extends the work of Vogt et al. We prove the general case."),
            [
                "This extends the work of Vogt et al.",
                "We prove the general case."
            ]
        );
        assert_eq!(
            sentences("The patients were given vitamin C. In most cases nothing changed."),
            [
                "The patients were given vitamin C.",
                "In most cases nothing changed."
            ]
        );
    }

    #[test]
    fn goes_on_over_a_line_break_but_not_over_an_empty_line() {
        assert_eq!(
            sentences("A sentence that\nis wrapped. Another one\nfollows it.\n\nA new paragraph"),
            [
                "A sentence that\nis wrapped.",
                "Another one\nfollows it.",
                "A new paragraph"
            ]
        );
        assert_eq!(
            sentences("A heading of words\r\n\r\nThen some text comes."),
            ["A heading of words", "Then some text comes."]
        );
    }

    #[test]
    fn joins_what_is_short_to_its_neighbour() {
        assert_eq!(
            sentences("1. Introduction to graphs. Yes. We study them in depth."),
            ["1. Introduction to graphs. Yes.", "We study them in depth."]
        );
        assert_eq!(
            sentences("Why? Because it is cold."),
            ["Why? Because it is cold."]
        );
    }

    proptest! {
        #[test]
        fn loses_nothing_but_white_space(text in "[a-zA-Z0-9é。 .!?\"()\n\r]{0,80}") {
            let found = sentences(&text);
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(bare(&found.concat()), bare(&text));
            prop_assert!(found.iter().all(|sentence| !sentence.trim().is_empty()));
        }
    }
}
