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
use crate::simd::{GROUP, IntegerKernel, Integers, LANES, PAIR_TOP};
use crate::tile::{Codes, Rows, TILE_ROWS, at_height, tile, tiles};

/// Rows in 8 bits, 16 to a panel, each with what bounds its error.
///
/// A panel is `groups · 16 + 64` words of 32 bits: the codes, `[groups, 16, 4]` bytes; what the sums
/// of products begin with, 16 whole numbers of 32 bits, each −128 times the sum of the codes of a row;
/// then 16 scales, 16 errors and 16 tails as f32.
#[derive(Clone, Copy, Debug)]
pub struct CodePanels<'a> {
    words: &'a [f32],
    groups: usize,
}

impl<'a> CodePanels<'a> {
    /// Rows of a panel.
    pub const ROWS: usize = LANES;

    /// Codes of a group.
    pub const GROUP: usize = GROUP;

    /// The most that a code and the one behind it may sum to, the first and the second of a group or
    /// the third and the fourth, if they have one sign: the products with two numbers up to 255 are
    /// summed in 16 bits where there is no VNNI.
    pub const PAIR_TOP: i32 = PAIR_TOP;

    /// What is added to the numbers of queries, so that none is below 0.
    pub const OFFSET: i32 = 128;

    /// Words of a panel, for rows of so many groups of codes.
    pub const fn panel_len(groups: usize) -> usize {
        (groups + 4) * LANES
    }

    /// Takes `words` for panels.
    ///
    /// # Panics
    ///
    /// When `words` is no whole number of panels.
    pub fn new(words: &'a [f32], groups: usize) -> Self {
        assert_eq!(
            words.len() % Self::panel_len(groups),
            0,
            "panels must be whole"
        );
        Self { words, groups }
    }

    /// The panels of some rows, the last one whole; rows that there are not are left out.
    ///
    /// # Panics
    ///
    /// When the first row is not the first of a panel.
    #[must_use]
    pub fn of_rows(self, rows: Range<usize>) -> Self {
        assert_eq!(rows.start % Self::ROWS, 0, "panels must be whole");
        let len = Self::panel_len(self.groups);
        let end = (rows.end.div_ceil(Self::ROWS) * len).min(self.words.len());
        let start = (rows.start / Self::ROWS * len).min(end);
        let words = &self.words[start..end];
        Self { words, ..self }
    }
}

/// Some queries, as whole numbers.
#[derive(Clone, Copy, Debug)]
pub struct CodeQueries<'a> {
    /// For [`reached`](Cpu::reached) `[m, groups]`, four numbers of −127 to 127 each, with
    /// [`OFFSET`](CodePanels::OFFSET) added, the first in the lowest byte; for [`refine`](Cpu::refine)
    /// `[m, pairs]`, two of 16 bits each, the first in the lower half.
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
    /// The products of codes are summed exactly, as long as pairs of codes keep to
    /// [`PAIR_TOP`](CodePanels::PAIR_TOP). The bound is then computed in f32, by three fused
    /// multiply-adds from the slack on; every level gives the same bits.
    ///
    /// # Panics
    ///
    /// When the sizes do not fit.
    ///
    /// # Complexity
    ///
    /// `m · rows · groups` products of groups.
    pub fn reached(self, queries: CodeQueries<'_>, panels: CodePanels<'_>, out: &mut Vec<Reached>) {
        assert_eq!(
            queries.words.len(),
            queries.reach.len() * panels.groups,
            "queries must be [m, groups]"
        );
        let m = queries.reach.len();
        self.run_integers(Scan {
            queries,
            panels,
            bounds: vec![[0.0; LANES]; m],
            lanes: vec![[0; WORD_QUERIES]; m.div_ceil(WORD_QUERIES)],
            words: vec![0; m.div_ceil(WORD_QUERIES)],
            out,
        });
    }
}

/// Queries whose lanes make a word of 64 bits.
const WORD_QUERIES: usize = 4;

struct Scan<'a> {
    queries: CodeQueries<'a>,
    panels: CodePanels<'a>,
    /// Those of one panel, `[m]`, and which of them reach the floor.
    bounds: Vec<[f32; LANES]>,
    lanes: Vec<[u16; WORD_QUERIES]>,
    /// Memory for the numbers of words that have any lane.
    words: Vec<usize>,
    out: &'a mut Vec<Reached>,
}

impl IntegerKernel for Scan<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Integers>(mut self, s: S) {
        let len = CodePanels::panel_len(self.panels.groups);
        for (panel, words) in self.panels.words.chunks_exact(len).enumerate() {
            for queries in tiles(0..self.queries.reach.len(), TILE_ROWS) {
                at_height!(queries.len(), false, R => {
                    self.tile::<S, R>(s, words, queries.start);
                });
            }
            self.keep(panel);
        }
    }
}

