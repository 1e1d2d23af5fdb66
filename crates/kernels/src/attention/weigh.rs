#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use super::group;
use crate::simd::{Kernel, LANES, Simd};
use crate::tile::{Floats, Rows, TILE_ROWS, at_height, tile, tiles};

/// Sums the values of all tokens by the weights of each query, over the sum of the weights.
pub(super) struct Weigh<'a> {
    /// `[tokens, panel]`
    pub(super) weights: &'a [f32],
    pub(super) panel: usize,
    /// Of the weights of each query.
    pub(super) sums: &'a [f32],
    pub(super) tokens: usize,
    pub(super) values: &'a [f32],
    /// The first of `size` columns of the first query; the next query is `stride` further on.
    pub(super) out: &'a mut [f32],
    pub(super) stride: usize,
    pub(super) size: usize,
}

impl Kernel for Weigh<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let mut column = 0;
        while column < self.size {
            let group = group(S::TILE_VECTORS, self.size - column);
            match group {
                4 => self.group::<S, 4>(s, column),
                2 => self.group::<S, 2>(s, column),
                _ => self.group::<S, 1>(s, column),
            }
            column += group * LANES;
        }
    }
}

impl Weigh<'_> {
    #[inline(always)]
    fn group<S: Simd, const V: usize>(&mut self, s: S, column: usize) {
        for rows in tiles(0..self.sums.len(), TILE_ROWS) {
            at_height!(rows.len(), false, R => self.tile::<S, R, V>(s, (rows.start, column)));
        }
    }

    /// One tile of outputs.
    #[inline(always)]
    fn tile<S: Simd, const R: usize, const V: usize>(
        &mut self,
        s: S,
        (row, column): (usize, usize),
    ) {
        let values = &self.values[column * self.tokens..][..V * LANES * self.tokens];
        let weights = Rows {
            values: &self.weights[row..],
            stride: 1,
            step: self.panel,
        };
        let zeros = [[s.splat(0.0); V]; R];
        let sums = tile::<S, Floats, R, V>(s, zeros, weights, self.tokens, values, &[]);
        let size = (V * LANES).min(self.size - column);
        for (r, sums) in sums.iter().enumerate() {
            let inverse = s.splat(1.0 / self.sums[row + r]);
            let out = &mut self.out[(row + r) * self.stride + column..][..size];
            for (v, chunk) in out.chunks_mut(LANES).enumerate() {
                let value = s.mul(sums[v], inverse);
                match chunk.as_mut_array() {
                    Some(chunk) => s.store(value, chunk),
                    None => s.store_some(value, chunk),
                }
            }
        }
    }
}
