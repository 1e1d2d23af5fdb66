#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use bytemuck::cast_slice;

use super::query::{Candidate, QueryCodes};
use crate::Cpu;
use crate::prefetch::prefetch;
use crate::simd::{Integers, Kernel, LANES};

/// The residual dimensions of rows as 8-bit quantized codes: those that
/// [`LeadingCodes`](crate::LeadingCodes) leave out, row by row.
///
/// A row is `pairs / 2 + 2` words of 32 bits: the codes, `[pairs, 2]` bytes, then in f32 its scale and
/// its bound correction, which replaces the residual norm of the first pass by the quantization error
/// of the residual dimensions.
#[derive(Clone, Copy, Debug)]
pub struct ResidualCodes<'a> {
    words: &'a [f32],
    pairs: usize,
}

impl<'a> ResidualCodes<'a> {
    /// The number of pairs of a row is a multiple of this number.
    pub const PAIR_MULTIPLE: usize = LANES;

    /// Returns the number of words of a row of `pairs` pairs.
    pub const fn row_len(pairs: usize) -> usize {
        pairs / 2 + 2
    }

    /// Interprets `words` as rows.
    ///
    /// # Panics
    ///
    /// Panics if `words` is not a whole number of rows, or if `pairs` is not a multiple of
    /// [`PAIR_MULTIPLE`](Self::PAIR_MULTIPLE).
    pub fn new(words: &'a [f32], pairs: usize) -> Self {
        assert_eq!(pairs % Self::PAIR_MULTIPLE, 0, "pairs must fill vectors");
        assert_eq!(words.len() % Self::row_len(pairs), 0, "rows must be whole");
        Self { words, pairs }
    }
}

/// The number of rows between the one that is prefetched and the one that is read.
const PREFETCH_DISTANCE: usize = 8;

impl Cpu {
    /// Tightens the bound of each candidate by the residual dimensions and keeps the candidates that
    /// still reach the threshold of their query, in order. `queries` and `rows` hold the residual
    /// dimensions of the queries and the rows.
    ///
    /// The sum of the products of codes must stay below 2³¹, and is then exact. The change of the bound
    /// is computed in f32, starting with the slack, by two fused multiply-adds, and then added; every
    /// level gives the same bits.
    ///
    /// # Panics
    ///
    /// Panics if the sizes do not fit, or if a candidate names a query or a row that does not exist.
    ///
    /// # Complexity
    ///
    /// `candidates.len() · pairs` products of pairs.
    pub fn refine(
        self,
        queries: QueryCodes<'_>,
        rows: ResidualCodes<'_>,
        candidates: &mut Vec<Candidate>,
    ) {
        assert_eq!(
            queries.words.len(),
            queries.terms.len() * rows.pairs,
            "queries must be [m, pairs]"
        );
        self.run(Refinement {
            queries,
            rows,
            candidates,
        });
    }
}

struct Refinement<'a> {
    queries: QueryCodes<'a>,
    rows: ResidualCodes<'a>,
    candidates: &'a mut Vec<Candidate>,
}

impl Kernel for Refinement<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Integers>(self, s: S) {
        let pairs = self.rows.pairs;
        let len = ResidualCodes::row_len(pairs);
        let mut kept = 0;
        for at in 0..self.candidates.len() {
            // The rows are scattered, so that the processor's own prefetcher cannot predict them.
            if let Some(later) = self.candidates.get(at + PREFETCH_DISTANCE) {
                prefetch(s, &self.rows.words[later.row as usize * len..][..len]);
            }
            let mut candidate = self.candidates[at];
            let (query, row) = (candidate.query as usize, candidate.row as usize);
            let row = &self.rows.words[row * len..][..len];
            let (codes, factors) = row.split_at(pairs / 2);
            let query_words = &self.queries.words[query * pairs..][..pairs];
            let products = sum_of_products(s, query_words, cast_slice(codes));
            let terms = &self.queries.terms[query];
            #[expect(clippy::cast_precision_loss, reason = "the nearest f32 is meant")]
            let products = products as f32 * terms.scale;
            let correction = terms.residual_norm.mul_add(factors[1], terms.slack);
            candidate.bound += products.mul_add(factors[0], correction);
            // Always written, and overwritten if not kept: a branch would be hard to predict.
            self.candidates[kept] = candidate;
            kept += usize::from(candidate.bound >= terms.threshold);
        }
        self.candidates.truncate(kept);
    }
}

