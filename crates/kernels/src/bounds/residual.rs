//! Closer bounds of some dot products, from the dimensions that panels leave out.

#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use bytemuck::cast_slice;

use super::{CodeQueries, Reached};
use crate::Cpu;
use crate::fetch::fetch;
use crate::simd::{IntegerKernel, Integers, LANES};

/// What panels leave out of rows, in 8 bits, row by row.
///
/// A row is `pairs / 2 + 2` words of 32 bits: the codes, `[pairs, 2]` bytes, then its scale and its
/// lift as f32.
#[derive(Clone, Copy, Debug)]
pub struct CodeRests<'a> {
    words: &'a [f32],
    pairs: usize,
}

impl<'a> CodeRests<'a> {
    /// The number of pairs is a multiple of this.
    pub const PAIRS: usize = LANES;

    /// Words of a row of so many pairs.
    pub const fn row_len(pairs: usize) -> usize {
        pairs / 2 + 2
    }

    /// Takes `words` for rows.
    ///
    /// # Panics
    ///
    /// When `words` is no whole number of rows, or `pairs` no multiple of [`PAIRS`](Self::PAIRS).
    pub fn new(words: &'a [f32], pairs: usize) -> Self {
        assert_eq!(pairs % Self::PAIRS, 0, "pairs must fill vectors");
        assert_eq!(words.len() % Self::row_len(pairs), 0, "rows must be whole");
        Self { words, pairs }
    }
}

/// How many rows before it is read a row is asked for.
const AHEAD: usize = 8;

impl Cpu {
    /// Adds to each bound what the rest of the row tells, and keeps those that still reach the floor
    /// of their query, in order: `queries` has the rest of each query, `rests` that of each row.
    ///
    /// The products of codes are summed exactly: they must stay below 2³¹, as for
    /// [`reached`](Self::reached). What is added is computed in f32: the slack, by two fused
    /// multiply-adds more, then the sum; every level gives the same bits.
    ///
    /// # Panics
    ///
    /// When the sizes do not fit, or a query or a row does not exist.
    ///
    /// # Complexity
    ///
    /// `reached.len() · pairs` products of pairs.
    pub fn refine(
        self,
        queries: CodeQueries<'_>,
        rests: CodeRests<'_>,
        reached: &mut Vec<Reached>,
    ) {
        assert_eq!(
            queries.words.len(),
            queries.reach.len() * rests.pairs,
            "queries must be [m, pairs]"
        );
        self.run_integers(Refinement {
            queries,
            rests,
            reached,
        });
    }
}

struct Refinement<'a> {
    queries: CodeQueries<'a>,
    rests: CodeRests<'a>,
    reached: &'a mut Vec<Reached>,
}

impl IntegerKernel for Refinement<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Integers>(self, s: S) {
        let pairs = self.rests.pairs;
        let len = CodeRests::row_len(pairs);
        let mut kept = 0;
        for at in 0..self.reached.len() {
            // Rows are read here and there, so that no processor foresees which.
            if let Some(later) = self.reached.get(at + AHEAD) {
                fetch(s, &self.rests.words[later.row as usize * len..][..len]);
            }
            let mut found = self.reached[at];
            let (query, row) = (found.query as usize, found.row as usize);
            let row = &self.rests.words[row * len..][..len];
            let (codes, factors) = row.split_at(pairs / 2);
            let query_words = &self.queries.words[query * pairs..][..pairs];
            let products = sum_of_products(s, query_words, cast_slice(codes));
            let reach = &self.queries.reach[query];
            #[expect(clippy::cast_precision_loss, reason = "the nearest f32 is meant")]
            let products = products as f32 * reach.scale;
            let lift = reach.tail.mul_add(factors[1], reach.slack);
            found.bound += products.mul_add(factors[0], lift);
            // Written in any case: whether it counts, a processor can hardly guess.
            self.reached[kept] = found;
            kept += usize::from(found.bound >= reach.floor);
        }
        self.reached.truncate(kept);
    }
}

