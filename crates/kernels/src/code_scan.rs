//! Upper bounds of many dot products, from rows in 8 bits.

#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use bytemuck::cast_slice;

mod rest;

pub use rest::CodeRests;

use std::ops::Range;

use crate::Cpu;
use crate::simd::{IntegerKernel, Integers, LANES};
use crate::tile::{CodePairs, Rows, TILE_ROWS, tile, tiles};

/// Rows in 8 bits, 16 to a panel, each with what bounds its error.
///
/// A panel is `pairs · 8 + 48` words of 32 bits: the codes, `[pairs, 16, 2]` bytes, then 16 scales,
/// 16 errors and 16 tails as f32.
#[derive(Clone, Copy, Debug)]
pub struct CodePanels<'a> {
    words: &'a [f32],
    pairs: usize,
}

impl<'a> CodePanels<'a> {
    /// Rows of a panel.
    pub const ROWS: usize = LANES;

    /// Words of a panel, for rows of so many pairs of codes.
    pub const fn panel_len(pairs: usize) -> usize {
        pairs * LANES / 2 + 3 * LANES
    }

    /// Takes `words` for panels.
    ///
    /// # Panics
    ///
    /// When `words` is no whole number of panels.
    pub fn new(words: &'a [f32], pairs: usize) -> Self {
        assert_eq!(
            words.len() % Self::panel_len(pairs),
            0,
            "panels must be whole"
        );
        Self { words, pairs }
    }

    /// The panels of some rows, the last one whole; rows that there are not are left out.
    ///
    /// # Panics
    ///
    /// When the first row is not the first of a panel.
    #[must_use]
    pub fn of_rows(self, rows: Range<usize>) -> Self {
        assert_eq!(rows.start % Self::ROWS, 0, "panels must be whole");
        let len = Self::panel_len(self.pairs);
        let end = (rows.end.div_ceil(Self::ROWS) * len).min(self.words.len());
        let start = (rows.start / Self::ROWS * len).min(end);
        let words = &self.words[start..end];
        Self { words, ..self }
    }
}

/// Some queries, as whole numbers.
#[derive(Clone, Copy, Debug)]
pub struct CodeQueries<'a> {
    /// `[m, pairs]`: two 16-bit numbers each, the first one in the lower half.
    pub words: &'a [i32],
    /// What bounds the dot products of each, `[m]`.
    pub reach: &'a [Reach],
}

/// How the bound of one query comes from what is known of a row. By [`reached`](Cpu::reached) it is
/// `(scale · products) · row_scale + head · row_error + tail · row_tail + slack`; by
/// [`refine`](Cpu::refine) `(scale · products) · row_scale + tail · row_lift + slack` is added to it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reach {
    /// The step of the query's numbers.
    pub scale: f32,
    /// By what the error of a row is multiplied.
    pub head: f32,
    /// By what the tail of a row is multiplied.
    pub tail: f32,
    /// What is added.
    pub slack: f32,
    /// Rows whose bound is below are passed over.
    pub floor: f32,
}

/// A row whose bound is not below the floor of a query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reached {
    /// The query, from 0.
    pub query: u32,
    /// The row, from 0.
    pub row: u32,
    /// The bound.
    pub bound: f32,
}

impl Cpu {
    /// Appends to `out`, for each query and each row of the panels, those whose bound reaches the
    /// floor of the query; panel by panel, and query by query in it. No factor may be NaN.
    ///
    /// The products of codes are summed exactly: they must stay below 2³¹, so for codes of ±127
    /// those of a query may be `2³¹ / (127 · 2 · pairs)`. The bound is then computed in f32, by three
    /// fused multiply-adds from the slack on; every level gives the same bits.
    ///
    /// # Panics
    ///
    /// When the sizes do not fit.
    ///
    /// # Complexity
    ///
    /// `m · rows · pairs` products of pairs.
    pub fn reached(self, queries: CodeQueries<'_>, panels: CodePanels<'_>, out: &mut Vec<Reached>) {
        assert_eq!(
            queries.words.len(),
            queries.reach.len() * panels.pairs,
            "queries must be [m, pairs]"
        );
        self.run_integers(Scan {
            queries,
            panels,
            out,
        });
    }
}

struct Scan<'a> {
    queries: CodeQueries<'a>,
    panels: CodePanels<'a>,
    out: &'a mut Vec<Reached>,
}

impl IntegerKernel for Scan<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Integers>(mut self, s: S) {
        let len = CodePanels::panel_len(self.panels.pairs);
        for (panel, words) in self.panels.words.chunks_exact(len).enumerate() {
            for queries in tiles(0..self.queries.reach.len()) {
                match queries.len() {
                    1 => self.tile::<S, 1>(s, panel, words, queries.start),
                    2 => self.tile::<S, 2>(s, panel, words, queries.start),
                    3 => self.tile::<S, 3>(s, panel, words, queries.start),
                    4 => self.tile::<S, 4>(s, panel, words, queries.start),
                    5 => self.tile::<S, 5>(s, panel, words, queries.start),
                    _ => self.tile::<S, TILE_ROWS>(s, panel, words, queries.start),
                }
            }
        }
    }
}