/// Returns the sum of the products of pairs of integers, which must be below 2³¹. Both slices have the
/// same length.
#[inline(always)]
#[expect(
    unsafe_code,
    reason = "codes are loaded through the pointer of a reference of the right size"
)]
fn sum_of_products<S: Integers>(s: S, query: &[i32], codes: &[i16]) -> i32 {
    let (query, _) = query.as_chunks::<LANES>();
    let (codes, _) = codes.as_chunks::<LANES>();
    let mut sums = s.splat_word(0);
    for (query, codes) in query.iter().zip(codes) {
        // SAFETY: the reference covers 16 pairs of bytes, all that the load reads.
        let codes = unsafe { s.load_pairs_at(codes.as_ptr()) };
        sums = s.dot_pairs(sums, s.load_words(query), codes);
    }
    let mut words = s.to_words(sums);
    let mut half = LANES / 2;
    while half > 0 {
        for l in 0..half {
            words[l] = words[l].wrapping_add(words[l + half]);
        }
        half /= 2;
    }
    words[0]
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "numbers are made to fit"
)]
mod tests {
    use super::*;
    use crate::BoundTerms;
    use crate::testing::numbers;

    /// Refines the candidates one product after the other.
    fn reference(
        queries: QueryCodes<'_>,
        rows: ResidualCodes<'_>,
        candidates: &[Candidate],
    ) -> Vec<Candidate> {
        let (pairs, len) = (rows.pairs, ResidualCodes::row_len(rows.pairs));
        let refined = candidates.iter().map(|found| {
            let row = &rows.words[found.row as usize * len..][..len];
            let codes: &[[i8; 2]] = cast_slice(&row[..pairs / 2]);
            let words = &queries.words[found.query as usize * pairs..][..pairs];
            let products: i32 = words
                .iter()
                .zip(codes)
                .map(|(word, &[a, b])| {
                    i32::from(*word as i16) * i32::from(a) + (word >> 16) * i32::from(b)
                })
                .sum();
            let terms = queries.terms[found.query as usize];
            let correction = terms.residual_norm.mul_add(row[pairs / 2 + 1], terms.slack);
            let change = (products as f32 * terms.scale).mul_add(row[pairs / 2], correction);
            Candidate {
                bound: found.bound + change,
                ..*found
            }
        });
        let threshold = |found: &Candidate| queries.terms[found.query as usize].threshold;
        refined
            .filter(|found| found.bound >= threshold(found))
            .collect()
    }

    /// Returns words of two 16-bit codes each, with absolute values up to `max_code`.
    fn words(seed: u64, len: usize, max_code: f32) -> Vec<i32> {
        let halves = numbers(seed, 2 * len);
        let halves = halves.as_chunks::<2>().0.iter();
        let half = |x: f32| i32::from((x * max_code) as i16);
        halves
            .map(|&[a, b]| half(a) & 0xffff | half(b) << 16)
            .collect()
    }

    #[test]
    fn every_level_equals_the_reference() {
        for (pairs, rows, m) in [(16, 1, 1), (32, 7, 5), (128, 40, 9), (496, 3, 2)] {
            let mut values = Vec::new();
            for row in 0..rows {
                let codes = numbers(row, pairs * 2);
                let codes: Vec<i8> = codes.iter().map(|x| (x * 127.0) as i8).collect();
                values.extend(
                    codes
                        .as_chunks::<4>()
                        .0
                        .iter()
                        .map(|bytes| f32::from_ne_bytes(bytes.map(i8::cast_unsigned))),
                );
                values.extend(numbers(row + 100, 2));
            }
            // As large as codes may be, so that the sums are large too.
            let max_code = (i32::MAX as usize / (127 * 2 * pairs)).min(32_767) as f32;
            let words = words(7, m * pairs, max_code);
            let terms = numbers(9, 4 * m);
            let terms: Vec<BoundTerms> = terms
                .as_chunks::<4>()
                .0
                .iter()
                .map(|&[scale, residual_norm, slack, threshold]| BoundTerms {
                    scale: scale * 1e-6,
                    leading_norm: f32::NAN,
                    residual_norm,
                    slack,
                    threshold,
                })
                .collect();
            let queries = QueryCodes::new(&words, &terms);
            let residuals = ResidualCodes::new(&values, pairs);
            // Every pair of query and row, some twice, unordered.
            let candidates: Vec<Candidate> = numbers(11, 3 * m * rows as usize)
                .iter()
                .enumerate()
                .map(|(i, bound)| Candidate {
                    query: (i * 7 % m) as u32,
                    row: (i * 11 / m % rows as usize) as u32,
                    bound: *bound,
                })
                .collect();
            let expected = reference(queries, residuals, &candidates);
            assert!(
                m == 1 || (1..candidates.len()).contains(&expected.len()),
                "{pairs}"
            );
            for cpu in Cpu::available() {
                let mut found = candidates.clone();
                cpu.refine(queries, residuals, &mut found);
                assert_eq!(found, expected, "{cpu:?} {pairs} {m}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "rows must be whole")]
    fn an_incomplete_row_panics() {
        ResidualCodes::new(&[0.0; 9], 16);
    }
}
