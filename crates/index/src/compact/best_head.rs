//! How many dimensions of a row are worth a look before the rest.

use cognate_kernels::LeadingCodes;
use ndarray::{ArrayView1, ArrayView2};
use rayon::prelude::*;

use super::{TOP, rest_len};

/// Rows of the sample that play the query to find the best length of the head.
const SAMPLE_QUERIES: usize = 32;

/// Steps in which the length of the head is tried.
const HEAD_STEP: usize = 16;

/// The length of the head with which a search of `rows` rows reads the fewest bytes, as far as a
/// rotated sample tells: some of its rows play the query. None if reading all in f32 is as good.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
pub(super) fn best_head(sample: ArrayView2<'_, f64>, rows: u32) -> Option<usize> {
    /// The rest of a row, which is read alone, counts so many times its bytes of panels: as measured,
    /// with what is then read in f32. Among a million rows one query takes a tenth longer with 40 than
    /// with 8, and a batch a fifth less.
    const ALONE: f64 = 32.0;
    /// Bytes of a line of the cache.
    const LINE: usize = 64;
    let (taken, dim) = sample.dim();
    let squares: Vec<Vec<f64>> = sample.outer_iter().map(|y| running(y, y)).collect();
    let queries: Vec<usize> = (0..SAMPLE_QUERIES)
        .map(|i| i * taken / SAMPLE_QUERIES)
        .collect();
    let reached: Vec<Vec<usize>> = queries
        .into_par_iter()
        .map(|query| reached(sample, &squares, query, rows))
        .collect();
    let head = |h: usize| ((h + 1) * HEAD_STEP).min(dim.next_multiple_of(LeadingCodes::GROUP));
    let cost = |h: usize| {
        let reached: usize = reached.iter().map(|of_heads| of_heads[h]).sum();
        let share = reached as f64 / (SAMPLE_QUERIES * taken) as f64;
        let rest = 4 * rest_len(dim, head(h)) + LINE;
        (head(h) + 16) as f64 + share * ALONE * rest as f64
    };
    let best = (0..dim.div_ceil(HEAD_STEP)).min_by(|&a, &b| cost(a).total_cmp(&cost(b)))?;
    (cost(best) < 0.7 * (4 * dim) as f64).then(|| head(best))
}

/// The dot products of the first 16, 32… dimensions, and of all.
fn running(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> Vec<f64> {
    let axis = ndarray::Axis(0);
    a.axis_chunks_iter(axis, HEAD_STEP)
        .zip(b.axis_chunks_iter(axis, HEAD_STEP))
        .scan(0.0, |sum, (a, b)| {
            *sum += a.dot(&b);
            Some(*sum)
        })
        .collect()
}

/// How many rows of the sample the bound of one of them lets pass, for each length of the head.
/// `squares` are those of the norms, as [`running`] gives them.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate"
)]
fn reached(
    sample: ArrayView2<'_, f64>,
    squares: &[Vec<f64>],
    query: usize,
    rows: u32,
) -> Vec<usize> {
    /// Hits that a search asks for, usually.
    const HITS: f64 = 10.0;
    let (taken, heads) = (squares.len(), squares[query].len());
    let z = sample.row(query);
    let products: Vec<Vec<f64>> = sample.outer_iter().map(|y| running(z, y)).collect();
    let mut scores: Vec<f64> = products
        .iter()
        .enumerate()
        .filter(|(row, _)| *row != query)
        .map(|(_, of_heads)| of_heads[heads - 1])
        .collect();
    // As good as the worst hit is what is as rare in the sample.
    let rank = (HITS * taken as f64 / f64::from(rows)).ceil() as usize;
    let rank = rank.clamp(1, scores.len()) - 1;
    let (_, &mut floor, _) = scores.select_nth_unstable_by(rank, |a, b| b.total_cmp(a));
    let rest = |row: usize, h: usize| (squares[row][heads - 1] - squares[row][h]).max(0.0);
    (0..heads)
        .map(|h| {
            let code_error = (((h + 1) * HEAD_STEP) as f64).sqrt() * 0.29 / TOP;
            let of_query = code_error * 0.3 * squares[query][h].sqrt();
            let passes = |row: usize| {
                let largest = squares[row][h].sqrt() * 0.3;
                let tails = (rest(query, h) * rest(row, h)).sqrt();
                let of_row = squares[query][h].sqrt() * code_error * largest;
                products[row][h] + tails + of_row + of_query >= floor
            };
            (0..taken).filter(|row| passes(*row)).count()
        })
        .collect()
}