impl Scan<'_> {
    #[inline(always)]
    fn tile<S: Integers, const R: usize>(
        &mut self,
        s: S,
        panel: usize,
        words: &[f32],
        query: usize,
    ) {
        let pairs = self.panels.pairs;
        let (codes, factors) = words.split_at(pairs * LANES / 2);
        let queries = Rows {
            values: self.queries.words,
            stride: pairs,
        };
        let zeros = [[s.splat_word(0)]; R];
        let codes: &[i16] = cast_slice(codes);
        let sums = tile::<S, CodePairs, R, 1>(s, zeros, queries.from(query), pairs, codes, &[]);
        let (factors, _) = factors.as_chunks::<LANES>();
        let [scales, errors, tails] = [0, 1, 2].map(|i| &factors[i]);
        for (r, [sums]) in sums.into_iter().enumerate() {
            let reach = &self.queries.reach[query + r];
            let tail = s.fma(s.splat(reach.tail), s.load(tails), s.splat(reach.slack));
            let error = s.fma(s.splat(reach.head), s.load(errors), tail);
            let products = s.mul(s.to_float(sums), s.splat(reach.scale));
            let bounds = s.fma(products, s.load(scales), error);
            if s.any_at_least(bounds, reach.floor) {
                self.keep(query + r, panel, s.to_array(bounds), reach.floor);
            }
        }
    }

    /// Rare, so not inlined.
    #[inline(never)]
    fn keep(&mut self, query: usize, panel: usize, bounds: [f32; LANES], floor: f32) {
        for (lane, bound) in bounds.into_iter().enumerate() {
            if bound >= floor {
                self.out.push(Reached {
                    query: u32::try_from(query).unwrap_or(u32::MAX),
                    row: u32::try_from(panel * LANES + lane).unwrap_or(u32::MAX),
                    bound,
                });
            }
        }
    }
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "numbers are made to fit"
)]
mod tests {
    use super::*;
    use crate::testing::numbers;

    /// The same, one row after the other.
    fn plain(queries: CodeQueries<'_>, panels: CodePanels<'_>) -> Vec<Reached> {
        let pairs = panels.pairs;
        let mut found = Vec::new();
        for (panel, words) in panels
            .words
            .chunks(CodePanels::panel_len(pairs))
            .enumerate()
        {
            let codes: &[[i8; 2]] = cast_slice(&words[..pairs * 8]);
            let factors = &words[pairs * 8..];
            for (query, reach) in queries.reach.iter().enumerate() {
                for lane in 0..LANES {
                    let products: i32 = (0..pairs)
                        .map(|p| {
                            let word = queries.words[query * pairs + p];
                            let [a, b] = codes[p * LANES + lane].map(i32::from);
                            i32::from(word as i16) * a + (word >> 16) * b
                        })
                        .sum();
                    let [scale, error, tail] = [0, 1, 2].map(|i| factors[i * LANES + lane]);
                    let rest = reach.tail.mul_add(tail, reach.slack);
                    let rest = reach.head.mul_add(error, rest);
                    let bound = (products as f32 * reach.scale).mul_add(scale, rest);
                    if bound >= reach.floor {
                        found.push(Reached {
                            query: query as u32,
                            row: (panel * LANES + lane) as u32,
                            bound,
                        });
                    }
                }
            }
        }
        found
    }

    #[test]
    fn every_level_equals_the_plain_twin() {
        for (pairs, panels, m) in [(1, 1, 1), (5, 2, 7), (16, 3, 13), (33, 1, 2), (64, 2, 6)] {
            let mut words = Vec::new();
            for panel in 0..panels {
                let codes = numbers(panel, pairs * 2 * LANES);
                let codes: Vec<i8> = codes.iter().map(|x| (x * 127.0) as i8).collect();
                words.extend_from_slice(cast_slice::<i8, f32>(&codes));
                words.extend(numbers(panel + 100, 3 * LANES));
            }
            let codes: Vec<i32> = numbers(7, m * pairs)
                .iter()
                .zip(numbers(8, m * pairs))
                .map(|(a, b)| {
                    (i32::from((a * 32767.0) as i16) & 0xffff)
                        | (i32::from((b * 32767.0) as i16) << 16)
                })
                .collect();
            let reach: Vec<Reach> = numbers(9, 5 * m)
                .as_chunks::<5>()
                .0
                .iter()
                .map(|&[scale, head, tail, slack, floor]| Reach {
                    scale: scale * 1e-6,
                    head,
                    tail,
                    slack,
                    floor,
                })
                .collect();
            let queries = CodeQueries {
                words: &codes,
                reach: &reach,
            };
            let panels = CodePanels::new(&words, pairs);
            let expected = plain(queries, panels);
            let all = m * panels.words.len() / CodePanels::panel_len(pairs) * LANES;
            assert!(m == 1 || (1..all).contains(&expected.len()), "{pairs} {m}");
            for cpu in Cpu::available() {
                let mut found = Vec::new();
                cpu.reached(queries, panels, &mut found);
                assert_eq!(found, expected, "{cpu:?} {pairs} {m}");
            }
        }
    }
}
