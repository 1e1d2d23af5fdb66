//! The micro-kernel of all matrix products.

#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use crate::simd::{LANES, Simd};

/// Rows of a tile: with its columns, as many sums as the registers hold.
pub(crate) const TILE_ROWS: usize = 6;

/// Rows of a matrix, `stride` elements from one to the next.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) stride: usize,
}

/// The product of the first `R` rows, `depth` elements each, and a panel, `[depth, V · 16]`.
///
/// Each sum is a chain of fused multiply-adds in the order of `depth`, from +0.0; sums of different
/// places do not touch each other, so that the result is the same in every tile.
#[inline(always)]
#[expect(
    unsafe_code,
    reason = "bounds are checked once, not at each of the loads"
)]
pub(crate) fn tile<S: Simd, const R: usize, const V: usize>(
    s: S,
    rows: Rows<'_>,
    depth: usize,
    panel: &[f32],
) -> [[S::F; V]; R] {
    assert!(
        rows.values.len() >= (R - 1) * rows.stride + depth,
        "the rows end before the tile does"
    );
    assert!(
        panel.len() >= depth * V * LANES,
        "the panel ends before the tile does"
    );
    let mut sums = [[s.splat(0.0); V]; R];
    let (a, b) = (rows.values.as_ptr(), panel.as_ptr());
    for i in 0..depth {
        let mut b_row = [s.splat(0.0); V];
        for (v, b_row) in b_row.iter_mut().enumerate() {
            // SAFETY: i < depth and v < V, so these 16 floats end at most at depth · V · 16, which
            // the panel holds.
            *b_row = unsafe { s.load_at(b.add((i * V + v) * LANES)) };
        }
        for (r, sums) in sums.iter_mut().enumerate() {
            // SAFETY: r < R and i < depth, so this float lies before (R − 1) · stride + depth, which
            // the rows hold.
            let a = s.splat(unsafe { *a.add(r * rows.stride + i) });
            for v in 0..V {
                sums[v] = s.fma(a, b_row[v], sums[v]);
            }
        }
    }
    sums
}
