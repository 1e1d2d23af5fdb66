//! The scores of BM25 (Robertson and Zaragoza, "The probabilistic relevance framework: BM25 and beyond",
//! 2009) as fixed-point numbers.

#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use crate::Cpu;
use crate::simd::{Integers, Kernel, LANES};

/// The number of fixed-point units in 1.
const SCALE: f64 = 4_294_967_296.0;

/// The factors of the score of a row for one term.
///
/// With f the number of times that the row has the term, each weighted by its field, and |d| the number
/// of terms of the row, the score is `factor / (1 + (base + per_term · |d|) / f)`. It is rounded to the
/// nearest multiple of 2⁻³², at least 2⁻³² and below 2²⁰.
///
/// It never falls if a frequency rises or the length falls, rounding included, because each step is a
/// monotonic function that is rounded correctly.
#[derive(Clone, Copy, Debug)]
pub struct Bm25 {
    /// The idf, times k₁ + 1.
    pub factor: f64,
    /// The weights of the two fields.
    pub weights: [f64; 2],
    /// k₁ · (1 − b).
    pub base: f64,
    /// k₁ · b / a, with a the average length of a row.
    pub per_term: f64,
}

impl Bm25 {
    /// Returns the score of a row of `length` terms, in units of 2⁻³².
    #[inline(always)]
    pub fn score(&self, frequencies: [u32; 2], length: u32) -> u64 {
        let [first, second] = frequencies.map(f64::from);
        self.score_of_weighted(self.weights[0] * first + self.weights[1] * second, length)
    }

    /// Returns the score of a row whose weighted frequency is known; it may be infinite.
    #[inline(always)]
    pub fn score_of_weighted(&self, frequency: f64, length: u32) -> u64 {
        let norm = self.base + self.per_term * f64::from(length);
        let score = self.factor / (1.0 + norm / frequency);
        round(score * SCALE)
    }
}

/// Rounds a positive number to the nearest integer, halves up; to 1 if it is less, and to 2⁵² − 1 if it
/// is more.
///
/// These steps exist as vector instructions at every level, other than conversions to integers of 64 bits.
#[inline(always)]
fn round(x: f64) -> u64 {
    /// 2⁵². The numbers from this to twice this are the integers.
    const MAGIC: f64 = 4_503_599_627_370_496.0;
    let x = (x + 0.5).min(MAGIC - 1.0);
    let nearest = (x + MAGIC) - MAGIC;
    let below = if nearest > x { nearest - 1.0 } else { nearest };
    (below.max(1.0) + MAGIC).to_bits() - MAGIC.to_bits()
}

impl Cpu {
    /// Adds the score of each of `rows` to its element of `scores`. `frequencies` has the frequencies of
    /// the rows in each field, and `lengths` the length of each row that `scores` has, little-endian. The
    /// first element of `scores` and `lengths` is of the row `first`.
    ///
    /// # Panics
    ///
    /// Panics if the sizes do not fit, or if `scores` has no element for a row.
    pub fn add_bm25(
        self,
        terms: &Bm25,
        rows: &[u32],
        frequencies: [&[u32]; 2],
        first: u32,
        lengths: &[[u8; 4]],
        scores: &mut [u64],
    ) {
        assert!(
            frequencies.iter().all(|field| field.len() == rows.len()),
            "frequencies must be [2, rows]"
        );
        assert_eq!(lengths.len(), scores.len(), "each score has a length");
        self.run(AddBm25 {
            terms,
            rows,
            frequencies,
            first,
            lengths,
            scores,
        });
    }

    /// Returns the number of values that are at least `min`.
    pub fn count_at_least(self, values: &[u64], min: u64) -> usize {
        self.run(CountAtLeast { values, min })
    }

    /// Appends to `positions` the positions of the values that are at least `min`, in ascending order.
    pub fn positions_at_least(self, values: &[u64], min: u64, positions: &mut Vec<u32>) {
        self.run(PositionsAtLeast {
            values,
            min,
            positions,
        });
    }
}

