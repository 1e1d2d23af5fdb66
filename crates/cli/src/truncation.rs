use cognate::Truncation;

use crate::output::{count, note, thousands};

/// Describes how much of `texts` texts was truncated, or returns `None` if nothing was.
pub(crate) fn message(truncation: &Truncation, texts: usize, max_tokens: usize) -> Option<String> {
    (truncation.texts > 0).then(|| {
        format!(
            "truncated {} of {} to the model's limit of {max_tokens} tokens: {} of {} dropped",
            thousands(truncation.texts),
            count(texts, "text"),
            thousands(truncation.tokens),
            count(truncation.total_tokens, "token"),
        )
    })
}

/// Prints on stderr how much was truncated, if anything was.
pub(crate) fn report(truncation: &Truncation, texts: usize, max_tokens: usize) {
    if let Some(message) = message(truncation, texts, max_tokens) {
        note(&message);
    }
}
