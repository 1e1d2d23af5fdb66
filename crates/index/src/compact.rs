//! Rows in a fraction of their bytes, with a proven bound: what decides which rows are read at all.
//!
//! # The bound
//!
//! Let `R` be an orthogonal matrix, `q` the query and `x` a row; `z = Rq`, `y = Rx`. The first
//! `head` dimensions of `y` are stored as `scale · c`, with `c` of 8 bits; of what that leaves out,
//! the norms are stored: `error = ‖y_head − scale · c‖` and `tail = ‖y_tail‖`. The query's head is
//! `step · d`, with `d` of 8 bits. Then, by the Cauchy–Schwarz inequality,
//!
//! ```text
//! q·x = z·y + qᵀ(I − RᵀR)x
//! z·y = z_head·(scale c)  +  z_head·(y_head − scale c)  +  z_tail·y_tail
//!     ≤ z_head·(scale c)  +  ‖z_head‖ · error           +  ‖z_tail‖ · tail
//! z_head·(scale c) ≤ step · scale · (d·c)  +  ‖z_head − step d‖ · ‖scale c‖
//! ```
//!
//! `d·c` is a sum of whole numbers, and exact: dimensions are stored in pairs of a large one and a small
//! one, whose codes sum to 127 at most but for rounding, so that their products fit in 16 bits.
//! `‖scale c‖ ≤ ‖y_head‖ + error`; the largest number of a row is at most its norm, and twice that over
//! 127 the scale, so that the error is at most `√head / 127` times the norm, which is below 1.005. To the
//! right side is added what rounding can do:
//!
//! - `‖RᵀR − I‖` in the Frobenius norm, measured, for the rotation is not quite orthogonal;
//! - `(⌈dim/64⌉ + 7) · 2⁻²⁴`, the error of the score itself: [`dot`](cognate_kernels::Cpu::dot) puts
//!   each product through so many roundings, and unit vectors have `Σ|qᵢxᵢ| ≤ 1`;
//! - 2 · 10⁻⁶ for the bound itself: the sum of codes, its product with a step and three fused
//!   multiply-adds are rounded to f32, all of them numbers below 4, so each by 2⁻²³ at most;
//! - 10⁻⁹ for the rotations, which are computed in f64 with errors below 10⁻¹¹, and for what is too
//!   small to be rounded by a share of itself.
//!
//! Norms are computed in f64, raised by 10⁻⁹ of themselves and rounded up.
//!
//! So no score is above its bound, and a row whose bound is below the k-th score so far is none of
//! the hits.
//!
//! # The second bound
//!
//! The other dimensions, the rest of a row, are stored too, as `scale' · c'` of 8 bits, and of what
//! that leaves out `error' = ‖y_tail − scale' · c'‖`; those of the query are `step' · d'` of 16 bits.
//! They lie apart, row by row, and are read of rows that the first bound lets pass. In the same way
//!
//! ```text
//! z_tail·y_tail ≤ step' · scale' · (d'·c') + ‖z_tail − step' d'‖ · ‖scale' c'‖ + ‖z_tail‖ · error'
//! ```
//!
//! and this takes the place of `‖z_tail‖ · tail`. Stored is `lift ≥ error' − tail`, the difference to
//! the tail as it was rounded up and used, itself rounded up, so that
//!
//! ```text
//! bound' = bound + step' · scale' · (d'·c') + ‖z_tail‖ · lift + slack'
//! ```
//!
//! where `slack'` is `1.2 · ‖z_tail − step' d'‖`, and again 2 · 10⁻⁶ and 10⁻⁹: a sum of codes, its
//! product with a step, two fused multiply-adds and an addition are rounded, of numbers below 4.
//! What is left of it above the score is the error of 8 bits in all dimensions, so that hardly a row
//! passes that is no hit.
//!
//! # Sources
//!
//! Bounds by rotation and norms of the rest are known from `ADSampling`
//! (<https://arxiv.org/abs/2303.09855>, where they are estimates) and PDX-BOND
//! (<https://arxiv.org/abs/2503.04422>), small codes with bounds from the VA-file (Weber, Schek and
//! Blott, *A Quantitative Analysis and Performance Study for Similarity-Search Methods in
//! High-Dimensional Spaces*, VLDB 1998).

use std::ops::Range;

use cognate_kernels::{BoundTerms, LeadingCodes, QueryCodes, ResidualCodes};
use ndarray::ArrayView1;
use rayon::prelude::*;

