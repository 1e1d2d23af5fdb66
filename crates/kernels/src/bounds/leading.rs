#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use std::ops::Range;

use bytemuck::cast_slice;

use super::query::{Candidate, QueryCodes};
use crate::Cpu;
use crate::simd::{GROUP, Integers, Kernel, LANES, MAX_PAIR_SUM};
use crate::tile::{Codes, Rows, TILE_ROWS, at_height, tile, tiles};

/// The leading dimensions of rows as 8-bit quantized codes, with the factors that bound the error of
/// each row. Rows lie in panels of 16.
///
/// A panel is `groups · 16 + 64` words of 32 bits:
///
/// - the codes, `[groups, 16, 4]` bytes;
/// - the initial values of the sums of products, 16 integers of 32 bits, each −128 times the sum of
///   the codes of a row;
/// - 16 scales, 16 quantization errors and 16 residual norms in f32.
#[derive(Clone, Copy, Debug)]
pub struct LeadingCodes<'a> {
    words: &'a [f32],
    groups: usize,
}

impl<'a> LeadingCodes<'a> {
    /// The number of rows of a panel.
    pub const PANEL_ROWS: usize = LANES;

    /// The number of codes of a group.
    pub const GROUP: usize = GROUP;

    /// The largest sum of two codes of the same sign that are the first and second, or the third and
    /// fourth, of a group. Levels without VNNI sum their products with two query codes up to 255 in 16
    /// bits.
    pub const MAX_PAIR_SUM: i32 = MAX_PAIR_SUM;

    /// The offset that is added to the codes of queries, so that none is negative.
    pub const OFFSET: i32 = 128;

    /// Returns the number of words of a panel whose rows have `groups` groups of codes.
    pub const fn panel_len(groups: usize) -> usize {
        (groups + 4) * LANES
    }

    /// Interprets `words` as panels.
    ///
    /// # Panics
    ///
    /// Panics if `words` is not a whole number of panels.
    pub fn new(words: &'a [f32], groups: usize) -> Self {
        assert_eq!(
            words.len() % Self::panel_len(groups),
            0,
            "panels must be whole"
        );
        Self { words, groups }
    }

    /// Returns the panels of a range of rows. The last panel is included as a whole, and rows past the
    /// end are ignored.
    ///
    /// # Panics
    ///
    /// Panics if the range does not start at the first row of a panel.
    #[must_use]
    pub fn slice_rows(self, rows: Range<usize>) -> Self {
        assert_eq!(
            rows.start % Self::PANEL_ROWS,
            0,
            "rows must start with a panel"
        );
        let len = Self::panel_len(self.groups);
        let end = (rows.end.div_ceil(Self::PANEL_ROWS) * len).min(self.words.len());
        let start = (rows.start / Self::PANEL_ROWS * len).min(end);
        let words = &self.words[start..end];
        Self { words, ..self }
    }
}

impl Cpu {
    /// Bounds the dot product of each query with each row of `rows` and appends to `out` the pairs whose
    /// bound reaches the threshold of the query, ordered by panel, then by query, then by row. No
    /// factor may be NaN.
    ///
    /// The products of codes are summed exactly, provided that pairs of codes stay within
    /// [`MAX_PAIR_SUM`](LeadingCodes::MAX_PAIR_SUM). The bound is then computed in f32, starting with
    /// the slack, by three fused multiply-adds; every level gives the same bits.
    ///
    /// # Panics
    ///
    /// Panics if the sizes do not fit.
    ///
    /// # Complexity
    ///
    /// `m · rows · groups` products of groups.
    pub fn first_pass(
        self,
        queries: QueryCodes<'_>,
        rows: LeadingCodes<'_>,
        out: &mut Vec<Candidate>,
    ) {
        assert_eq!(
            queries.words.len(),
            queries.terms.len() * rows.groups,
            "queries must be [m, groups]"
        );
        let m = queries.terms.len();
        self.run(FirstPass {
            queries,
            rows,
            bounds: vec![[0.0; LANES]; m],
            masks: vec![[0; MASK_QUERIES]; m.div_ceil(MASK_QUERIES)],
            nonzero: vec![0; m.div_ceil(MASK_QUERIES)],
            out,
        });
    }
}

/// The number of queries whose masks form a word of 64 bits.
const MASK_QUERIES: usize = 4;

struct FirstPass<'a> {
    queries: QueryCodes<'a>,
    rows: LeadingCodes<'a>,
    /// The bounds of each query with the rows of one panel, `[m]`.
    bounds: Vec<[f32; LANES]>,
    /// For each query, a bit mask of the rows whose bounds reach the threshold, in words of 64 bits.
    masks: Vec<[u16; MASK_QUERIES]>,
    /// The indices of the words of `masks` that are not 0.
    nonzero: Vec<usize>,
    out: &'a mut Vec<Candidate>,
}

impl Kernel for FirstPass<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Integers>(mut self, s: S) {
        let len = LeadingCodes::panel_len(self.rows.groups);
        for (panel, words) in self.rows.words.chunks_exact(len).enumerate() {
            for queries in tiles(0..self.queries.terms.len(), TILE_ROWS) {
                at_height!(queries.len(), false, R => {
                    self.tile::<S, R>(s, words, queries.start);
                });
            }
            self.collect(panel);
        }
    }
}

