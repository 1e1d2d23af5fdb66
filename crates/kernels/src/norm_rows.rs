//! The walk over the rows of a norm, several rows at a time.

#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use crate::simd::{LANES, Simd};

/// The number of rows that are normalized together. The sum of a row is a chain of dependent
/// instructions, and the chains of several rows hide each other's latency.
const ROWS: usize = 4;

/// A norm of rows of a fixed length.
pub(crate) trait NormRows {
    /// Returns the length of a row.
    fn dim(&self) -> usize;

    /// Normalizes `N` rows, `[N, dim]`, each on its own.
    fn normalize<S: Simd, const N: usize>(&self, s: S, x: &mut [f32]);
}

/// Normalizes each row of `x`, `[n, dim]`, after copying it from `source`, if there is one.
#[inline(always)]
pub(crate) fn for_each_row<S: Simd>(
    s: S,
    norm: &impl NormRows,
    source: Option<&[f32]>,
    x: &mut [f32],
) {
    let block_len = ROWS * norm.dim();
    for (i, block) in x.chunks_mut(block_len).enumerate() {
        if let Some(source) = source {
            // Block by block, so that the norm finds the copy in the first-level cache.
            block.copy_from_slice(&source[i * block_len..][..block.len()]);
        }
        if block.len() == block_len {
            norm.normalize::<S, ROWS>(s, block);
        } else {
            for row in block.chunks_exact_mut(norm.dim()) {
                norm.normalize::<S, 1>(s, row);
            }
        }
    }
}

/// Returns 16 values of `x`, from `at` on.
#[inline(always)]
pub(crate) fn lanes(x: &[f32], at: usize) -> &[f32; LANES] {
    &x[at..].as_chunks::<LANES>().0[0]
}

/// Returns 16 values of `x`, from `at` on.
#[inline(always)]
pub(crate) fn lanes_mut(x: &mut [f32], at: usize) -> &mut [f32; LANES] {
    &mut x[at..].as_chunks_mut::<LANES>().0[0]
}
