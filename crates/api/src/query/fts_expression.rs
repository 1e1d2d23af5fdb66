//! What a person types, as a query to the keyword index.

use cognate_papers::text::{fold, is_stop_word, words};

/// The text in FTS5's query language: any of its words, and any of the phrases that stand between
/// double quotes. Words that say nothing are left out, unless there are no others. Nothing when
/// there is no word at all.
pub(crate) fn expression(text: &str) -> Option<String> {
    let mut terms: Vec<String> = Vec::new();
    let mut add = |term: String| {
        if !terms.contains(&term) {
            terms.push(term);
        }
    };
    let mut silent: Vec<String> = Vec::new();
    // Every second part is between quotes; a quote that is not closed is none.
    let parts: Vec<&str> = text.split('"').collect();
    let last = parts.len() - 1;
    for (place, part) in parts.into_iter().enumerate() {
        if place % 2 == 1 && place < last {
            let phrase: Vec<String> = words(part).collect();
            if !phrase.is_empty() {
                add(quoted(&phrase.join(" ")));
            }
            continue;
        }
        for word in words(part) {
            if is_stop_word(&word) {
                silent.push(quoted(&word));
            } else {
                add(quoted(&word));
            }
        }
    }
    if terms.is_empty() {
        terms = silent;
    }
    (!terms.is_empty()).then(|| terms.join(" OR "))
}

/// A string of FTS5, whose own operators mean nothing within it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", fold(text).replace('"', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_for_any_word_that_says_something() {
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
