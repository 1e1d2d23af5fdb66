//! A text as a person types it into a search: what to search for, and words to leave out.

use cognate_papers::text::index_words;

use super::Query;
use super::quotes::{is_quote, quotation};

/// A typed text, taken apart: what to search for, and the words that no hit may have.
///
/// ```
/// use cognate::QueryText;
///
/// let typed = QueryText::parse("small-world graphs -neural -\"random walk\"");
/// assert_eq!(typed.text, "small-world graphs");
/// assert_eq!(typed.without, ["neural", "random walk"]);
/// let query = typed.query().k(20);
/// ```
///
/// A hyphen leaves out the word or the quoted phrase after it if it stands at the start or after a space,
/// outside of quotes, and a letter or a quote follows. Other hyphens belong to the text, as in
/// `small-world`, `graphs - a survey` and `-5`. Of the titles of 100,000 arXiv papers, 30 have a hyphen
/// that this rule takes for an exclusion, most by a missing space, as in `Short -Answer Grading`:
/// a program that searches for texts which nobody typed should call [`Query::text`] instead, and one that
/// parses them should show what was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueryText {
    /// The text to search for. Without exclusions, it is the typed text, unchanged.
    pub text: String,
    /// The words and phrases to leave out, in the order in which they were typed.
    pub without: Vec<String>,
}

impl QueryText {
    /// Takes a typed text apart.
    pub fn parse(typed: &str) -> Self {
        let mut text = String::with_capacity(typed.len());
        let mut without = Vec::new();
        let mut rest = typed;
        while let Some(first) = rest.chars().next() {
            if let Some((_, length)) = quotation(rest) {
                text.push_str(&rest[..length]);
                rest = &rest[length..];
                continue;
            }
            let is_after_space = text.chars().next_back().is_none_or(char::is_whitespace);
            if let Some((words, length)) = exclusion(rest).filter(|_| is_after_space) {
                without.push(words.to_owned());
                // The space before the exclusion stays.
                rest = rest[length..].trim_start();
                continue;
            }
            text.push(first);
            rest = &rest[first.len_utf8()..];
        }
        if !without.is_empty() {
            text.truncate(text.trim_end().len());
        }
        Self { text, without }
    }

    /// Returns the query: [`Query::text`] with [`Query::without_words`].
    pub fn query(&self) -> Query {
        Query::text(&self.text).without_words(&self.without)
    }
}

/// Returns the words that a text begins by leaving out, and the number of bytes that say so.
fn exclusion(text: &str) -> Option<(&str, usize)> {
    let after = text.strip_prefix('-')?;
    let (words, length) = match quotation(after) {
        Some(quoted) => quoted,
        None if after.starts_with(char::is_alphabetic) => {
            let ends_word = |c: char| c.is_whitespace() || is_quote(c);
            let length = after.find(ends_word).unwrap_or(after.len());
            let word = &after[..length];
            (
                word.trim_end_matches([',', ';', ':', '.', '?', '!', ')']),
                length,
            )
        }
        None => return None,
    };
    (!index_words(words).is_empty()).then_some((words, 1 + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(typed: &str) -> (String, Vec<String>) {
        let QueryText { text, without } = QueryText::parse(typed);
        (text, without)
    }

    #[test]
    fn a_hyphen_before_a_word_leaves_it_out() {
        let cases: [(&str, &str, &[&str]); 8] = [
            ("graphs -neural", "graphs", &["neural"]),
            ("-neural graphs", "graphs", &["neural"]),
            ("deep -neural, graphs", "deep graphs", &["neural"]),
            ("a -small-world b", "a b", &["small-world"]),
            ("a  -b\t-c++ d", "a  d", &["b", "c++"]),
            ("a -\"b c\" d", "a d", &["b c"]),
            ("a -“b c”d", "a d", &["b c"]),
            ("-深度学习 graph", "graph", &["深度学习"]),
        ];
        for (typed, text, without) in cases {
            let without = without.iter().map(|words| (*words).to_owned()).collect();
            assert_eq!(parsed(typed), (text.to_owned(), without), "{typed}");
        }
    }

    #[test]
    fn other_hyphens_belong_to_the_text() {
        let texts = [
            "small-world networks",
            "graphs - a survey ",
            "at -5 degrees",
            "a --long dash",
            "\"self -attention\" maps",
            "„self -attention“ maps",
            "pre- and post-war",
            "-",
            "- graphs",
            "a -\"open quote",
            "a -\"\" b",
            " spaces  stay ",
            "",
        ];
        for text in texts {
            assert_eq!(parsed(text), (text.to_owned(), Vec::new()));
        }
    }

    #[test]
    fn exclusions_alone_leave_no_text() {
        assert_eq!(
            parsed("-a -b"),
            (String::new(), vec!["a".into(), "b".into()])
        );
    }
}