use crate::checksums::Checksums;
use crate::rotation::Rotation;
use crate::segment::Values;

mod best_head;
mod file;

use best_head::best_head;
pub(crate) use file::path_beside;

/// Rows of a block: as many as are looked at together.
pub(crate) const BLOCK_ROWS: u32 = 4096;

/// Rows of a block of rests, which has a checksum: few, as rests are read here and there.
const REST_ROWS: u32 = 64;

/// Fewer rows are read in f32 sooner than a compact form pays.
const LEAST_ROWS: u32 = 16_384;

/// The dimensions for which there is a compact form: below, rows are small already; above, learning
/// the rotation takes too long, and the bound is not proven.
const LEAST_DIM: usize = 32;
const MAX_DIM: usize = 1024;

/// Rows from which the rotation and the length of the head are learned.
const SAMPLE_ROWS: usize = 8192;

/// The greatest code; the least is its negative.
const TOP: f64 = 127.0;

/// Rows in compact form.
pub(crate) struct Compact {
    rows: u32,
    /// Dimensions that are stored, a multiple of four; those that there are not are 0.
    head: usize,
    rotation: Rotation,
    /// Panels, as [`LeadingCodes`] has them.
    words: Values,
    /// What they leave out, as [`ResidualCodes`] has it; nothing if they have all dimensions.
    rests: Values,
    /// Those of its file, if it is in one: of the rotation, of each block of panels, then of each
    /// block of rests.
    checksums: Option<Checksums>,
}

/// Queries of a group, as a compact form needs them.
pub(crate) struct Encoded {
    heads: EncodedPart,
    rests: EncodedPart,
}

/// Some dimensions of queries, as [`QueryCodes`] has them.
#[derive(Debug, Default, PartialEq)]
struct EncodedPart {
    words: Vec<i32>,
    reach: Vec<BoundTerms>,
}

impl Encoded {
    /// For [`first_pass`](cognate_kernels::Cpu::first_pass), with a floor for each query, below which no
    /// row matters; `reach` is memory for the result.
    pub(crate) fn heads<'a>(
        &'a self,
        floors: impl Iterator<Item = f32>,
        reach: &'a mut Vec<BoundTerms>,
    ) -> QueryCodes<'a> {
        self.heads.with_floors(floors, reach)
    }

    /// The same for [`refine`](cognate_kernels::Cpu::refine).
    pub(crate) fn rests<'a>(
        &'a self,
        floors: impl Iterator<Item = f32>,
        reach: &'a mut Vec<BoundTerms>,
    ) -> QueryCodes<'a> {
        self.rests.with_floors(floors, reach)
    }
}

impl EncodedPart {
    fn with_floors<'a>(
        &'a self,
        floors: impl Iterator<Item = f32>,
        reach: &'a mut Vec<BoundTerms>,
    ) -> QueryCodes<'a> {
        reach.clone_from(&self.reach);
        for (reach, floor) in reach.iter_mut().zip(floors) {
            reach.threshold = floor;
        }
        QueryCodes::new(&self.words, reach)
    }

    /// Adds the head of a query, as numbers of 8 bits; returns the step of these, and the norm of what
    /// they leave out.
    fn push_head(&mut self, z: ArrayView1<'_, f64>, head: usize) -> (f32, f64) {
        let step = step_of(z, TOP);
        let whole = |x: f64| rounded_to_step(x, step);
        let mut bytes = vec![0; head];
        for i in 0..head {
            let code = i32::from(z.get(i).map_or(0, |&x| narrow(whole(x))));
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is 1 to 255"
            )]
            let byte = (code + LeadingCodes::OFFSET) as u8;
            bytes[place_of(i, head)] = byte;
        }
        let (groups, _) = bytes.as_chunks();
        self.words
            .extend(groups.iter().map(|group| i32::from_le_bytes(*group)));
        let lost = norm(z.iter().map(|&x| x - f64::from(step) * whole(x)));
        (step, lost)
    }

    /// Adds some dimensions of a query, as so many pairs of numbers of 16 bits; returns the step of
    /// these, and the norm of what they leave out.
    fn push_rest(&mut self, z: ArrayView1<'_, f64>, pairs: usize) -> (f32, f64) {
        let step = step_of(z, top_of_query(2 * pairs));
        let whole = |x: f64| rounded_to_step(x, step);
        let code = |i: usize| z.get(i).map_or(0, |&x| narrow(whole(x)));
        self.words.extend((0..pairs).map(|pair| {
            let (low, high) = (code(2 * pair), code(2 * pair + 1));
            i32::from(low) & 0xffff | i32::from(high) << 16
        }));
        let lost = norm(z.iter().map(|&x| x - f64::from(step) * whole(x)));
        (step, lost)
    }
}

