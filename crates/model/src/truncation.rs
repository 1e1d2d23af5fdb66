use std::ops::AddAssign;

use serde::Serialize;

/// Counts of what was truncated because texts were longer than the model reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Truncation {
    /// The number of texts that lost tokens.
    pub texts: usize,
    /// The number of tokens that were lost.
    pub tokens: usize,
    /// The number of tokens of all texts before truncation, special tokens excluded.
    pub total_tokens: usize,
}

impl Truncation {
    /// Makes a report from its counts, in the order of the fields.
    pub fn new(texts: usize, tokens: usize, total_tokens: usize) -> Self {
        Self {
            texts,
            tokens,
            total_tokens,
        }
    }

    /// Counts over `texts`, each given by its number of truncated tokens and its number of kept
    /// tokens, `special_tokens` of which are special.
    pub(crate) fn count(
        texts: impl Iterator<Item = (usize, usize)>,
        special_tokens: usize,
    ) -> Self {
        texts.fold(Self::default(), |sum, (truncated, kept)| Self {
            texts: sum.texts + usize::from(truncated > 0),
            tokens: sum.tokens + truncated,
            total_tokens: sum.total_tokens + truncated + kept - special_tokens,
        })
    }
}

impl AddAssign for Truncation {
    fn add_assign(&mut self, other: Self) {
        self.texts += other.texts;
        self.tokens += other.tokens;
        self.total_tokens += other.total_tokens;
    }
}
