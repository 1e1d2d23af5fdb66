//! The choice of the number of leading dimensions.

use cognate_kernels::LeadingCodes;
use ndarray::{ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;

use super::layout::residual_len;
use super::scalar::MAX_CODE;

/// The number of rows of the sample that are used as queries.
const SAMPLE_QUERIES: usize = 32;

/// The candidate numbers of leading dimensions are the multiples of this number.
const STEP: usize = 16;

/// The number of hits that a search is assumed to ask for.
const HITS: f64 = 10.0;

/// The cost of reading a byte of residual codes, in bytes of panels. Residual codes are read for
/// scattered rows, and the cost includes reading the rows that pass the second bound in f32.
///
/// Measured among a million rows: with 40 instead of 8, one query takes a tenth longer, and a batch
/// a fifth less.
const SCATTERED_COST: f64 = 32.0;

/// The number of bytes of a cache line.
const CACHE_LINE: usize = 64;

/// Returns the number of leading dimensions with which a search of `rows` rows is expected to read
/// the fewest bytes, estimated from a rotated sample by using some of its rows as queries. Returns
/// `None` if reading all rows in f32 is about as fast.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
pub(super) fn choose_leading_dims(sample: ArrayView2<'_, f64>, rows: u32) -> Option<usize> {
    let (sample_rows, dim) = sample.dim();
    let squared_norms: Vec<Vec<f64>> = sample.outer_iter().map(|y| prefix_dots(y, y)).collect();
    let queries: Vec<usize> = (0..SAMPLE_QUERIES)
        .map(|i| i * sample_rows / SAMPLE_QUERIES)
        .collect();
    let passing: Vec<Vec<usize>> = queries
        .into_par_iter()
        .map(|query| count_passing(sample, &squared_norms, query, rows))
        .collect();
    let leading = |i: usize| ((i + 1) * STEP).min(dim.next_multiple_of(LeadingCodes::GROUP));
    let cost = |i: usize| {
        let passing: usize = passing.iter().map(|counts| counts[i]).sum();
        let share = passing as f64 / (SAMPLE_QUERIES * sample_rows) as f64;
        let residual_bytes = 4 * residual_len(dim, leading(i)) + CACHE_LINE;
        // A row of a panel has 16 bytes besides its codes.
        (leading(i) + 16) as f64 + share * SCATTERED_COST * residual_bytes as f64
    };
    let best = (0..dim.div_ceil(STEP)).min_by(|&a, &b| cost(a).total_cmp(&cost(b)))?;
    (cost(best) < 0.7 * (4 * dim) as f64).then(|| leading(best))
}

/// Returns the dot products of the first 16 dimensions, of the first 32, and so on to all.
fn prefix_dots(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> Vec<f64> {
    a.axis_chunks_iter(Axis(0), STEP)
        .zip(b.axis_chunks_iter(Axis(0), STEP))
        .scan(0.0, |sum, (a, b)| {
            *sum += a.dot(&b);
            Some(*sum)
        })
        .collect()
}

/// Returns how many rows of the sample are expected to pass the first bound of the query, for each
/// number of leading dimensions. `squared_norms` are the prefix dots of each row with itself.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate"
)]
fn count_passing(
    sample: ArrayView2<'_, f64>,
    squared_norms: &[Vec<f64>],
    query: usize,
    rows: u32,
) -> Vec<usize> {
    let (sample_rows, candidates) = (squared_norms.len(), squared_norms[query].len());
    let z = sample.row(query);
    let dots: Vec<Vec<f64>> = sample.outer_iter().map(|y| prefix_dots(z, y)).collect();
    let mut scores: Vec<f64> = dots
        .iter()
        .enumerate()
        .filter(|(row, _)| *row != query)
        .map(|(_, dots)| dots[candidates - 1])
        .collect();
    // The threshold is the score whose rank in the sample corresponds to that of the worst hit among
    // all rows.
    let rank = (HITS * sample_rows as f64 / f64::from(rows)).ceil() as usize;
    let rank = rank.clamp(1, scores.len()) - 1;
    let (_, &mut threshold, _) = scores.select_nth_unstable_by(rank, |a, b| b.total_cmp(a));
    let squared_residual = |row: usize, i: usize| {
        let norms = &squared_norms[row];
        (norms[candidates - 1] - norms[i]).max(0.0)
    };
    (0..candidates)
        .map(|i| {
            // A uniform rounding error has a standard deviation of 0.29 steps; the largest value of
            // a row is taken to be 0.3 times its norm.
            let code_error = (((i + 1) * STEP) as f64).sqrt() * 0.29 / MAX_CODE;
            let query_error = code_error * 0.3 * squared_norms[query][i].sqrt();
            let passes = |row: usize| {
                let largest = squared_norms[row][i].sqrt() * 0.3;
                let residual = (squared_residual(query, i) * squared_residual(row, i)).sqrt();
                let row_error = squared_norms[query][i].sqrt() * code_error * largest;
                dots[row][i] + residual + row_error + query_error >= threshold
            };
            (0..sample_rows).filter(|row| passes(*row)).count()
        })
        .collect()
}
