//! The way of all linear layers through rows and panels.

#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use std::ops::Range;

use crate::Cpu;
use crate::epilogue::Output;
use crate::simd::{LANES, Simd};
use crate::tile::{TILE_ROWS, at_height, tiles};

/// What a tile of a product is.
pub(crate) trait Tiles<S: Simd> {
    /// What goes on in 8 bits may be coarse: see [`Output::finish`].
    const COARSE: bool;
    /// Elements of x that are visited before the next block of rows is: with a panel of the weights,
    /// they stay in a second-level cache.
    const BLOCK: usize;

    /// The values of one tile, rows `row..row + R` and the columns of `panel`, bias included.
    fn tile<const V: usize, const R: usize>(
        &self,
        s: S,
        row: usize,
        panel: usize,
        ahead: &[f32],
    ) -> [[S::F; V]; R];
}

/// A product of rows and a packed layer, on its way to an [`Output`].
pub(crate) struct Product<'a, T> {
    pub(crate) tiles: T,
    /// Rows of x.
    pub(crate) rows: usize,
    /// Elements of a row of x, and of a column of a panel.
    pub(crate) depth: usize,
    /// Which outputs are computed: those of whole panels.
    pub(crate) outputs: Range<usize>,
    /// `[panels, depth, columns]`, 32 bits each.
    pub(crate) panels: &'a [f32],
    pub(crate) out: Output<'a>,
}

impl<T> Product<'_, T> {
    /// Computes all tiles, block by block and panel by panel.
    #[inline(always)]
    pub(crate) fn multiply<S: Simd>(self, s: S)
    where
        T: Tiles<S>,
    {
        match S::TILE_VECTORS {
            4 => self.blocks::<S, 4>(s),
            _ => self.blocks::<S, 1>(s),
        }
    }

    #[inline(always)]
    fn blocks<S: Simd, const V: usize>(mut self, s: S)
    where
        T: Tiles<S>,
    {
        let rows = self.rows;
        // A row may be longer than a block.
        let blocks = (rows * self.depth).div_ceil(T::BLOCK).min(rows);
        for block in 0..blocks {
            let block = block * rows / blocks..(block + 1) * rows / blocks;
            for panel in self.outputs.start / (V * LANES)..self.outputs.end.div_ceil(V * LANES) {
                self.panel::<S, V>(s, block.clone(), panel);
            }
        }
    }

    /// The tiles of one panel. On the way the next panel is fetched, bit by bit: reading it in order
    /// does not suffice, because a processor does not look ahead beyond a page of memory.
    #[inline(always)]
    fn panel<S: Simd, const V: usize>(&mut self, s: S, block: Range<usize>, panel: usize)
    where
        T: Tiles<S>,
    {
        let columns = V * LANES;
        let column = panel * columns - self.outputs.start;
        let mut panels = self.panels.chunks(self.depth * columns);
        let next = panels.nth(panel + 1).unwrap_or_default();
        let tiles = tiles(block, TILE_ROWS);
        let part = next.len().div_ceil(tiles.len()).next_multiple_of(LANES);
        let mut ahead = next.chunks(part.max(1));
        for rows in tiles {
            let (row, now) = (rows.start, ahead.next().unwrap_or_default());
            at_height!(rows.len(), false, R => self.tile::<S, V, R>(s, row, column, panel, now));
            if T::COARSE {
                self.out.finish::<S, true>(s, rows, column, columns);
            } else {
                self.out.finish::<S, false>(s, rows, column, columns);
            }
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const V: usize, const R: usize>(
        &mut self,
        s: S,
        row: usize,
        column: usize,
        panel: usize,
        ahead: &[f32],
    ) where
        T: Tiles<S>,
    {
        let values = self.tiles.tile::<V, R>(s, row, panel, ahead);
        self.out.store(s, values, row, column);
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