impl Scan<'_> {
    #[inline(always)]
    fn tile<S: Integers, const R: usize>(&mut self, s: S, words: &[f32], query: usize) {
        let groups = self.panels.groups;
        let (codes, factors) = words.split_at(groups * LANES);
        let queries = Rows {
            values: self.queries.words,
            stride: groups,
            step: 1,
        };
        let (starts, factors) = factors.split_at(LANES);
        let (starts, _) = cast_slice::<f32, i32>(starts).as_chunks();
        let starts = [[s.load_words(&starts[0])]; R];
        let codes: &[i32] = cast_slice(codes);
        let sums = tile::<S, Codes, R, 1>(s, starts, queries.from(query), groups, codes, &[]);
        let (factors, _) = factors.as_chunks::<LANES>();
        let [scales, errors, tails] = [0, 1, 2].map(|i| &factors[i]);
        let reach = &self.queries.reach[query..][..R];
        let out = self.bounds[query..][..R]
            .iter_mut()
            .zip(&mut self.lanes.as_flattened_mut()[query..][..R]);
        for (([sums], reach), (out, lanes)) in sums.into_iter().zip(reach).zip(out) {
            let tail = s.fma(s.splat(reach.tail), s.load(tails), s.splat(reach.slack));
            let error = s.fma(s.splat(reach.head), s.load(errors), tail);
            let products = s.mul(s.to_float(sums), s.splat(reach.scale));
            let bounds = s.fma(products, s.load(scales), error);
            s.store(bounds, out);
            *lanes = s.at_least(bounds, reach.floor);
        }
    }

    /// Once a panel, and with few branches: which rows are kept, no processor foresees.
    #[inline(never)]
    fn keep(&mut self, panel: usize) {
        let mut count = 0;
        for (word, lanes) in self.lanes.iter().enumerate() {
            self.words[count] = word;
            count += usize::from(*lanes != [0; WORD_QUERIES]);
        }
        for &word in &self.words[..count] {
            let lanes = self.lanes[word].iter().rev();
            let mut lanes = lanes.fold(0u64, |word, lanes| word << LANES | u64::from(*lanes));
            while lanes != 0 {
                let bit = lanes.trailing_zeros() as usize;
                lanes &= lanes - 1;
                let (query, lane) = (word * WORD_QUERIES + bit / LANES, bit % LANES);
                self.out.push(Reached {
                    query: u32::try_from(query).unwrap_or(u32::MAX),
                    row: u32::try_from(panel * LANES + lane).unwrap_or(u32::MAX),
                    bound: self.bounds[query][lane],
                });
            }
        }
    }
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers are made to fit"
)]
mod tests {
    use super::*;
    use crate::testing::numbers;

    /// The same, one row after the other.
    fn plain(queries: CodeQueries<'_>, panels: CodePanels<'_>) -> Vec<Reached> {
        let groups = panels.groups;
        let mut found = Vec::new();
        for (panel, words) in panels
            .words
            .chunks(CodePanels::panel_len(groups))
            .enumerate()
        {
            let codes: &[[i8; 4]] = cast_slice(&words[..groups * LANES]);
            let factors = &words[(groups + 1) * LANES..];
            for (query, reach) in queries.reach.iter().enumerate() {
                for lane in 0..LANES {
                    let products: i32 = (0..groups)
                        .map(|group| {
                            let word = queries.words[query * groups + group].to_le_bytes();
                            let codes = codes[group * LANES + lane];
                            let products = codes
                                .iter()
                                .zip(word)
                                .map(|(&c, d)| i32::from(c) * (i32::from(d) - CodePanels::OFFSET));
                            products.sum::<i32>()
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
        for (groups, panels, m) in [(1, 1, 1), (5, 2, 7), (16, 3, 13), (33, 1, 2), (64, 2, 6)] {
            let mut words = Vec::new();
            for panel in 0..panels {
                // The second of a pair is as large as it may be.
                let codes = numbers(panel, groups * 2 * LANES).into_iter().map(|x| {
                    let first = (x * 127.0) as i8;
                    let second = (CodePanels::PAIR_TOP - i32::from(first).abs()).min(127);
                    [first, (second * i32::from(first.signum())) as i8]
                });
                let codes: Vec<[i8; 2]> = codes.collect();
                words.extend_from_slice(cast_slice::<[i8; 2], f32>(&codes));
                let row = |lane: usize| {
                    let of_row =
                        (0..groups).flat_map(|group| &codes[(group * LANES + lane) * 2..][..2]);
                    of_row.flatten().map(|&code| i32::from(code)).sum::<i32>()
                };
                let starts: [i32; LANES] =
                    std::array::from_fn(|lane| -CodePanels::OFFSET * row(lane));
                words.extend_from_slice(cast_slice(&starts));
                words.extend(numbers(panel + 100, 3 * LANES));
            }
            let codes = numbers(7, m * groups * GROUP).into_iter();
            let codes: Vec<u8> = codes.map(|x| ((x * 127.0) as i16 + 128) as u8).collect();
            let codes: Vec<i32> = codes
                .as_chunks()
                .0
                .iter()
                .map(|&bytes| i32::from_le_bytes(bytes))
                .collect();
            let reach: Vec<Reach> = numbers(9, 5 * m)
                .as_chunks::<5>()
                .0
                .iter()
                .map(|&[scale, head, tail, slack, floor]| Reach {
                    scale: scale * 1e-4,
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
            let panels = CodePanels::new(&words, groups);
            let expected = plain(queries, panels);
            let all = m * panels.words.len() / CodePanels::panel_len(groups) * LANES;
            assert!(m == 1 || (1..all).contains(&expected.len()), "{groups} {m}");
            for cpu in Cpu::available() {
                let mut found = Vec::new();
                cpu.reached(queries, panels, &mut found);
                assert_eq!(found, expected, "{cpu:?} {groups} {m}");
            }
        }
    }
}
