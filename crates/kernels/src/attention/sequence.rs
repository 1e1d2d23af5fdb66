use std::ops::Range;

use super::bias::PanelBias;
use super::options::{Attention, PairBias, PositionBias};
use super::pack::PackQueries;
use super::panel::{PANEL_VECTORS, Panel};
use super::weigh::Weigh;
use crate::simd::LANES;
use crate::tile::Rows;
use crate::{AlignedBuffer, Cpu};

/// A sequence whose attention is computed head by head.
///
/// Scores are computed transposed, as `K · Qᵀ`. The queries of a panel lie across the lanes, and the
/// keys are rows, read where the product before left them. So the softmax goes from key to key: it
/// needs no sum over lanes and no partial vector, and the weights of several queries for one value
/// lie side by side.
pub(super) struct Sequence<'a> {
    pub(super) cpu: Cpu,
    pub(super) attention: Attention<'a>,
    pub(super) tokens: usize,
    /// `[tokens, row width]`
    pub(super) qkv: &'a [f32],
}

/// A part of the columns of `qkv`.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Queries,
    Keys,
    Values,
}

impl Sequence<'_> {
    /// Returns the vectors of a part of `qkv` for one of its heads, from a token on.
    pub(super) fn rows(&self, part: Part, head: usize, token: usize) -> Rows<'_> {
        let Attention {
            heads, key_heads, ..
        } = self.attention;
        let first_head = match part {
            Part::Queries => 0,
            Part::Keys => heads,
            Part::Values => heads + key_heads,
        };
        let stride = self.attention.row_width();
        let at = token * stride + (first_head + head) * self.attention.head_size;
        Rows {
            values: &self.qkv[at..],
            stride,
            step: 1,
        }
    }

    /// Packs the queries of a panel, `[padded head size, panel width]`.
    pub(super) fn pack_queries(&self, head: usize, panel: &Panel, packed: &mut [f32]) {
        self.cpu.run(PackQueries {
            rows: self.rows(Part::Queries, head, panel.first),
            count: panel.count,
            size: self.attention.head_size,
            vectors: panel.vectors,
            packed,
        });
    }

    /// Returns the kernel of the last step of a panel. `out` has the rows of `queries`.
    pub(super) fn weigh<'b, P>(
        &self,
        head: usize,
        panel: &Panel,
        products: P,
        sums: &'b [f32],
        queries: &Range<usize>,
        out: &'b mut [f32],
    ) -> Weigh<'b, P> {
        let (width, size) = (self.attention.width(), self.attention.head_size);
        Weigh {
            products,
            sums: &sums[..panel.count],
            out: &mut out[(panel.first - queries.start) * width + head * size..],
            stride: width,
            size,
        }
    }

    /// Returns the bias of a head for some queries, or `None` if there is no bias; `reversed` is a
    /// scratch buffer.
    pub(super) fn bias<'b>(
        &'b self,
        head: usize,
        queries: &Range<usize>,
        reversed: &'b mut AlignedBuffer,
    ) -> Option<PanelBias<'b>> {
        if let Some(PairBias { values, stride }) = self.attention.pair_bias {
            let values = &values[head * self.tokens * stride..];
            return Some(PanelBias::of_pairs(values, stride, queries.start));
        }
        let bias = self.attention.position_bias?;
        Some(PanelBias::of_distances(
            self.reversed_bias(head, bias, reversed),
            self.tokens,
        ))
    }

    /// Writes the position bias of a head in the order of the lanes: the bias of query i and key j is
    /// at `n − 1 + i − j`. Zeros follow, for lanes without a query.
    fn reversed_bias<'b>(
        &self,
        head: usize,
        PositionBias { values, span }: PositionBias<'_>,
        reversed: &'b mut AlignedBuffer,
    ) -> &'b [f32] {
        let head_bias = &values[head * (2 * span - 1)..][..2 * span - 1];
        let live = 2 * self.tokens - 1;
        let reversed = reversed.first(live + PANEL_VECTORS * LANES);
        let (live, padding) = reversed.split_at_mut(live);
        for (to, bias) in live.iter_mut().rev().zip(&head_bias[span - self.tokens..]) {
            *to = *bias;
        }
        padding.fill(0.0);
        reversed
    }
}