struct AddBm25<'a> {
    terms: &'a Bm25,
    rows: &'a [u32],
    frequencies: [&'a [u32]; 2],
    first: u32,
    lengths: &'a [[u8; 4]],
    scores: &'a mut [u64],
}

impl Kernel for AddBm25<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Integers>(mut self, _: S) {
        let (chunks, last) = self.rows.as_chunks::<LANES>();
        for (number, rows) in chunks.iter().enumerate() {
            let chunk = |field: &[u32]| {
                let mut chunk = [0; LANES];
                chunk.copy_from_slice(&field[number * LANES..][..LANES]);
                chunk
            };
            let frequencies = self.frequencies.map(chunk);
            self.add(rows, frequencies);
        }
        let done = chunks.len() * LANES;
        for (i, row) in (done..).zip(last) {
            let position = (row - self.first) as usize;
            let length = u32::from_le_bytes(self.lengths[position]);
            let frequencies = self.frequencies.map(|field| field[i]);
            self.scores[position] += self.terms.score(frequencies, length);
        }
    }
}

impl AddBm25<'_> {
    /// Adds the scores of some rows. The loop that computes them has no branches, so that the compiler
    /// turns it into vector instructions.
    #[inline(always)]
    fn add(&mut self, rows: &[u32; LANES], frequencies: [[u32; LANES]; 2]) {
        let mut lengths = [0; LANES];
        for (length, row) in lengths.iter_mut().zip(rows) {
            *length = u32::from_le_bytes(self.lengths[(row - self.first) as usize]);
        }
        let mut scores = [0; LANES];
        for (i, score) in scores.iter_mut().enumerate() {
            let frequencies = [frequencies[0][i], frequencies[1][i]];
            *score = self.terms.score(frequencies, lengths[i]);
        }
        for (row, score) in rows.iter().zip(scores) {
            self.scores[(row - self.first) as usize] += score;
        }
    }
}

struct CountAtLeast<'a> {
    values: &'a [u64],
    min: u64,
}

impl Kernel for CountAtLeast<'_> {
    type Output = usize;

    #[inline(always)]
    fn run<S: Integers>(self, _: S) -> usize {
        let counts = self
            .values
            .iter()
            .map(|value| usize::from(*value >= self.min));
        counts.sum()
    }
}

struct PositionsAtLeast<'a> {
    values: &'a [u64],
    min: u64,
    positions: &'a mut Vec<u32>,
}

impl Kernel for PositionsAtLeast<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Integers>(self, _: S) {
        let mut found = [0; LANES];
        let mut first = 0;
        for chunk in self.values.chunks(LANES) {
            let is_at_least = |value: &u64| *value >= self.min;
            // Few values are.
            if chunk
                .iter()
                .fold(false, |any, value| any | is_at_least(value))
            {
                let mut count = 0;
                for (position, value) in (first..).zip(chunk) {
                    found[count] = position;
                    count += usize::from(is_at_least(value));
                }
                self.positions.extend_from_slice(&found[..count]);
            }
            first += 16;
        }
    }
}

#[cfg(test)]
mod tests {
    use cognate_testing::Numbers;

    use super::*;

    const TERMS: Bm25 = Bm25 {
        factor: 7.7,
        weights: [3.0, 1.0],
        base: 0.3,
        per_term: 0.9 / 150.0,
    };

    /// Computes the exact score to the precision of f64, as a number.
    fn reference(frequencies: [u32; 2], length: u32) -> f64 {
        let f = 3.0 * f64::from(frequencies[0]) + f64::from(frequencies[1]);
        7.7 * f / (f + 0.3 + 0.006 * f64::from(length))
    }

