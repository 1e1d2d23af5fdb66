//! Rows in a tenth of the bytes, with a proven bound: what decides which rows are read at all.
//!
//! # The bound
//!
//! Let `R` be an orthogonal matrix, `q` the query and `x` a row; `z = Rq`, `y = Rx`. The first
//! `head` dimensions of `y` are stored as `scale · c`, with `c` of 8 bits; of what that leaves out,
//! the norms are stored: `error = ‖y_head − scale · c‖` and `tail = ‖y_tail‖`. The query's head is
//! `step · d`, with `d` of 16 bits. Then, by the Cauchy–Schwarz inequality,
//!
//! ```text
//! q·x = z·y + qᵀ(I − RᵀR)x
//! z·y = z_head·(scale c)  +  z_head·(y_head − scale c)  +  z_tail·y_tail
//!     ≤ z_head·(scale c)  +  ‖z_head‖ · error           +  ‖z_tail‖ · tail
//! z_head·(scale c) ≤ step · scale · (d·c)  +  ‖z_head − step d‖ · ‖scale c‖
//! ```
//!
//! `d·c` is a sum of whole numbers, and exact. `‖scale c‖ ≤ ‖y_head‖ + error`, which is at most 1.2
//! for no more than [`MAX_DIM`] dimensions. To the right side is added what rounding can do:
//!
//! - `‖RᵀR − I‖` in the Frobenius norm, measured, for the rotation is not quite orthogonal;
//! - `(⌈dim/64⌉ + 7) · 2⁻²⁴`, the error of the score itself: [`dot`](cognate_kernels::Cpu::dot) puts
//!   each product through so many roundings, and unit vectors have `Σ|qᵢxᵢ| ≤ 1`;
//! - 2 · 10⁻⁶ for the bound, which is computed by five roundings of numbers below 3;
//! - norms are computed in f64, raised by 10⁻⁹ of themselves and rounded up; rotations are computed
//!   in f64, whose errors are below 10⁻¹¹.
//!
//! So no score is above its bound, and a row whose bound is below the k-th score so far is none of
//! the hits. Bounds by rotation and norms of the rest are known from `ADSampling`
//! (<https://arxiv.org/abs/2303.09855>, where they are estimates) and PDX-BOND
//! (<https://arxiv.org/abs/2503.04422>), small codes with bounds from the VA-file (Weber, Schek and
//! Blott, *A Quantitative Analysis and Performance Study for Similarity-Search Methods in
//! High-Dimensional Spaces*, VLDB 1998).

use std::sync::atomic::{AtomicU8, Ordering};

use cognate_kernels::{CodePanels, CodeQueries, Reach};
use ndarray::{ArrayView1, ArrayView2, s};
use rayon::prelude::*;

use crate::rotation::Rotation;
use crate::segment::Values;

mod file;

pub(crate) use file::path_beside;

/// Rows of a block: as many as are looked at together.
pub(crate) const BLOCK_ROWS: u32 = 4096;

/// Fewer rows are read in f32 sooner than a compact form pays.
pub(crate) const LEAST_ROWS: u32 = 16_384;

/// The dimensions for which there is a compact form: below, rows are small already; above, learning
/// the rotation takes too long, and the bound is not proven.
const LEAST_DIM: usize = 32;
const MAX_DIM: usize = 1024;

/// Rows from which the rotation and the length of the head are learned.
const SAMPLE_ROWS: usize = 8192;

/// Rows of the sample that play the query to find the best length of the head.
const SAMPLE_QUERIES: usize = 32;

/// The greatest code; the least is its negative.
const TOP: f64 = 127.0;

/// Rows in compact form.
pub(crate) struct Compact {
    rows: u32,
    /// Dimensions that are stored, an even number; one more than there are may be 0.
    head: usize,
    rotation: Rotation,
    /// Panels, as [`CodePanels`] has them.
    words: Values,
    checks: Option<Checks>,
}

/// The checksums of the blocks of a file, each of which is read when the block is used first.
struct Checks {
    checksums: Vec<u32>,
    states: Vec<AtomicU8>,
}

const UNKNOWN: u8 = 0;
const SOUND: u8 = 1;
const DAMAGED: u8 = 2;

/// Queries of a group, as a compact form needs them.
pub(crate) struct Encoded {
    words: Vec<i32>,
    reach: Vec<Reach>,
}

