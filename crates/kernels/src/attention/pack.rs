#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use super::column_block::column_block_vectors;
use crate::simd::{Kernel, LANES, Simd};
use crate::tile::Rows;

/// Packs values, `[tokens, size]`, into blocks of columns, `[tokens, block vectors · 16]` each. Zeros
/// fill the last block.
pub(super) struct PackValues<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) tokens: usize,
    pub(super) size: usize,
    pub(super) packed: &'a mut [f32],
}

impl Kernel for PackValues<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let mut column = 0;
        while column < self.size {
            let width = column_block_vectors(S::TILE_VECTORS, self.size - column) * LANES;
            let live = width.min(self.size - column);
            let packed = &mut self.packed[column * self.tokens..][..width * self.tokens];
            let rows = self.rows.values.chunks(self.rows.stride);
            for (row, to) in rows.zip(packed.chunks_exact_mut(width)) {
                let row = &row[column..][..live];
                let (chunks, tail) = row.as_chunks::<LANES>();
                let (to, last) = to.as_chunks_mut::<LANES>().0.split_at_mut(chunks.len());
                for (to, chunk) in to.iter_mut().zip(chunks) {
                    s.store(s.load(chunk), to);
                }
                if let Some((to, padding)) = last.split_first_mut() {
                    s.store(s.load_partial(tail, 0.0), to);
                    padding.fill([0.0; LANES]);
                }
            }
            column += width;
        }
    }
}

/// Packs queries, `[count, size]`, into a panel, `[padded size, vectors · 16]`. Lanes without a query
/// repeat the last query, and their results are not used.
pub(super) struct PackQueries<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) count: usize,
    pub(super) size: usize,
    pub(super) vectors: usize,
    pub(super) packed: &'a mut [f32],
}

impl Kernel for PackQueries<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (packed, _) = self.packed.as_chunks_mut::<LANES>();
        for vector in 0..self.vectors {
            let live = LANES.min(self.count - vector * LANES);
            for column in (0..self.size).step_by(LANES) {
                let width = LANES.min(self.size - column);
                let mut square = [s.splat(0.0); LANES];
                for (r, lanes) in square.iter_mut().enumerate() {
                    let row = vector * LANES + r.min(live - 1);
                    let row = &self.rows.values[row * self.rows.stride + column..][..width];
                    *lanes = load_row(s, row);
                }
                let square = s.transpose(square);
                for (i, lanes) in square.into_iter().enumerate() {
                    s.store(lanes, &mut packed[(column + i) * self.vectors + vector]);
                }
            }
        }
    }
}

/// Loads up to 16 values of a row and fills the remaining lanes with zeros.
#[inline(always)]
pub(super) fn load_row<S: Simd>(s: S, x: &[f32]) -> S::F {
    match x.as_array() {
        Some(x) => s.load(x),
        None => s.load_partial(x, 0.0),
    }
}