/// Pairs of dimensions that are stored apart from a head.
fn rest_pairs(dim: usize, head: usize) -> usize {
    let rest = dim.saturating_sub(head);
    rest.div_ceil(2)
        .next_multiple_of(ResidualCodes::PAIR_MULTIPLE)
}

impl Compact {
    /// Learns from unit vectors, `[rows, dim]`, how to store them, and does. None where that would
    /// not pay.
    ///
    /// # Complexity
    ///
    /// O(rows · dim² + dim³).
    pub(crate) fn of(dim: usize, values: &[f32]) -> Option<Self> {
        let rows = u32::try_from(values.len() / dim).ok()?;
        if !Self::may_pay(dim, rows) {
            return None;
        }
        let sample = sample(dim, values);
        let rotation = Rotation::learn(dim, &sample)?;
        let head = best_head(rotation.apply(&sample).view(), rows)?;
        tracing::debug!(rows, dim, head, "making a compact form");
        Some(Self::encoded(rotation, values, head))
    }

    /// Whether so many rows are worth a try.
    pub(crate) fn may_pay(dim: usize, rows: u32) -> bool {
        rows >= LEAST_ROWS && (LEAST_DIM..=MAX_DIM).contains(&dim)
    }

    fn encoded(rotation: Rotation, values: &[f32], head: usize) -> Self {
        let dim = rotation.dim();
        let rows = values.len() / dim;
        let panel_len = LeadingCodes::panel_len(head / LeadingCodes::GROUP);
        let mut words = vec![0.0; panels_len(rows, head)];
        let rest_len = rest_len(dim, head);
        let mut rests = vec![0.0; rows * rest_len];
        let block = BLOCK_ROWS as usize;
        let encode = |words: &mut [f32], rests: &mut [f32], values: &[f32]| {
            let rotated = rotation.apply(values);
            for (row, y) in rotated.outer_iter().enumerate() {
                let panel = &mut words[row / LeadingCodes::PANEL_ROWS * panel_len..][..panel_len];
                let tail = encode_head(y, head, panel, row % LeadingCodes::PANEL_ROWS);
                if rest_len > 0 {
                    encode_rest(y, head, tail, &mut rests[row * rest_len..][..rest_len]);
                }
            }
        };
        let words_of_blocks = words.par_chunks_mut(block / LeadingCodes::PANEL_ROWS * panel_len);
        let values_of_blocks = values.par_chunks(block * dim);
        if rest_len == 0 {
            let blocks = words_of_blocks.zip(values_of_blocks);
            blocks.for_each(|(words, values)| encode(words, &mut [], values));
        } else {
            let blocks = words_of_blocks
                .zip(rests.par_chunks_mut(block * rest_len))
                .zip(values_of_blocks);
            blocks.for_each(|((words, rests), values)| encode(words, rests, values));
        }
        Self {
            rows: u32::try_from(rows).unwrap_or(u32::MAX),
            head,
            rotation,
            words: Values::Owned(words),
            rests: Values::Owned(rests),
            checksums: None,
        }
    }

    fn groups(&self) -> usize {
        self.head / LeadingCodes::GROUP
    }

    fn block_len(&self) -> usize {
        BLOCK_ROWS as usize / LeadingCodes::PANEL_ROWS * LeadingCodes::panel_len(self.groups())
    }