impl Encoded {
    /// With a floor for each query, below which no row matters; `reach` is memory for the result.
    pub(crate) fn with_floors<'a>(
        &'a self,
        floors: impl Iterator<Item = f32>,
        reach: &'a mut Vec<Reach>,
    ) -> CodeQueries<'a> {
        reach.clone_from(&self.reach);
        for (reach, floor) in reach.iter_mut().zip(floors) {
            reach.floor = floor;
        }
        CodeQueries {
            words: &self.words,
            reach,
        }
    }
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
        if rows < LEAST_ROWS || !(LEAST_DIM..=MAX_DIM).contains(&dim) {
            return None;
        }
        let sample = sample(dim, values);
        let rotation = Rotation::learn(ndarray_of(dim, &sample).view())?;
        let head = best_head(&rotation.apply(&sample).view(), rows)?;
        tracing::debug!(rows, dim, head, "making a compact form");
        Some(Self::encoded(rotation, values, head))
    }

    fn encoded(rotation: Rotation, values: &[f32], head: usize) -> Self {
        let dim = rotation.dim();
        let rows = values.len() / dim;
        let panel_len = CodePanels::panel_len(head / 2);
        let mut words = vec![0.0; rows.div_ceil(CodePanels::ROWS) * panel_len];
        let block = BLOCK_ROWS as usize;
        words
            .par_chunks_mut(block / CodePanels::ROWS * panel_len)
            .zip(values.par_chunks(block * dim))
            .for_each(|(words, values)| {
                let rotated = rotation.apply(values);
                for (row, y) in rotated.outer_iter().enumerate() {
                    let panel = &mut words[row / CodePanels::ROWS * panel_len..][..panel_len];
                    encode_row(y, head, panel, row % CodePanels::ROWS);
                }
            });
        Self {
            rows: u32::try_from(rows).unwrap_or(u32::MAX),
            head,
            rotation,
            words: Values::Owned(words),
            checks: None,
        }
    }

    fn pairs(&self) -> usize {
        self.head / 2
    }

    fn block_len(&self) -> usize {
        BLOCK_ROWS as usize / CodePanels::ROWS * CodePanels::panel_len(self.pairs())
    }

    /// The panels of the block that begins at row `first` of the segment; none if its file is
    /// damaged there.
    pub(crate) fn block(&self, first: u32) -> Option<CodePanels<'_>> {
        let block = (first / BLOCK_ROWS) as usize;
        let words = self.words.as_slice();
        let start = block * self.block_len();
        let words = &words[start..words.len().min(start + self.block_len())];
        if let Some(checks) = &self.checks {
            let state = &checks.states[block];
            if state.load(Ordering::Relaxed) == UNKNOWN {
                let sound = crate::header::checksum(words) == checks.checksums[block];
                state.store(if sound { SOUND } else { DAMAGED }, Ordering::Relaxed);
                if !sound {
                    tracing::warn!(block, "a block of a compact form is damaged: not used");
                }
            }
            if state.load(Ordering::Relaxed) == DAMAGED {
                return None;
            }
        }
        Some(CodePanels::new(words, self.pairs()))
    }

    /// Prepares queries, `[m, dim]`, unit vectors.
    pub(crate) fn encode(&self, queries: &[f32]) -> Encoded {
        let dim = self.rotation.dim();
        let rotated = self.rotation.apply(queries);
        let mut encoded = Encoded {
            words: Vec::with_capacity(rotated.nrows() * self.pairs()),
            reach: Vec::with_capacity(rotated.nrows()),
        };
        for z in rotated.outer_iter() {
            let (head, tail) = split(z, self.head);
            let step = step_of(head, top_of_query(self.head));
            let whole = |x: f64| rounded_to_step(x, step);
            let lost = norm(head.iter().map(|&x| x - f64::from(step) * whole(x)));
            let code = |i: usize| head.get(i).map_or(0, |&x| narrow(whole(x)));
            encoded.words.extend((0..self.pairs()).map(|pair| {
                let (low, high) = (code(2 * pair), code(2 * pair + 1));
                i32::from(low) & 0xffff | i32::from(high) << 16
            }));
            #[expect(clippy::cast_precision_loss, reason = "there are few dimensions")]
            let roundings = (dim.div_ceil(64) + 7) as f64;
            let slack = 1.2 * lost
                + 1.00001 * self.rotation.distortion()
                + 1.00001 * roundings / f64::from(1 << 24)
                + 2e-6
                + 1e-9;
            encoded.reach.push(Reach {
                scale: step,
                head: up(norm(head.iter().copied())),
                tail: up(norm(tail.iter().copied())),
                slack: up(slack),
                floor: f32::NEG_INFINITY,
            });
        }
        encoded
    }
}

/// The dimensions that are stored and those that are not.
fn split(y: ArrayView1<'_, f64>, head: usize) -> (ArrayView1<'_, f64>, ArrayView1<'_, f64>) {
    y.split_at(ndarray::Axis(0), head.min(y.len()))
}

/// The greatest number of a query: sums of its products with codes stay below 2³¹.
fn top_of_query(head: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "there are few dimensions")]
    let head = head as f64;
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

/// The least f32 that is not below a number that is not negative.
#[expect(clippy::cast_possible_truncation, reason = "what is lost is made good")]
fn up(x: f64) -> f32 {
    let nearest = x as f32;
    if f64::from(nearest) < x {
        nearest.next_up()
    } else {
        nearest
    }
}

