#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use super::group;
use crate::simd::{Kernel, LANES, Simd};
use crate::tile::Rows;

/// Packs values, `[tokens, size]`, in groups of columns, `[tokens, group · 16]` each; behind the
/// last column lie zeros.
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
            let width = group(S::TILE_VECTORS, self.size - column) * LANES;
            let live = width.min(self.size - column);
            let packed = &mut self.packed[column * self.tokens..][..width * self.tokens];
            let rows = self.rows.values.chunks(self.rows.stride);
            for (row, to) in rows.zip(packed.chunks_exact_mut(width)) {
                let row = &row[column..][..live];
                let (chunks, tail) = row.as_chunks::<LANES>();
                let (to, behind) = to.as_chunks_mut::<LANES>().0.split_at_mut(chunks.len());
                for (to, chunk) in to.iter_mut().zip(chunks) {
                    s.store(s.load(chunk), to);
                }
                if let Some((to, behind)) = behind.split_first_mut() {
                    s.store(s.load_some(tail, 0.0), to);
                    behind.fill([0.0; LANES]);
                }
            }
            column += width;
        }
    }
}

/// Packs queries, `[count, size]`, as a panel `[padded size, vectors · 16]`; lanes without a query
/// hold the last one again, and what comes of them is not used.
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
                    *lanes = load(s, row);
                }
                let square = s.transpose(square);
                for (i, lanes) in square.into_iter().enumerate() {
                    s.store(lanes, &mut packed[(column + i) * self.vectors + vector]);
                }
            }
        }
    }
}

/// At most 16 values of a row; behind them lie zeros.
#[inline(always)]
pub(super) fn load<S: Simd>(s: S, x: &[f32]) -> S::F {
    match x.as_array() {
        Some(x) => s.load(x),
        None => s.load_some(x, 0.0),
    }
}
