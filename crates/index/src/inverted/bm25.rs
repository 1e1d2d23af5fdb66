//! The score of a row for the terms that it has: BM25 (Robertson and Zaragoza, "The probabilistic relevance
//! framework: BM25 and beyond", 2009), with k₁ = 1.2 and b = 0.75.
//!
//! For a phrase that n of N rows have, with f the number of its occurrences in a row, each weighted by its
//! field, and |d| the number of terms of the row, whose average is a, the score is
//!
//! `idf · f · (k₁ + 1) / (f + k₁ · (1 − b + b · |d| / a))` with `idf = ln((N − n + ½) / (n + ½))`,
//!
//! where an idf below 10⁻⁶ counts as that. These are the scores of FTS5, the full-text search of `SQLite`.
//!
//! Scores are sums of fixed-point numbers, so that no order of summation changes them, and equal
//! whatever the segments and threads.

use cognate_kernels::Bm25;

const K1: f64 = 1.2;
const B: f64 = 0.75;

/// The lowest idf: the one of phrases that about half of the rows have, or more.
const MIN_IDF: f64 = 1e-6;

/// The number of fixed-point units in 1.
const SCALE: f64 = 4_294_967_296.0;

/// What scores depend on besides the rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statistics {
    /// The number of rows.
    pub(super) rows: u64,
    /// The number of terms of all rows.
    pub(super) terms: u64,
    /// The weights of the fields.
    pub(super) weights: [f64; 2],
}

/// Scores the rows that have one phrase of a query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scorer {
    pub(super) terms: Bm25,
}

/// A score in units of 2⁻³².
pub(super) type FixedScore = u64;

/// Converts a score to the nearest floating-point number.
pub(super) fn to_float(score: FixedScore) -> f64 {
    count(score) / SCALE
}

#[expect(
    clippy::cast_precision_loss,
    reason = "scores and numbers of terms are far below 2^52"
)]
fn count(number: u64) -> f64 {
    number as f64
}

impl Scorer {
    /// Makes a scorer for a phrase that `found` rows have and that is searched for `times` times.
    pub(super) fn new(statistics: &Statistics, found: u64, times: u32) -> Self {
        let (rows, found) = (count(statistics.rows), count(found));
        let idf = ((rows - found + 0.5) / (found + 0.5)).ln().max(MIN_IDF);
        let average = count(statistics.terms) / rows.max(1.0);
        let terms = Bm25 {
            factor: f64::from(times) * idf * (K1 + 1.0),
            weights: statistics.weights,
            base: K1 * (1.0 - B),
            per_term: K1 * B / average.max(f64::MIN_POSITIVE),
        };
        Self { terms }
    }

    /// Returns the score of a row of `length` terms, which is above 0.
    ///
    /// It never falls if a frequency rises or the length falls. The score of the highest frequencies and
    /// the shortest length of several rows is thus an upper bound of their scores.
    #[inline]
    pub(super) fn score(&self, frequencies: [u32; 2], length: u32) -> FixedScore {
        self.terms.score(frequencies, length)
    }

    /// Returns an upper bound of the scores of rows with at most these frequencies, where `None` is any,
    /// and at least this length.
    pub(super) fn bound(&self, highest: [Option<u8>; 2], shortest: u16) -> FixedScore {
        match highest {
            [Some(first), Some(second)] => {
                self.score([first.into(), second.into()], shortest.into())
            }
            _ => self.terms.score_of_weighted(f64::INFINITY, shortest.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STATISTICS: Statistics = Statistics {
        rows: 1000,
        terms: 150_000,
        weights: [3.0, 1.0],
    };

    #[test]
    fn agrees_with_the_formula() {
        let scorer = Scorer::new(&STATISTICS, 30, 2);
        let idf = (970.5_f64 / 30.5).ln();
        let f = 3.0 * 2.0 + 5.0;
        let expected = 2.0 * idf * f * 2.2 / (f + 1.2 * (0.25 + 0.75 * 200.0 / 150.0));
        let found = to_float(scorer.score([2, 5], 200));
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        let common = to_float(Scorer::new(&STATISTICS, 900, 1).score([0, 5], 200));
        assert!(common > 0.0 && common < 3e-6);
    }

    proptest! {
        #[test]
        fn bounds_are_never_below_a_score(
            found in 1_u64..1000,
            rows in prop::collection::vec((0_u32..400, 0_u32..400, 1_u32..70_000), 1..20),
        ) {
            let scorer = Scorer::new(&STATISTICS, found, 1);
            let rows: Vec<_> = rows.into_iter().map(|(a, b, n)| (a, b + u32::from(a == 0), n)).collect();
            let highest = |of: fn(&(u32, u32, u32)) -> u32| {
                let highest = rows.iter().map(of).max().unwrap();
                u8::try_from(highest).ok().filter(|n| *n < 255)
            };
            let shortest = rows.iter().map(|row| row.2).min().unwrap();
            let shortest = u16::try_from(shortest).unwrap_or(u16::MAX);
            let bound = scorer.bound([highest(|row| row.0), highest(|row| row.1)], shortest);
            for (first, second, length) in rows {
                prop_assert!(scorer.score([first, second], length) <= bound);
            }
        }
    }
}
