#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use super::bias::PanelBias;
use super::mask::PanelKeys;
use super::panel::{PANEL_VECTORS, PanelLanes};
use crate::Cpu;
use crate::simd::{Integers, Kernel, LANES, Simd};
use crate::tile::{Codes, Floats, Rows, TILE_ROWS, at_height, tile, tiles};

/// Computes the scores of a panel of queries with their keys, `[keys, vectors · 16]`, and returns the
/// largest score of each query. The score of a key that a query must not attend to is −∞.
pub(super) struct Score<'a, P> {
    pub(super) products: P,
    pub(super) keys: &'a PanelKeys,
    pub(super) vectors: usize,
    pub(super) bias: Option<PanelBias<'a>>,
    pub(super) scores: &'a mut [f32],
}

/// The products of keys and a panel of queries.
pub(super) trait Products<S: Simd> {
    /// Computes the products of the keys `key..key + R`.
    fn tile<const R: usize, const V: usize>(&self, s: S, key: usize) -> [[S::F; V]; R];
}

/// Products of keys in f32 and queries packed by [`PackQueries`](super::pack::PackQueries).
pub(super) struct FloatProducts<'a> {
    pub(super) keys: Rows<'a>,
    pub(super) head_size: usize,
    pub(super) queries: &'a [f32],
}

impl<S: Simd> Products<S> for FloatProducts<'_> {
    #[inline(always)]
    fn tile<const R: usize, const V: usize>(&self, s: S, key: usize) -> [[S::F; V]; R] {
        let zeros = [[s.splat(0.0); V]; R];
        let keys = self.keys.from(key);
        tile::<S, Floats, R, V>(s, zeros, keys, self.head_size, self.queries, &[])
    }
}

/// Products of the codes written by [`QuantizeKeys`](super::quantize::QuantizeKeys) and
/// [`QuantizeQueries`](super::quantize::QuantizeQueries): `scale · sum + offset`.
pub(super) struct CodeProducts<'a> {
    pub(super) keys: Rows<'a, i32>,
    /// The number of words of a key.
    pub(super) groups: usize,
    pub(super) queries: &'a [i32],
    /// The scale of each query.
    pub(super) scales: &'a [f32],
    /// The offset of each query.
    pub(super) offsets: &'a [f32],
}

impl<S: Integers> Products<S> for CodeProducts<'_> {
    #[inline(always)]
    fn tile<const R: usize, const V: usize>(&self, s: S, key: usize) -> [[S::F; V]; R] {
        let zeros = [[s.splat_word(0); V]; R];
        let keys = self.keys.from(key);
        let sums = tile::<S, Codes, R, V>(s, zeros, keys, self.groups, self.queries, &[]);
        let (scales, _) = self.scales.as_chunks::<LANES>();
        let (offsets, _) = self.offsets.as_chunks::<LANES>();
        let mut products = [[s.splat(0.0); V]; R];
        for (products, sums) in products.iter_mut().zip(sums) {
            for v in 0..V {
                let (scale, offset) = (s.load(&scales[v]), s.load(&offsets[v]));
                products[v] = s.fma(s.to_float(sums[v]), scale, offset);
            }
        }
        products
    }
}

impl Kernel for Score<'_, FloatProducts<'_>> {
    type Output = PanelLanes;

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> Self::Output {
        self.panel::<S, false>(s)
    }
}

impl Kernel for Score<'_, CodeProducts<'_>> {
    type Output = PanelLanes;

    #[inline(always)]
    fn run<S: Integers>(self, s: S) -> Self::Output {
        self.panel::<S, false>(s)
    }
}

/// A [`Score`] for a panel whose queries must not attend to all keys.
///
/// It is a kernel of its own, because a test in each tile would slow down attention without a mask.
pub(super) struct Masked<T>(T);

impl Kernel for Masked<Score<'_, FloatProducts<'_>>> {
    type Output = PanelLanes;

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> Self::Output {
        self.0.panel::<S, true>(s)
    }
}

impl Kernel for Masked<Score<'_, CodeProducts<'_>>> {
    type Output = PanelLanes;

    #[inline(always)]
    fn run<S: Integers>(self, s: S) -> Self::Output {
        self.0.panel::<S, true>(s)
    }
}

impl<P> Score<'_, P> {
    /// Computes the scores with the kernel for this panel.
    pub(super) fn compute(self, cpu: Cpu) -> PanelLanes
    where
        Self: Kernel<Output = PanelLanes>,
        Masked<Self>: Kernel<Output = PanelLanes>,
    {
        if self.keys.is_masked() {
            cpu.run(Masked(self))
        } else {
            cpu.run(self)
        }
    }

    #[inline(always)]
    fn panel<S: Simd, const MASKED: bool>(self, s: S) -> PanelLanes
    where
        P: Products<S>,
    {
        match self.vectors {
            PANEL_VECTORS if S::TILE_VECTORS >= PANEL_VECTORS => {
                self.tiles::<S, PANEL_VECTORS, MASKED>(s)
            }
            _ => self.tiles::<S, 1, MASKED>(s),
        }
    }

    #[inline(always)]
    fn tiles<S: Simd, const V: usize, const MASKED: bool>(mut self, s: S) -> PanelLanes
    where
        P: Products<S>,
    {
        let mut largest = [s.splat(f32::NEG_INFINITY); V];
        let height = if V == PANEL_VECTORS {
            2 * TILE_ROWS
        } else {
            TILE_ROWS
        };
        for rows in tiles(self.keys.range.clone(), height) {
            at_height!(rows.len(), V == PANEL_VECTORS, R => {
                self.tile::<S, R, V, MASKED>(s, rows.start, &mut largest);
            });
        }
        let mut found = [[0.0; LANES]; PANEL_VECTORS];
        for (found, largest) in found.iter_mut().zip(largest) {
            s.store(largest, found);
        }
        found
    }

    /// Computes one tile of scores.
    #[inline(always)]
    fn tile<S: Simd, const R: usize, const V: usize, const MASKED: bool>(
        &mut self,
        s: S,
        key: usize,
        largest: &mut [S::F; V],
    ) where
        P: Products<S>,
    {
        let mut sums = self.products.tile::<R, V>(s, key);
        if let Some(bias) = self.bias {
            for (r, sums) in sums.iter_mut().enumerate() {
                let (bias, _) = bias.of_key(key + r).as_chunks::<LANES>();
                for v in 0..V {
                    sums[v] = s.add(sums[v], s.load(&bias[v]));
                }
            }
        }
        let PanelKeys { range, full, edges } = self.keys;
        if MASKED && (key < full.start || key + R > full.end) {
            for (r, sums) in sums.iter_mut().enumerate() {
                edges.mask(s, key + r, sums);
            }
        }
        let scores = &mut self.scores[(key - range.start) * V * LANES..][..R * V * LANES];
        let (scores, _) = scores.as_chunks_mut::<LANES>();
        for (r, sums) in sums.iter().enumerate() {
            for v in 0..V {
                largest[v] = s.max(largest[v], sums[v]);
                s.store(sums[v], &mut scores[r * V + v]);
            }
        }
    }
}