/// The sum of the products of pairs of numbers, which must be below 2³¹; both are as long.
#[inline(always)]
#[expect(
    unsafe_code,
    reason = "codes are loaded by a pointer, through references of the right size"
)]
fn sum_of_products<S: Integers>(s: S, query: &[i32], codes: &[i16]) -> i32 {
    let (query, _) = query.as_chunks::<LANES>();
    let (codes, _) = codes.as_chunks::<LANES>();
    let mut sums = s.splat_word(0);
    for (query, codes) in query.iter().zip(codes) {
        // SAFETY: the reference is to 16 pairs of bytes, as many as the load reads.
        let codes = unsafe { s.load_pairs_at(codes.as_ptr()) };
        sums = s.dot_pairs(sums, s.load_words(query), codes);
    }
    let mut words = s.words(sums);
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
    use crate::Reach;
    use crate::testing::numbers;

    /// The same, one number after the other.
    fn plain(queries: CodeQueries<'_>, rests: CodeRests<'_>, reached: &[Reached]) -> Vec<Reached> {
        let (pairs, len) = (rests.pairs, CodeRests::row_len(rests.pairs));
        let refined = reached.iter().map(|found| {
            let row = &rests.words[found.row as usize * len..][..len];
            let codes: &[[i8; 2]] = cast_slice(&row[..pairs / 2]);
            let words = &queries.words[found.query as usize * pairs..][..pairs];
            let products: i32 = words
                .iter()
                .zip(codes)
                .map(|(word, &[a, b])| {
                    i32::from(*word as i16) * i32::from(a) + (word >> 16) * i32::from(b)
                })
                .sum();
            let reach = queries.reach[found.query as usize];
            let lift = reach.tail.mul_add(row[pairs / 2 + 1], reach.slack);
            let more = (products as f32 * reach.scale).mul_add(row[pairs / 2], lift);
            Reached {
                bound: found.bound + more,
                ..*found
            }
        });
        let floor = |found: &Reached| queries.reach[found.query as usize].floor;
        refined
            .filter(|found| found.bound >= floor(found))
            .collect()
    }

    /// Words of two 16-bit numbers each.
    fn words(seed: u64, len: usize, top: f32) -> Vec<i32> {
        let halves = numbers(seed, 2 * len);
        let halves = halves.as_chunks::<2>().0.iter();
        let half = |x: f32| i32::from((x * top) as i16);
        halves
            .map(|&[a, b]| half(a) & 0xffff | half(b) << 16)
            .collect()
    }

    #[test]
    fn every_level_equals_the_plain_twin() {
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
            // As large as they may be, so that sums are.
            let top = (i32::MAX as usize / (127 * 2 * pairs)).min(32_767) as f32;
            let words = words(7, m * pairs, top);
            let reach = numbers(9, 4 * m);
            let reach: Vec<Reach> = reach
                .as_chunks::<4>()
                .0
                .iter()
                .map(|&[scale, tail, slack, floor]| Reach {
                    scale: scale * 1e-6,
                    head: f32::NAN,
                    tail,
                    slack,
                    floor,
                })
                .collect();
            let queries = CodeQueries {
                words: &words,
                reach: &reach,
            };
            let rests = CodeRests::new(&values, pairs);
            // Every pair, some twice, in no order.
            let reached: Vec<Reached> = numbers(11, 3 * m * rows as usize)
                .iter()
                .enumerate()
                .map(|(i, bound)| Reached {
                    query: (i * 7 % m) as u32,
                    row: (i * 11 / m % rows as usize) as u32,
                    bound: *bound,
                })
                .collect();
            let expected = plain(queries, rests, &reached);
            assert!(
                m == 1 || (1..reached.len()).contains(&expected.len()),
                "{pairs}"
            );
            for cpu in Cpu::available() {
                let mut found = reached.clone();
                cpu.refine(queries, rests, &mut found);
                assert_eq!(found, expected, "{cpu:?} {pairs} {m}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "rows must be whole")]
    fn part_of_a_row_is_none() {
        CodeRests::new(&[0.0; 9], 16);
    }
}
