use std::time::Instant;

use fancy_regex::RegexBuilder;
use tokenizers::Offsets;
use tokenizers::tokenizer::pattern::Pattern;

use super::budget::Budget;
use crate::error::BoxError;

/// The greatest length of a regular expression in bytes.
const MAX_PATTERN_BYTES: usize = 4096;

/// The greatest number of steps back for one match, the default of `fancy-regex`, which is what
/// `tokenizers` uses.
const BACKTRACK_LIMIT: usize = 1_000_000;

/// A regular expression of a `tokenizer.json`.
#[derive(Clone, Debug)]
pub(in crate::tokenize) struct BoundedRegex(fancy_regex::Regex);

impl BoundedRegex {
    /// Compiles a regular expression.
    pub(super) fn new(pattern: &str) -> Result<Self, BoxError> {
        if pattern.len() > MAX_PATTERN_BYTES {
            let found = pattern.len();
            return Err(format!(
                "a regular expression has {found} bytes, expected at most {MAX_PATTERN_BYTES}"
            )
            .into());
        }
        let regex = RegexBuilder::new(pattern)
            .backtrack_limit(BACKTRACK_LIMIT)
            .build()?;
        Ok(Self(regex))
    }

    /// Compiles an expression that matches `text` alone.
    pub(super) fn literal(text: &str) -> Result<Self, BoxError> {
        Ok(Self(fancy_regex::Regex::new(&fancy_regex::escape(text))?))
    }

    /// Returns the expression as it was written.
    pub(in crate::tokenize) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns a pattern that takes its time from `budget`.
    pub(super) fn within<'a>(&'a self, budget: &'a Budget) -> BudgetedPattern<'a> {
        BudgetedPattern {
            regex: self,
            budget,
        }
    }
}

/// A regular expression with the time it may take.
#[derive(Clone, Copy)]
pub(super) struct BudgetedPattern<'a> {
    regex: &'a BoundedRegex,
    budget: &'a Budget,
}

impl BudgetedPattern<'_> {
    /// Returns the ranges of all matches, in order.
    pub(super) fn matches(&self, text: &str) -> Result<Vec<Offsets>, BoxError> {
        self.budget.add(text.len());
        let mut matches = Vec::new();
        let mut start = Instant::now();
        for found in self.regex.0.find_iter(text) {
            let found = found.map_err(|error| {
                let bytes = text.len();
                format!("a regular expression of the tokenizer fails on {bytes} bytes: {error}")
            })?;
            matches.push((found.start(), found.end()));
            if !self.budget.spend(start) {
                let bytes = text.len();
                return Err(format!(
                    "a regular expression of the tokenizer takes too long on {bytes} bytes"
                )
                .into());
            }
            start = Instant::now();
        }
        Ok(matches)
    }
}

impl Pattern for BudgetedPattern<'_> {
    /// Divides `inside` into matches and the parts between them.
    fn find_matches(&self, inside: &str) -> tokenizers::Result<Vec<(Offsets, bool)>> {
        // As `tokenizers` does, an empty text is one part without a match.
        if inside.is_empty() {
            return Ok(vec![((0, 0), false)]);
        }
        let mut parts = Vec::new();
        let mut end_of_last = 0;
        for (start, end) in self.matches(inside)? {
            if end_of_last != start {
                parts.push(((end_of_last, start), false));
            }
            parts.push(((start, end), true));
            end_of_last = end;
        }
        if end_of_last != inside.len() {
            parts.push(((end_of_last, inside.len()), false));
        }
        Ok(parts)
    }
}
