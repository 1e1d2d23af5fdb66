//! The way of all linear layers through rows and panels.

#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use std::ops::Range;

use crate::Cpu;
use crate::epilogue::Output;
use crate::simd::{LANES, Simd};
use crate::tile::{TILE_ROWS, tiles};

/// A product of rows and a packed layer, that goes to an [`Output`].
pub(crate) trait Product<S: Simd> {
    /// What goes on in 8 bits may be coarse: see [`Output::finish`].
    const COARSE: bool;
    /// Elements of x that are visited before the next block of rows is: with a panel of the weights,
    /// they stay in a second-level cache.
    const BLOCK: usize;

    /// Rows of x.
    fn rows(&self) -> usize;
    /// Elements of a row of x, and of a column of a panel.
    fn depth(&self) -> usize;
    /// Which outputs are computed: those of whole panels.
    fn outputs(&self) -> Range<usize>;
    /// `[panels, depth, columns]`, 32 bits each.
    fn panels(&self) -> &[f32];

    /// The values of one tile, rows `row..row + R` and the columns of `panel`, bias included.
    fn tile<const V: usize, const R: usize>(
        &self,
        s: S,
        row: usize,
        panel: usize,
        ahead: &[f32],
    ) -> [[S::F; V]; R];
}

/// Computes all tiles of `product`, block by block and panel by panel.
#[inline(always)]
pub(crate) fn multiply<S: Simd, P: Product<S>>(s: S, product: &P, out: Output<'_>) {
    match S::TILE_VECTORS {
        4 => Walk { s, product, out }.blocks::<4>(),
        _ => Walk { s, product, out }.blocks::<1>(),
    }
}

struct Walk<'a, S, P> {
    s: S,
    product: &'a P,
    out: Output<'a>,
}

impl<S: Simd, P: Product<S>> Walk<'_, S, P> {
    #[inline(always)]
    fn blocks<const V: usize>(mut self) {
        let rows = self.product.rows();
        let blocks = (rows * self.product.depth()).div_ceil(P::BLOCK);
        let outputs = self.product.outputs();
        for block in 0..blocks {
            let block = block * rows / blocks..(block + 1) * rows / blocks;
            for panel in outputs.start / (V * LANES)..outputs.end.div_ceil(V * LANES) {
                self.panel::<V>(block.clone(), panel);
            }
        }
    }

    /// The tiles of one panel. On the way the next panel is fetched, bit by bit: reading it in order
    /// does not suffice, because a processor does not look ahead beyond a page of memory.
    #[inline(always)]
    fn panel<const V: usize>(&mut self, block: Range<usize>, panel: usize) {
        let columns = V * LANES;
        let column = panel * columns - self.product.outputs().start;
        let mut panels = self.product.panels().chunks(self.product.depth() * columns);
        let next = panels.nth(panel + 1).unwrap_or_default();
        let tiles = tiles(block);
        let part = (next.len().div_ceil(tiles.len())).next_multiple_of(LANES);
        let mut ahead = next.chunks(part.max(1));
        for rows in tiles {
            let (row, now) = (rows.start, ahead.next().unwrap_or_default());
            match rows.len() {
                1 => self.tile::<V, 1>(row, column, panel, now),
                2 => self.tile::<V, 2>(row, column, panel, now),
                3 => self.tile::<V, 3>(row, column, panel, now),
                4 => self.tile::<V, 4>(row, column, panel, now),
                5 => self.tile::<V, 5>(row, column, panel, now),
                _ => self.tile::<V, TILE_ROWS>(row, column, panel, now),
            }
            if P::COARSE {
                self.out.finish::<S, true>(self.s, rows, column, columns);
            } else {
                self.out.finish::<S, false>(self.s, rows, column, columns);
            }
        }
    }

    #[inline(always)]
    fn tile<const V: usize, const R: usize>(
        &mut self,
        row: usize,
        column: usize,
        panel: usize,
        ahead: &[f32],
    ) {
        let values = self.product.tile::<V, R>(self.s, row, panel, ahead);
        self.out.store(self.s, values, row, column);
    }
}

impl Cpu {
    /// Cuts `outputs` at borders of panels into at most `parts` ranges of nearly the same size.
    pub(crate) fn split_outputs(self, outputs: usize, parts: usize) -> Vec<Range<usize>> {
        let columns = self.tile_columns();
        let panels = outputs.div_ceil(columns);
        let parts = parts.clamp(1, panels.max(1));
        let border = |part: usize| (part * panels / parts * columns).min(outputs);
        (0..parts)
            .map(|part| border(part)..border(part + 1))
            .collect()
    }

    /// # Panics
    ///
    /// When `range`, of a layer with so many `outputs`, does not start and end where panels do.
    pub(crate) fn check_outputs(self, range: &Range<usize>, outputs: usize) {
        let columns = self.tile_columns();
        assert!(
            range.start.is_multiple_of(columns)
                && (range.end == outputs
                    || range.end.is_multiple_of(columns) && range.end < outputs),
            "outputs must be a range of whole panels"
        );
    }
}