    #[test]
    fn every_level_adds_the_scores_of_single_rows() {
        let mut numbers = Numbers::new(5);
        for count in [0, 1, 2, 15, 16, 17, 128, 300] {
            let mut row = 1000;
            let mut gap = || {
                row += 1 + numbers.below(4);
                row
            };
            let rows: Vec<u32> = (0..count).map(|_| gap()).collect();
            let mut column = |most| {
                (0..count)
                    .map(|_| numbers.below(most))
                    .collect::<Vec<u32>>()
            };
            let (first, second) = (column(3), column(500));
            let second: Vec<u32> = second
                .iter()
                .zip(&first)
                .map(|(b, a)| b + u32::from(*a == 0))
                .collect();
            let lengths: Vec<[u8; 4]> = (0..1400)
                .map(|_| numbers.below(70_000).to_le_bytes())
                .collect();
            let before: Vec<u64> = (0..1400).map(|i| i * i).collect();
            let mut expected = before.clone();
            for (i, row) in rows.iter().enumerate() {
                let position = *row as usize - 900;
                let (frequencies, length) =
                    ([first[i], second[i]], u32::from_le_bytes(lengths[position]));
                let score = TERMS.score(frequencies, length);
                let exact = reference(frequencies, length);
                assert!((to_float(score) - exact).abs() < 1e-9, "{score} {exact}");
                expected[position] += score;
            }
            for cpu in Cpu::available() {
                let mut scores = before.clone();
                cpu.add_bm25(&TERMS, &rows, [&first, &second], 900, &lengths, &mut scores);
                assert_eq!(scores, expected, "{cpu:?}");
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "scores are far below 2^52")]
    fn to_float(score: u64) -> f64 {
        score as f64 / SCALE
    }

    #[test]
    fn rounds_halves_up() {
        let numbers = [
            0.0,
            0.4,
            0.5,
            1.499,
            1.5,
            2.5,
            3.5,
            1e9 + 0.5,
            4.4e15,
            4.5e15 + 0.5,
        ];
        let expected = [
            1,
            1,
            1,
            1,
            2,
            3,
            4,
            1_000_000_001,
            4_400_000_000_000_000,
            4_500_000_000_000_001,
        ];
        assert_eq!(numbers.map(round), expected);
        for x in [
            4_503_599_627_370_495.0,
            4_503_599_627_370_496.0,
            1e300,
            f64::INFINITY,
        ] {
            assert_eq!(round(x), (1 << 52) - 1);
        }
        let mut numbers = Numbers::new(7);
        for _ in 0..10_000 {
            let x = f64::from(numbers.below(u32::MAX)) * f64::from(numbers.below(1000)) / 64.0;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "fits"
            )]
            let expected = ((x + 0.5) as u64).max(1);
            assert_eq!(round(x), expected, "{x}");
        }
    }

    #[test]
    fn scores_saturate_and_are_never_0() {
        let none = Bm25 {
            factor: 1e-300,
            ..TERMS
        };
        assert_eq!(none.score([0, 1], 9), 1);
        let huge = Bm25 {
            factor: 1e300,
            ..TERMS
        };
        assert_eq!(huge.score([0, 1], 9), (1 << 52) - 1);
        assert!(TERMS.score_of_weighted(f64::INFINITY, 9) > TERMS.score([9999, 9999], 9));
    }

    #[test]
    fn every_level_finds_the_positions_of_large_values() {
        let mut numbers = Numbers::new(6);
        for count in [0, 1, 15, 16, 17, 100, 1000] {
            let values: Vec<u64> = (0..count)
                .map(|_| u64::from(numbers.below(40)) << 40)
                .collect();
            for min in [0, 1, 5 << 40, (38 << 40) + 1, u64::MAX] {
                let all = (0..).zip(&values);
                let expected: Vec<u32> = all.filter(|(_, v)| **v >= min).map(|(i, _)| i).collect();
                for cpu in Cpu::available() {
                    assert_eq!(cpu.count_at_least(&values, min), expected.len());
                    let mut found = vec![77];
                    cpu.positions_at_least(&values, min, &mut found);
                    assert_eq!(found[1..], expected, "{cpu:?}");
                }
            }
        }
    }
}