impl FirstPass<'_> {
    #[inline(always)]
    fn tile<S: Integers, const R: usize>(&mut self, s: S, words: &[f32], query: usize) {
        let groups = self.rows.groups;
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
        let [scales, errors, residual_norms] = [0, 1, 2].map(|i| &factors[i]);
        let terms = &self.queries.terms[query..][..R];
        let out = self.bounds[query..][..R]
            .iter_mut()
            .zip(&mut self.masks.as_flattened_mut()[query..][..R]);
        for (([sums], terms), (out, mask)) in sums.into_iter().zip(terms).zip(out) {
            let residual_norm = s.splat(terms.residual_norm);
            let residual = s.fma(residual_norm, s.load(residual_norms), s.splat(terms.slack));
            let error = s.fma(s.splat(terms.leading_norm), s.load(errors), residual);
            let products = s.mul(s.to_float(sums), s.splat(terms.scale));
            let bounds = s.fma(products, s.load(scales), error);
            s.store(bounds, out);
            *mask = s.at_least(bounds, terms.threshold);
        }
    }

    /// Appends the candidates of a panel. The code has few branches, because a processor cannot predict
    /// which rows are candidates.
    #[inline(never)]
    fn collect(&mut self, panel: usize) {
        let mut count = 0;
        for (word, masks) in self.masks.iter().enumerate() {
            self.nonzero[count] = word;
            count += usize::from(*masks != [0; MASK_QUERIES]);
        }
        for &word in &self.nonzero[..count] {
            let masks = self.masks[word].iter().rev();
            let mut bits = masks.fold(0u64, |bits, mask| bits << LANES | u64::from(*mask));
            while bits != 0 {
                let bit = bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let (query, lane) = (word * MASK_QUERIES + bit / LANES, bit % LANES);
                self.out.push(Candidate {
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
    use crate::BoundTerms;
    use crate::testing::numbers;

    /// Computes the candidates one row after the other.
    fn reference(queries: QueryCodes<'_>, panels: LeadingCodes<'_>) -> Vec<Candidate> {
        let groups = panels.groups;
        let mut found = Vec::new();
        for (panel, words) in panels
            .words
            .chunks(LeadingCodes::panel_len(groups))
            .enumerate()
        {
            let codes: &[[i8; 4]] = cast_slice(&words[..groups * LANES]);
            let factors = &words[(groups + 1) * LANES..];
            for (query, terms) in queries.terms.iter().enumerate() {
                for lane in 0..LANES {
                    let products: i32 = (0..groups)
                        .map(|group| {
                            let word = queries.words[query * groups + group].to_le_bytes();
                            let codes = codes[group * LANES + lane];
                            let products = codes.iter().zip(word).map(|(&c, d)| {
                                i32::from(c) * (i32::from(d) - LeadingCodes::OFFSET)
                            });
                            products.sum::<i32>()
                        })
                        .sum();
                    let [scale, error, residual_norm] =
                        [0, 1, 2].map(|i| factors[i * LANES + lane]);
                    let residual = terms.residual_norm.mul_add(residual_norm, terms.slack);
                    let error = terms.leading_norm.mul_add(error, residual);
                    let bound = (products as f32 * terms.scale).mul_add(scale, error);
                    if bound >= terms.threshold {
                        found.push(Candidate {
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
    fn every_level_equals_the_reference() {
        for (groups, panels, m) in [(1, 1, 1), (5, 2, 7), (16, 3, 13), (33, 1, 2), (64, 2, 6)] {
            let mut words = Vec::new();
            for panel in 0..panels {
                // The second code of a pair is as large as it may be.
                let codes = numbers(panel, groups * 2 * LANES).into_iter().map(|x| {
                    let first = (x * 127.0) as i8;
                    let second = (LeadingCodes::MAX_PAIR_SUM - i32::from(first).abs()).min(127);
                    [first, (second * i32::from(first.signum())) as i8]
                });
                let codes: Vec<[i8; 2]> = codes.collect();
                words.extend_from_slice(cast_slice::<[i8; 2], f32>(&codes));
                let row_sum = |lane: usize| {
                    let row =
                        (0..groups).flat_map(|group| &codes[(group * LANES + lane) * 2..][..2]);
                    row.flatten().map(|&code| i32::from(code)).sum::<i32>()
                };
                let starts: [i32; LANES] =
                    std::array::from_fn(|lane| -LeadingCodes::OFFSET * row_sum(lane));
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
            let terms: Vec<BoundTerms> = numbers(9, 5 * m)
                .as_chunks::<5>()
                .0
                .iter()
                .map(
                    |&[scale, leading_norm, residual_norm, slack, threshold]| BoundTerms {
                        scale: scale * 1e-4,
                        leading_norm,
                        residual_norm,
                        slack,
                        threshold,
                    },
                )
                .collect();
            let queries = QueryCodes::new(&codes, &terms);
            let panels = LeadingCodes::new(&words, groups);
            let expected = reference(queries, panels);
            let all = m * panels.words.len() / LeadingCodes::panel_len(groups) * LANES;
            assert!(m == 1 || (1..all).contains(&expected.len()), "{groups} {m}");
            for cpu in Cpu::available() {
                let mut found = Vec::new();
                cpu.first_pass(queries, panels, &mut found);
                assert_eq!(found, expected, "{cpu:?} {groups} {m}");
            }
        }
    }
}
