#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use std::ops::Range;

use super::column_block::column_block_vectors;
use crate::simd::{Integers, Kernel, LANES, Simd};
use crate::tile::{Codes, Floats, Multiply, Rows, TILE_ROWS, at_height, tile, tiles};

/// Computes the weighted mean of the values of the keys for each query of a panel.
pub(super) struct Weigh<'a, P> {
    pub(super) products: P,
    /// The sum of the weights of each query.
    pub(super) sums: &'a [f32],
    /// The output, from the first of `size` columns of the first query on; the next query is `stride`
    /// elements later.
    pub(super) out: &'a mut [f32],
    pub(super) stride: usize,
    pub(super) size: usize,
}

/// The products of weights and values.
pub(super) trait Products<S: Simd> {
    /// Computes the products of the queries `query..query + R` and the columns from `column` on.
    fn tile<const R: usize, const V: usize>(
        &self,
        s: S,
        query: usize,
        column: usize,
    ) -> [[S::F; V]; R];
}

/// Weights, `[steps, panel width]`, and values in blocks of columns, `[all steps, columns]` each.
///
/// In f32, [`PackValues`](super::pack::PackValues) packs the values, and a step is a token. In 8 bits,
/// [`QuantizeValues`](super::quantize::QuantizeValues) packs them, and a step is a word of codes.
pub(super) struct Factors<'a, E> {
    pub(super) weights: &'a [E],
    pub(super) panel_width: usize,
    /// The steps of the panel.
    pub(super) steps: Range<usize>,
    /// The number of steps of the sequence.
    pub(super) all_steps: usize,
    pub(super) values: &'a [E],
}

impl<E: Copy + Default> Factors<'_, E> {
    #[inline(always)]
    fn tile<S, M, const R: usize, const V: usize>(
        &self,
        s: S,
        query: usize,
        column: usize,
    ) -> [[M::Vector; V]; R]
    where
        S: Simd,
        M: Multiply<S, Element = E, Weight = E>,
    {
        let steps = self.steps.len();
        let first = column * self.all_steps + self.steps.start * V * LANES;
        let values = &self.values[first..][..V * LANES * steps];
        let weights = Rows {
            values: &self.weights[query..],
            stride: 1,
            step: self.panel_width,
        };
        let zeros = [[M::splat(s, E::default()); V]; R];
        tile::<S, M, R, V>(s, zeros, weights, steps, values, &[])
    }
}

impl<S: Simd> Products<S> for Factors<'_, f32> {
    #[inline(always)]
    fn tile<const R: usize, const V: usize>(
        &self,
        s: S,
        query: usize,
        column: usize,
    ) -> [[S::F; V]; R] {
        self.tile::<S, Floats, R, V>(s, query, column)
    }
}

/// Weights and values in codes, and the scales of the values.
pub(super) struct ScaledFactors<'a> {
    pub(super) codes: Factors<'a, i32>,
    /// The scale of each column of the values.
    pub(super) scales: &'a [f32],
}

impl<S: Integers> Products<S> for ScaledFactors<'_> {
    #[inline(always)]
    fn tile<const R: usize, const V: usize>(
        &self,
        s: S,
        query: usize,
        column: usize,
    ) -> [[S::F; V]; R] {
        let sums = self.codes.tile::<S, Codes, R, V>(s, query, column);
        let (scales, _) = self.scales[column..].as_chunks::<LANES>();
        let mut products = [[s.splat(0.0); V]; R];
        for (products, sums) in products.iter_mut().zip(sums) {
            for v in 0..V {
                products[v] = s.mul(s.to_float(sums[v]), s.load(&scales[v]));
            }
        }
        products
    }
}

impl Kernel for Weigh<'_, Factors<'_, f32>> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        self.columns(s);
    }
}

impl Kernel for Weigh<'_, ScaledFactors<'_>> {
    type Output = ();

    #[inline(always)]
    fn run<S: Integers>(self, s: S) {
        self.columns(s);
    }
}

impl<P> Weigh<'_, P> {
    #[inline(always)]
    fn columns<S: Simd>(mut self, s: S)
    where
        P: Products<S>,
    {
        let mut column = 0;
        while column < self.size {
            let vectors = column_block_vectors(S::TILE_VECTORS, self.size - column);
            match vectors {
                4 => self.column_block::<S, 4>(s, column),
                2 => self.column_block::<S, 2>(s, column),
                _ => self.column_block::<S, 1>(s, column),
            }
            column += vectors * LANES;
        }
    }

    #[inline(always)]
    fn column_block<S: Simd, const V: usize>(&mut self, s: S, column: usize)
    where
        P: Products<S>,
    {
        for rows in tiles(0..self.sums.len(), TILE_ROWS) {
            at_height!(rows.len(), false, R => self.tile::<S, R, V>(s, (rows.start, column)));
        }
    }

    /// Computes one tile of outputs.
    #[inline(always)]
    fn tile<S: Simd, const R: usize, const V: usize>(
        &mut self,
        s: S,
        (query, column): (usize, usize),
    ) where
        P: Products<S>,
    {
        let sums = self.products.tile::<R, V>(s, query, column);
        let size = (V * LANES).min(self.size - column);
        for (r, sums) in sums.iter().enumerate() {
            let inverse = s.splat(1.0 / self.sums[query + r]);
            let out = &mut self.out[(query + r) * self.stride + column..][..size];
            for (v, chunk) in out.chunks_mut(LANES).enumerate() {
                let value = s.mul(sums[v], inverse);
                match chunk.as_mut_array() {
                    Some(chunk) => s.store(value, chunk),
                    None => s.store_partial(value, chunk),
                }
            }
        }
    }
}