/// Writes a rotated row to its lane of a panel.
fn encode_row(y: ArrayView1<'_, f64>, head: usize, panel: &mut [f32], lane: usize) {
    const LANES: usize = CodePanels::ROWS;
    let (head_values, tail) = split(y, head);
    let scale = step_of(head_values, TOP);
    let (codes, factors) = panel.split_at_mut(head * LANES / 4);
    let codes: &mut [[i8; 2]] = bytemuck::cast_slice_mut(codes);
    for (i, &x) in head_values.iter().enumerate() {
        #[expect(clippy::cast_possible_truncation, reason = "it is at most 127")]
        let code = narrow(rounded_to_step(x, scale)) as i8;
        codes[i / 2 * LANES + lane][i % 2] = code;
    }
    let lost = head_values
        .iter()
        .map(|&x| x - f64::from(scale) * rounded_to_step(x, scale));
    factors[lane] = scale;
    factors[LANES + lane] = up(norm(lost));
    factors[2 * LANES + lane] = up(norm(tail.iter().copied()));
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

fn ndarray_of(dim: usize, values: &[f32]) -> ndarray::Array2<f64> {
    ndarray::Array2::from_shape_fn((values.len() / dim, dim), |(i, j)| {
        f64::from(values[i * dim + j])
    })
}

/// The length of the head with which a search of `rows` rows reads the fewest bytes, as far as a
/// rotated sample tells: some of its rows play the query. None if reading all in f32 is as good.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate"
)]
fn best_head(sample: &ArrayView2<'_, f64>, rows: u32) -> Option<usize> {
    /// Hits that a search asks for, usually.
    const HITS: f64 = 10.0;
    /// A row in f32 that is read out of order takes as long as so many in order.
    const OUT_OF_ORDER: f64 = 2.0;
    const STEP: usize = 16;
    let (taken, dim) = sample.dim();
    let rank = (HITS * taken as f64 / f64::from(rows)).ceil() as usize;
    let heads: Vec<usize> = (STEP..dim)
        .step_by(STEP)
        .chain([dim.next_multiple_of(2)])
        .collect();
    // Squares of the norms of the first dimensions, and all.
    let squares = |y: ArrayView1<'_, f64>| -> Vec<f64> {
        let mut sum = 0.0;
        let mut of_heads = Vec::with_capacity(heads.len() + 1);
        for (i, chunk) in y.axis_chunks_iter(ndarray::Axis(0), STEP).enumerate() {
            sum += chunk.iter().map(|x| x * x).sum::<f64>();
            if i < heads.len() {
                of_heads.push(sum);
            }
        }
        of_heads.resize(heads.len(), sum);
        of_heads.push(sum);
        of_heads
    };
    let of_rows: Vec<Vec<f64>> = sample.outer_iter().map(squares).collect();
    let queries = (0..SAMPLE_QUERIES).map(|i| i * taken / SAMPLE_QUERIES);
    let reached: Vec<Vec<usize>> = queries
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|query| {
            let z = sample.slice(s![query, ..]);
            // The product of each head with each row; the last is the score.
            let products: Vec<Vec<f64>> = sample
                .outer_iter()
                .map(|y| {
                    let mut sum = 0.0;
                    let chunks = z
                        .axis_chunks_iter(ndarray::Axis(0), STEP)
                        .zip(y.axis_chunks_iter(ndarray::Axis(0), STEP));
                    let mut of_heads: Vec<f64> = chunks
                        .map(|(z, y)| {
                            sum += z.dot(&y);
                            sum
                        })
                        .collect();
                    of_heads.resize(heads.len(), sum);
                    of_heads
                })
                .collect();
            let mut scores: Vec<f64> = products
                .iter()
                .enumerate()
                .filter(|(row, _)| *row != query)
                .map(|(_, of_heads)| of_heads[heads.len() - 1])
                .collect();
            let (_, &mut floor, _) = scores
                .select_nth_unstable_by(rank.min(taken - 1).saturating_sub(1), |a, b| {
                    b.total_cmp(a)
                });
            let z_squares = &of_rows[query];
            (0..heads.len())
                .map(|h| {
                    let rest = |squares: &[f64]| (squares[heads.len()] - squares[h]).max(0.0);
                    let code_error = (heads[h] as f64).sqrt() * 0.29 / TOP;
                    (0..taken)
                        .filter(|&row| {
                            let largest = of_rows[row][h].sqrt() * 0.3;
                            let tails = (rest(z_squares) * rest(&of_rows[row])).sqrt();
                            let error = z_squares[h].sqrt() * code_error * largest;
                            products[row][h] + tails + error >= floor
                        })
                        .count()
                })
                .collect()
        })
        .collect();
    let cost = |h: usize| {
        let reached: usize = reached.iter().map(|of_heads| of_heads[h]).sum();
        let share = reached as f64 / (SAMPLE_QUERIES * taken) as f64;
        (heads[h] + 12) as f64 + share * OUT_OF_ORDER * (4 * dim) as f64
    };
    let best = (0..heads.len()).min_by(|&a, &b| cost(a).total_cmp(&cost(b)))?;
    (cost(best) < 0.7 * (4 * dim) as f64).then(|| heads[best])
}

#[cfg(test)]
mod tests;