    /// The panels of the block that begins at row `first` of the segment; none if its file is
    /// damaged there.
    pub(crate) fn block(&self, first: u32) -> Option<LeadingCodes<'_>> {
        let block = (first / BLOCK_ROWS) as usize;
        let words = self.words.as_slice();
        let start = block * self.block_len();
        let words = &words[start..words.len().min(start + self.block_len())];
        if let Some(checksums) = &self.checksums
            && !checksums.is_sound(block + 1, words)
        {
            return None;
        }
        // The last block may have zeros behind it.
        let len = LeadingCodes::panel_len(self.groups());
        let words = &words[..words.len() / len * len];
        Some(LeadingCodes::new(words, self.groups()))
    }

    /// The checksum, by number, of the first block of rests.
    fn first_rest_block(&self) -> usize {
        1 + self.rows.div_ceil(BLOCK_ROWS) as usize
    }

    fn rest_pairs(&self) -> usize {
        rest_pairs(self.rotation.dim(), self.head)
    }

    fn rest_len(&self) -> usize {
        rest_len(self.rotation.dim(), self.head)
    }

    /// What the panels leave out of some rows of the segment; none if they leave out nothing, or if
    /// its file is damaged where one of the rows `wanted` lies, counted from the first.
    pub(crate) fn rests(
        &self,
        rows: Range<u32>,
        wanted: impl Iterator<Item = u32>,
    ) -> Option<ResidualCodes<'_>> {
        let pairs = self.rest_pairs();
        if pairs == 0 {
            return None;
        }
        let words = self.rests.as_slice();
        let len = self.rest_len();
        if let Some(checksums) = &self.checksums {
            let mut last = None;
            for row in wanted {
                let block = (rows.start + row) / REST_ROWS;
                if last != Some(block) {
                    let block = block as usize;
                    let start = block * REST_ROWS as usize * len;
                    let end = words.len().min(start + REST_ROWS as usize * len);
                    if !checksums.is_sound(self.first_rest_block() + block, &words[start..end]) {
                        return None;
                    }
                }
                last = Some(block);
            }
        }
        let words = &words[rows.start as usize * len..rows.end as usize * len];
        Some(ResidualCodes::new(words, pairs))
    }

    /// Prepares queries, `[m, dim]`, unit vectors.
    pub(crate) fn encode(&self, queries: &[f32]) -> Encoded {
        let dim = self.rotation.dim();
        let rotated = self.rotation.apply(queries);
        let mut heads = EncodedPart::default();
        let mut rests = EncodedPart::default();
        for z in rotated.outer_iter() {
            let (head, tail) = split(z, self.head);
            let (step, lost) = heads.push_head(head, self.head);
            #[expect(clippy::cast_precision_loss, reason = "there are few dimensions")]
            let roundings = (dim.div_ceil(64) + 7) as f64;
            let slack = most_norm(self.head) * lost
                + 1.00001 * self.rotation.distortion()
                + 1.00001 * roundings / f64::from(1 << 24)
                + 2e-6
                + 1e-9;
            let norm_of_tail = up(norm(tail.iter().copied()));
            heads.reach.push(BoundTerms {
                scale: step,
                leading_norm: up(norm(head.iter().copied())),
                residual_norm: norm_of_tail,
                slack: up(slack),
                threshold: f32::NEG_INFINITY,
            });
            let (step, lost) = rests.push_rest(tail, self.rest_pairs());
            rests.reach.push(BoundTerms {
                scale: step,
                leading_norm: 0.0,
                residual_norm: norm_of_tail,
                slack: up(1.2 * lost + 2e-6 + 1e-9),
                threshold: f32::NEG_INFINITY,
            });
        }
        Encoded { heads, rests }
    }
}

/// Words of the panels of so many rows, and of the zeros behind them: what comes next begins at a
/// multiple of 64 bytes.
fn panels_len(rows: usize, head: usize) -> usize {
    let panels = rows.div_ceil(LeadingCodes::PANEL_ROWS);
    (panels * LeadingCodes::panel_len(head / LeadingCodes::GROUP)).next_multiple_of(16)
}

/// Words of the rest of a row.
fn rest_len(dim: usize, head: usize) -> usize {
    match rest_pairs(dim, head) {
        0 => 0,
        pairs => ResidualCodes::row_len(pairs),
    }
}

/// The dimensions that are stored and those that are not.
fn split(y: ArrayView1<'_, f64>, head: usize) -> (ArrayView1<'_, f64>, ArrayView1<'_, f64>) {
    y.split_at(ndarray::Axis(0), head.min(y.len()))
}

/// Where the code of dimension `i` of a head is: the first is beside the last, the second beside the last
/// but one. The first dimensions have the largest numbers.
fn place_of(i: usize, head: usize) -> usize {
    if i < head / 2 {
        2 * i
    } else {
        2 * (head - 1 - i) + 1
    }
}

