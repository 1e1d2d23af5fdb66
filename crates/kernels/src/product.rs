//! The matrix product of all linear layers: the walk over blocks of rows and panels of weights.

#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use std::ops::Range;

use crate::Cpu;
use crate::epilogue::Output;
use crate::simd::{LANES, Simd};
use crate::tile::{TILE_ROWS, at_height, tiles};

/// The tiles of a product.
pub(crate) trait Tiles<S: Simd> {
    /// Whether the layer is in 8 bits, which permits less precise activations: see
    /// [`Output::finish`].
    const INT8: bool;
    /// The number of elements of x in a block of rows: with a panel of the weights, they fit in the
    /// second-level cache.
    const BLOCK_ELEMENTS: usize;

    /// Computes one tile, the rows `row..row + R` and the columns of `panel`, including the bias, and
    /// prefetches the values of `prefetch` on the way.
    fn tile<const V: usize, const R: usize>(
        &self,
        s: S,
        row: usize,
        panel: usize,
        prefetch: &[f32],
    ) -> [[S::F; V]; R];
}

/// The product of rows and a packed layer, which is written to an [`Output`].
pub(crate) struct Product<'a, T> {
    pub(crate) tiles: T,
    /// The number of rows of x.
    pub(crate) rows: usize,
    /// The number of elements of a row of x, and of a column of a panel.
    pub(crate) depth: usize,
    /// The outputs to compute, those of whole panels.
    pub(crate) outputs: Range<usize>,
    /// The packed weights, `[panels, depth, columns]`, 32 bits each.
    pub(crate) panels: &'a [f32],
    pub(crate) out: Output<'a>,
}

impl<T> Product<'_, T> {
    /// Computes all tiles: block by block, and within a block panel by panel.
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
        // A single row may exceed the size of a block.
        let blocks = (rows * self.depth).div_ceil(T::BLOCK_ELEMENTS).min(rows);
        for block in 0..blocks {
            let block = block * rows / blocks..(block + 1) * rows / blocks;
            for panel in self.outputs.start / (V * LANES)..self.outputs.end.div_ceil(V * LANES) {
                self.panel::<S, V>(s, block.clone(), panel);
            }
        }
    }

    /// Computes the tiles of one panel and prefetches the next panel on the way, a part in each tile.
    /// The processor's own prefetcher does not suffice, because it stops at the end of a memory page.
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
        let mut parts = next.chunks(part.max(1));
        for rows in tiles {
            let (row, prefetch) = (rows.start, parts.next().unwrap_or_default());
            at_height!(rows.len(), false, R => {
                self.tile::<S, V, R>(s, row, column, panel, prefetch);
            });
            if T::INT8 {
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
        prefetch: &[f32],
    ) where
        T: Tiles<S>,
    {
        let values = self.tiles.tile::<V, R>(s, row, panel, prefetch);
        self.out.store(s, values, row, column);
    }
}

impl Cpu {
    /// Splits the outputs of a layer between panels, into at most `parts` ranges of nearly equal size.
    pub(crate) fn split_outputs(self, outputs: usize, parts: usize) -> Vec<Range<usize>> {
        let columns = self.tile_columns();
        let panels = outputs.div_ceil(columns);
        let parts = parts.clamp(1, panels.max(1));
        let start = |part: usize| (part * panels / parts * columns).min(outputs);
        (0..parts)
            .map(|part| start(part)..start(part + 1))
            .collect()
    }

    /// Checks that a range of the outputs of a layer consists of whole panels.
    ///
    /// # Panics
    ///
    /// Panics if it does not.
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
