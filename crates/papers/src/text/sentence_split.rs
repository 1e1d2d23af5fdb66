//! Splitting of scientific prose into sentences.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::word_split::is_stop_word;

/// Abbreviations that never end a sentence.
const ABBREVIATIONS: &str = "
    alg algs app approx ca cf ch chap chaps cor cp def defs dr e.g ed eds eq eqn eqns eqs esp ex fig
    figs i.e incl lem mr mrs ms n.b ph.d pp prof prop props ref refs resp sec sect sects secs sic st
    suppl tab tabs thm thms viz vol vols vs w.r.t
";

/// Abbreviations that end a sentence if the next word is capitalized and a stop word, such as `We`
/// or `The`.
const AMBIGUOUS: &str = "al no nos p a.k.a i.i.d inc jr nr";

/// The minimum number of words of a sentence; shorter ones are joined to a neighbor.
const MIN_WORDS: usize = 3;

/// Returns the sentences of a text in order, trimmed. No sentence is empty.
///
/// Sentences end at the boundaries of [Unicode Standard Annex #29], except after abbreviations
/// (`et al.`, `Fig. 2`), initials and item numbers, and at a line break within a sentence. An empty
/// line always ends a sentence. A sentence of fewer than three words is joined to a neighbor in the
/// same paragraph.
///
/// [Unicode Standard Annex #29]: https://www.unicode.org/reports/tr29/#Sentence_Boundaries
///
/// # Complexity
///
/// Linear in the length of the text.
///
/// # Examples
///
/// ```
/// use cognate_papers::text::sentences;
///
/// let text = "We extend Vogt et al. (2010). As Fig. 2 shows,\nthe error is 3.5 percent.";
/// assert_eq!(
///     sentences(text),
///     ["We extend Vogt et al. (2010).", "As Fig. 2 shows,\nthe error is 3.5 percent."]
/// );
/// ```
pub fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for paragraph in paragraphs(text) {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        let mut at = paragraph.start;
        for segment in text[paragraph].split_sentence_bounds() {
            let range = at..at + segment.len();
            at = range.end;
            match ranges.last_mut() {
                Some(last) if !ends_between(&text[last.clone()], segment) => last.end = range.end,
                _ => ranges.push(range),
            }
        }
        found.extend(
            join_short(text, ranges)
                .into_iter()
                .map(|range| text[range].trim())
                .filter(|sentence| !sentence.is_empty()),
        );
    }
    found
}

/// Returns the ranges of a text between its empty lines.
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

/// Returns whether a sentence ends between two adjacent segments of the annex.
fn ends_between(before: &str, after: &str) -> bool {
    let end = before.trim_end();
    let next = after.trim_start();
    if end.is_empty() || next.is_empty() {
        return false;
    }
    let bare = end.trim_end_matches(['"', '\'', '”', '’', '»', ')', ']', '}']);
    let is_closed = bare.len() < end.len();
    let is_terminated = bare.ends_with(['.', '!', '?', '…', '。', '！', '？', '।', '։', '؟']);
    if !is_terminated {
        // The annex ends a sentence at a line break, but in a wrapped text it continues.
        return !before[end.len()..].contains(['\n', '\r', '\u{85}', '\u{2028}']);
    }
    if next.starts_with(char::is_lowercase) {
        return bare.ends_with(['!', '?']);
    }
    let Some(without) = bare.strip_suffix('.') else {
        return true;
    };
    if is_closed {
        return true;
    }
    let word = without
        .rsplit(|c: char| c.is_whitespace() || "([{~\u{a0}—–,;/".contains(c))
        .next()
        .unwrap_or_default();
    let next_opens = opens_sentence(next);
    let folded = word.to_lowercase();
    let is_in = |list: &str| list.split_ascii_whitespace().any(|other| other == folded);
    if is_in(ABBREVIATIONS) {
        return false;
    }
    if is_in(AMBIGUOUS) || is_initials(word) {
        return next_opens;
    }
    // The number of an item, as in `2. Methods`, is the first word.
    let is_item = word.len() == without.trim_start().len()
        && !word.is_empty()
        && word.chars().all(|c| c.is_ascii_digit() || c == '.');
    !is_item
}

/// Returns whether a word consists of single capitals: `J`, `A.B`, `J.-P`, `U.S`.
fn is_initials(word: &str) -> bool {
    !word.is_empty()
        && word.split(['.', '-']).all(|part| {
            let mut letters = part.chars();
            part.is_empty()
                || letters.next().is_some_and(char::is_uppercase) && letters.next().is_none()
        })
}

/// Returns whether a text begins with a capitalized stop word, such as `We` or `However`.
fn opens_sentence(text: &str) -> bool {
    let word = text.unicode_words().next().unwrap_or_default();
    // A single letter with a period is another initial.
    text.starts_with(char::is_uppercase)
        && !text[word.len()..].starts_with('.')
        && is_stop_word(&word.to_lowercase())
}

/// Joins each range that is too short to the one before it, or the first range to the one after it.
fn join_short(text: &str, ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let is_short = |range: &Range<usize>| {
        let words = text[range.clone()].unicode_words();
        words.take(MIN_WORDS).count() < MIN_WORDS
    };
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut() {
            Some(last) if is_short(last) || is_short(&range) => last.end = range.end,
            _ => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn splits_at_the_boundaries_of_the_annex() {
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
    fn does_not_split_after_abbreviations_initials_and_numbers() {
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
    fn splits_after_an_ambiguous_abbreviation_before_a_stop_word() {
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
    fn an_empty_line_ends_a_sentence_and_a_line_break_does_not() {
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
    fn joins_short_sentences_to_a_neighbor() {
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
        fn preserves_everything_but_white_space(text in "[a-zA-Z0-9é。 .!?\"()\n\r]{0,80}") {
            let found = sentences(&text);
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(bare(&found.concat()), bare(&text));
            prop_assert!(found.iter().all(|sentence| !sentence.trim().is_empty()));
        }
    }
}