/// The norm of the stored head of a row, at most.
#[expect(clippy::cast_precision_loss, reason = "there are few dimensions")]
fn most_norm(head: usize) -> f64 {
    1.005 * (1.0 + (head as f64).sqrt() / TOP)
}

/// The greatest number of a query: sums of its products with codes stay below 2³¹.
fn top_of_query(head: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "there are few dimensions")]
    let head = head.max(1) as f64;
    (f64::from(i32::MAX) / (TOP * head)).floor().min(32_767.0)
}

/// The step with which no number is above `top`.
fn step_of(y: ArrayView1<'_, f64>, top: f64) -> f32 {
    let largest = y.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    up(largest / top)
}

/// How many steps a number is, rounded.
fn rounded_to_step(x: f64, step: f32) -> f64 {
    if step > 0.0 {
        (x / f64::from(step)).round()
    } else {
        0.0
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "steps are such that the number fits"
)]
fn narrow(x: f64) -> i16 {
    x as i16
}

/// The norm, raised by more than it can be off.
fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|x| x * x).sum::<f64>().sqrt() * (1.0 + 1e-9)
}

/// The least f32 that is not below a number.
#[expect(clippy::cast_possible_truncation, reason = "what is lost is made good")]
fn up(x: f64) -> f32 {
    let nearest = x as f32;
    if f64::from(nearest) < x {
        nearest.next_up()
    } else {
        nearest
    }
}

/// Writes the head of a rotated row to its lane of a panel; returns the norm of the rest as it is
/// written there.
fn encode_head(y: ArrayView1<'_, f64>, head: usize, panel: &mut [f32], lane: usize) -> f32 {
    const LANES: usize = LeadingCodes::PANEL_ROWS;
    const GROUP: usize = LeadingCodes::GROUP;
    let (head_values, tail) = split(y, head);
    let (codes, factors) = panel.split_at_mut(head * LANES / GROUP);
    let codes: &mut [[i8; GROUP]] = bytemuck::cast_slice_mut(codes);
    let at = |i: usize| head_values.get(i).copied().unwrap_or_default();
    let pairs = (0..head / 2).map(|i| (at(i) + at(head - 1 - i)).abs());
    let largest = head_values.iter().map(|x| x.abs()).chain(pairs);
    let scale = up(largest.fold(0.0, f64::max) / TOP);
    let mut sum = 0;
    let lost = encode_values(head_values, scale, |i, code| {
        let place = place_of(i, head);
        codes[place / GROUP * LANES + lane][place % GROUP] = code;
        sum += i32::from(code);
    });
    let tail = up(norm(tail.iter().copied()));
    let (starts, factors) = factors.split_at_mut(LANES);
    bytemuck::cast_slice_mut(starts)[lane] = -LeadingCodes::OFFSET * sum;
    factors[lane] = scale;
    factors[LANES + lane] = up(lost);
    factors[2 * LANES + lane] = tail;
    tail
}

/// Writes the rest of a rotated row, the norm of which was written as `tail`.
fn encode_rest(y: ArrayView1<'_, f64>, head: usize, tail: f32, row: &mut [f32]) {
    let (codes, factors) = row.split_at_mut(row.len() - 2);
    let codes: &mut [i8] = bytemuck::cast_slice_mut(codes);
    let (_, rest) = split(y, head);
    let scale = step_of(rest, TOP);
    let lost = encode_values(rest, scale, |i, code| codes[i] = code);
    factors[0] = scale;
    factors[1] = up(lost - f64::from(tail));
}

/// Hands out the codes of some values, in order; returns the norm of what they leave out.
fn encode_values(y: ArrayView1<'_, f64>, scale: f32, mut code: impl FnMut(usize, i8)) -> f64 {
    for (i, &x) in y.iter().enumerate() {
        #[expect(clippy::cast_possible_truncation, reason = "it is at most 127")]
        code(i, narrow(rounded_to_step(x, scale)) as i8);
    }
    let lost = |&x: &f64| x - f64::from(scale) * rounded_to_step(x, scale);
    norm(y.iter().map(lost))
}

/// Rows from all over the segment.
fn sample(dim: usize, values: &[f32]) -> Vec<f32> {
    let rows = values.len() / dim;
    let taken = rows.min(SAMPLE_ROWS);
    (0..taken)
        .flat_map(|i| &values[i * rows / taken * dim..][..dim])
        .copied()
        .collect()
}

#[cfg(test)]
mod tests;
