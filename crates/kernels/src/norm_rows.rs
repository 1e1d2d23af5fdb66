//! The walk over the rows of a norm, several rows at a time.

#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use crate::simd::{LANES, Simd};

/// The number of rows whose sums are computed together. The sum of a row is a chain of dependent
/// instructions, and the chains of several rows hide each other's latency.
const ROWS: usize = 4;

/// A norm of rows of a fixed length.
pub(crate) trait Norm {
    /// What the values of a row are normalized by.
    type Statistics: Copy;

    /// Returns the length of a row.
    fn dim(&self) -> usize;

    /// Returns the statistics of `N` rows, `[N, dim]`.
    fn statistics<S: Simd, const N: usize>(&self, s: S, rows: &[f32]) -> [Self::Statistics; N];

    /// Normalizes the values of a row from `column` on: 16 if `WHOLE`, else the last ones.
    fn normalize<S: Simd, const WHOLE: bool>(
        &self,
        s: S,
        values: S::F,
        statistics: Self::Statistics,
        column: usize,
    ) -> S::F;
}

/// Normalizes each row of `source`, `[n, dim]`, into `x`, or each row of `x` if there is no source.
#[inline(always)]
pub(crate) fn normalize_rows<S: Simd>(
    s: S,
    norm: &impl Norm,
    source: Option<&[f32]>,
    x: &mut [f32],
) {
    let dim = norm.dim();
    for (i, block) in x.chunks_mut(ROWS * dim).enumerate() {
        let source = source.map(|source| &source[i * ROWS * dim..][..block.len()]);
        if block.len() == ROWS * dim {
            normalize_block::<S, ROWS>(s, norm, source, block);
        } else {
            for (r, row) in block.chunks_exact_mut(dim).enumerate() {
                let source = source.map(|source| &source[r * dim..][..dim]);
                normalize_block::<S, 1>(s, norm, source, row);
            }
        }
    }
}

/// Normalizes `N` rows, `[N, dim]`.
#[inline(always)]
fn normalize_block<S: Simd, const N: usize>(
    s: S,
    norm: &impl Norm,
    source: Option<&[f32]>,
    x: &mut [f32],
) {
    let dim = norm.dim();
    let whole = dim / LANES * LANES;
    let statistics = norm.statistics::<S, N>(s, source.unwrap_or(x));
    // Row by row, because stores to one row at a time do not delay loads from another one at the same
    // offset in its memory page.
    for (r, statistics) in statistics.into_iter().enumerate() {
        let row = &mut x[r * dim..(r + 1) * dim];
        let source = source.map(|source| &source[r * dim..(r + 1) * dim]);
        for column in (0..whole).step_by(LANES) {
            let values = load_columns::<S, true>(s, source.unwrap_or(row), column);
            let values = norm.normalize::<S, true>(s, values, statistics, column);
            let (to, _) = row[column..].as_chunks_mut();
            s.store(values, &mut to[0]);
        }
        if whole < dim {
            let values = load_columns::<S, false>(s, source.unwrap_or(row), whole);
            let values = norm.normalize::<S, false>(s, values, statistics, whole);
            s.store_partial(values, &mut row[whole..]);
        }
    }
}

/// Loads the values of a row from `column` on: 16 if `WHOLE`, else the last ones, followed by zeros.
///
/// The caller says which, because a call in a loop of whole vectors, even if it is never made, would
/// make the loop keep its vectors in memory.
#[inline(always)]
pub(crate) fn load_columns<S: Simd, const WHOLE: bool>(s: S, row: &[f32], column: usize) -> S::F {
    if WHOLE {
        s.load(&row[column..].as_chunks().0[0])
    } else {
        s.load_partial(&row[column..], 0.0)
    }
}
