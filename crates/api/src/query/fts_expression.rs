//! Translates what a person types into a query to the keyword index, in the language of FTS5, the
//! full-text search of `SQLite`.

use cognate_papers::text::{fold, is_stop_word, words};

/// Returns an FTS5 expression that matches any word of a text, or any phrase between double quotes.
///
/// Stop words are left out unless the text has no other words. Returns `None` if the text has no word.
pub(crate) fn expression(text: &str) -> Option<String> {
    let mut terms: Vec<String> = Vec::new();
    let mut add = |term: String| {
        if !terms.contains(&term) {
            terms.push(term);
        }
    };
    let mut stop_words: Vec<String> = Vec::new();
    // Every second part is between quotes, except behind a quote that is not closed.
    let parts: Vec<&str> = text.split('"').collect();
    let last = parts.len() - 1;
    for (position, part) in parts.into_iter().enumerate() {
        if position % 2 == 1 && position < last {
            let phrase: Vec<String> = words(part).collect();
            if !phrase.is_empty() {
                add(quoted(&phrase.join(" ")));
            }
            continue;
        }
        for word in words(part) {
            if is_stop_word(&word) {
                stop_words.push(quoted(&word));
            } else {
                add(quoted(&word));
            }
        }
    }
    if terms.is_empty() {
        terms = stop_words;
    }
    (!terms.is_empty()).then(|| terms.join(" OR "))
}

/// Returns the text as a string literal of FTS5, in which operators have no meaning.
fn quoted(text: &str) -> String {
    format!("\"{}\"", fold(text).replace('"', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_any_word_that_is_not_a_stop_word() {
        let found = expression("How do the Neural nets learn? neural").unwrap();
        assert_eq!(found, r#""neural" OR "nets" OR "learn""#);
        assert_eq!(expression("to be").as_deref(), Some(r#""to" OR "be""#));
        assert_eq!(expression(" ?! "), None);
    }

    #[test]
    fn keeps_phrases_together_and_operators_harmless() {
        assert_eq!(
            expression(r#"the "graph of knowledge" NOT AND* NEAR(virus* b"#).as_deref(),
            Some(r#""graph of knowledge" OR "virus""#)
        );
        assert_eq!(
            expression("an \"open quote").as_deref(),
            Some(r#""open" OR "quote""#)
        );
    }
}
