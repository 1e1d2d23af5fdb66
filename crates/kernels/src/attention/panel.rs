use std::ops::Range;

use crate::Cpu;
use crate::simd::{Kernel, LANES, Simd};

/// The largest number of vectors side by side in a panel of queries.
pub(super) const PANEL_VECTORS: usize = 2;

/// The largest number of queries of a panel. A panel does not extend beyond a multiple of it.
pub(super) const PANEL_LANES: usize = PANEL_VECTORS * LANES;

/// One number for each query of a panel.
pub(super) type PanelLanes = [[f32; LANES]; PANEL_VECTORS];

/// Consecutive queries that go through attention at the same time, one in each lane.
pub(super) struct Panel {
    /// The first query.
    pub(super) first: usize,
    /// The number of queries; the last lanes may have none.
    pub(super) count: usize,
    /// The number of vectors that hold the queries.
    pub(super) vectors: usize,
}

impl Panel {
    /// Splits queries into panels.
    pub(super) fn split(cpu: Cpu, queries: Range<usize>) -> impl Iterator<Item = Self> {
        let mut first = queries.start;
        std::iter::from_fn(move || {
            let cell_end = (first + 1).next_multiple_of(PANEL_LANES);
            let left = queries.end.min(cell_end) - first;
            let vectors = cpu.panel_vectors(left);
            let count = left.min(vectors * LANES);
            let panel = Self {
                first,
                count,
                vectors,
            };
            first += count;
            (count > 0).then_some(panel)
        })
    }

    /// Returns the number of lanes.
    pub(super) fn width(&self) -> usize {
        self.vectors * LANES
    }
}

impl Cpu {
    /// Returns the number of vectors of the next panel if `queries` queries are left.
    pub(super) fn panel_vectors(self, queries: usize) -> usize {
        struct Vectors;
        impl Kernel for Vectors {
            type Output = usize;
            fn run<S: Simd>(self, _: S) -> usize {
                S::TILE_VECTORS.min(PANEL_VECTORS)
            }
        }
        self.run(Vectors).min(queries.div_ceil(LANES))
    }
}
