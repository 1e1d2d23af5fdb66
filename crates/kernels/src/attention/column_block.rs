#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use crate::simd::LANES;

/// Returns the number of vectors in the next block of columns of the values, if `columns` columns
/// are left. A block is as wide as a tile, or 2 or 1 vectors for the last columns.
#[inline(always)]
pub(super) fn column_block_vectors(tile_vectors: usize, columns: usize) -> usize {
    match columns.div_ceil(LANES).min(tile_vectors) {
        0 | 1 => 1,
        2 | 3 => 2,
        _ => 4,
    }
}
