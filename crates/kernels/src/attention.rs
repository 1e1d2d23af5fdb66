#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use std::ops::Range;

use bytemuck::cast_slice_mut;

use crate::simd::{GROUP, Kernel, LANES, Simd};
use crate::softmax::{ExponentialCodes, Exponentials};
use crate::tile::Rows;
use crate::{AlignedBuffer, Cpu};

mod pack;
mod quantize;
mod score;
#[cfg(test)]
mod tests;
mod weigh;

use pack::{PackQueries, PackValues};
use quantize::{QuantizeKeys, QuantizeQueries, QuantizeValues};
use score::{CodeProducts, FloatProducts, Score};
use weigh::{Factors, ScaledFactors, Weigh};

/// The most vectors side by side of which a panel of queries consists.
pub(crate) const PANEL_VECTORS: usize = 2;

/// Tokens of the shortest sequence whose scores may be coarse: for less, codes cost more than they
/// save.
const LEAST_COARSE: usize = 32;

/// The attention of all heads over one sequence (<https://arxiv.org/abs/1706.03762>).
#[derive(Clone, Copy, Debug)]
pub struct Attention<'a> {
    /// How many heads there are.
    pub heads: usize,
    /// The width of a head.
    pub head_size: usize,
    /// What is added to the scores, by relative position.
    pub position_bias: Option<PositionBias<'a>>,
    /// Queries, keys, values and the weights of softmax become codes of 8 bits, where that is faster:
    /// for layers in 8 bits. A code is off by half a step at most. A step is 1/64 of the largest
    /// value of a query, 1/127 of that of all keys of a head, between 1/64 and 1/127 of that of a
    /// column of values, and 1/255 of the largest weight.
    pub coarse: bool,
}

/// A bias for each head and each distance of a key from a query.
#[derive(Clone, Copy, Debug)]
pub struct PositionBias<'a> {
    /// `[heads, 2 · span − 1]`; for a query at i and a key at j, `span − 1 + j − i`.
    pub values: &'a [f32],
    /// The longest sequence it is good for.
    pub span: usize,
}

/// Memory that [`Cpu::attention`] works in. It grows to what the longest sequence needs.
#[derive(Clone, Debug, Default)]
pub struct AttentionScratch {
    /// `[padded_size, width of a panel]`
    queries: AlignedBuffer,
    /// `[groups of columns, n, columns]`
    values: AlignedBuffer,
    /// `[n, width of a panel]`
    scores: AlignedBuffer,
    /// As [`Sequence::turn_bias`] makes it.
    bias: AlignedBuffer,
    codes: Codes,
}

/// The same in 8 bits, in words of [`GROUP`] codes.
#[derive(Clone, Debug, Default)]
struct Codes {
    /// `[padded_size / GROUP, width of a panel]`
    queries: AlignedBuffer,
    /// `[n, padded_size / GROUP]`
    keys: AlignedBuffer,
    /// `[groups of columns, n / GROUP, columns]`
    values: AlignedBuffer,
    /// `[padded_size]`
    value_scales: AlignedBuffer,
    /// `[n / GROUP, width of a panel]`
    weights: AlignedBuffer,
}

impl Cpu {
    /// Computes `softmax(Q · Kᵀ + bias) · V` for each head of one sequence.
    ///
    /// `qkv` is `[n, 3 · heads · head_size]`: a token's queries of all heads, then its keys, then its
    /// values. Scale the queries beforehand. `out` is `[n, heads · head_size]`.
    ///
    /// Scores are kept for a few queries at a time, so that memory is linear in n. Products are
    /// chains of fused multiply-adds and the sum of softmax is one of additions, in the order of the
    /// tokens: every level gives the same bits.
    ///
    /// # Panics
    ///
    /// When the sizes do not fit, or the sequence is longer than the position bias.
    pub fn attention(
        self,
        attention: Attention<'_>,
        qkv: &[f32],
        scratch: &mut AttentionScratch,
        out: &mut [f32],
    ) {
        let width = 3 * attention.heads * attention.head_size;
        let tokens = qkv.len().checked_div(width).unwrap_or(0);
        self.attention_of(attention, qkv, 0..tokens, scratch, out);
    }

    /// [`attention`](Self::attention) of some of the queries, those of the tokens `queries`, to the
    /// keys and values of all tokens: the same bits. `out` is `[queries, heads · head_size]`.
    ///
    /// Values are packed again for each call: a few hundred queries should share one.
    ///
    /// # Panics
    ///
    /// When the sizes do not fit, or the sequence is longer than the position bias.
    pub fn attention_of(
        self,
        attention: Attention<'_>,
        qkv: &[f32],
        queries: Range<usize>,
        scratch: &mut AttentionScratch,
        out: &mut [f32],
    ) {
        let width = attention.heads * attention.head_size;
        assert_ne!(width, 0, "attention needs heads");
        assert_eq!(
            qkv.len() % (3 * width),
            0,
            "qkv must be [n, 3 * heads * head_size]"
        );
        let tokens = qkv.len() / (3 * width);
        assert!(queries.end <= tokens, "a query must be one of the tokens");
        assert_eq!(
            out.len(),
            queries.len() * width,
            "out must be [queries, heads * head_size]"
        );
        if queries.is_empty() {
            return;
        }
        if let Some(bias) = attention.position_bias {
            assert!(
                tokens <= bias.span,
                "the sequence is longer than the position bias"
            );
            assert_eq!(
                bias.values.len(),
                attention.heads * (2 * bias.span - 1),
                "the position bias must be [heads, 2 * span - 1]"
            );
        }
        let sequence = Sequence {
            cpu: self,
            attention,
            tokens,
            qkv,
        };
        for head in 0..attention.heads {
            let queries = queries.clone();
            if attention.coarse && tokens >= LEAST_COARSE {
                sequence.coarse_head(head, queries, scratch, out);
            } else {
                sequence.head(head, queries, scratch, out);
            }
        }
    }
}

/// A sequence on its way through attention, head by head.
///
/// Scores are computed the other way round, `K · Qᵀ`: a panel of queries lies across the lanes, and
/// the keys are rows, read where the product before left them. Then softmax goes from key to key,
/// without a sum over lanes and without an end that is no whole vector, and the weights of some
/// queries for one value lie side by side.
struct Sequence<'a> {
    cpu: Cpu,
    attention: Attention<'a>,
    tokens: usize,
    qkv: &'a [f32],
}

/// A part of `qkv`.
#[derive(Clone, Copy)]
enum Part {
    Queries,
    Keys,
    Values,
}

/// Queries that go through attention together.
struct Panel {
    first: usize,
    count: usize,
    vectors: usize,
}

impl Panel {
    /// Lanes.
    fn width(&self) -> usize {
        self.vectors * LANES
    }
}

impl Sequence<'_> {
    /// Each step is a kernel of its own: in one function of all of them, the compiler runs out of
    /// registers in the loops that count.
    fn head(
        &self,
        head: usize,
        queries: Range<usize>,
        scratch: &mut AttentionScratch,
        out: &mut [f32],
    ) {
        let (cpu, tokens, head_size) = (self.cpu, self.tokens, self.attention.head_size);
        let padded_size = head_size.next_multiple_of(LANES);
        let values = scratch.values.first(tokens * padded_size);
        cpu.run(PackValues {
            rows: self.rows(Part::Values, head, 0),
            tokens,
            size: head_size,
            packed: values,
        });
        let bias = self.turn_bias(head, &mut scratch.bias);
        for panel in self.panels(queries.clone()) {
            let Panel { first, vectors, .. } = panel;
            let width = panel.width();
            let packed = scratch.queries.first(padded_size * width);
            let scores = scratch.scores.first(tokens * width);
            self.pack_queries(head, &panel, packed);
            let largest = cpu.run(Score {
                products: FloatProducts {
                    keys: self.rows(Part::Keys, head, 0),
                    head_size,
                    queries: packed,
                },
                tokens,
                vectors,
                bias: bias.map(|bias| &bias[first..]),
                scores,
            });
            let sums = cpu.run(Exponentials {
                scores,
                vectors,
                largest,
            });
            let products = Factors {
                weights: scores,
                panel: width,
                steps: tokens,
                values,
            };
            cpu.run(self.weigh(head, &panel, products, sums.as_flattened(), &queries, out));
        }
    }

    /// The same with codes of 8 bits, up to the sums of products, which are exact.
    fn coarse_head(
        &self,
        head: usize,
        queries: Range<usize>,
        scratch: &mut AttentionScratch,
        out: &mut [f32],
    ) {
        let (cpu, tokens, head_size) = (self.cpu, self.tokens, self.attention.head_size);
        let padded_size = head_size.next_multiple_of(LANES);
        let (words, groups) = (padded_size / GROUP, tokens.div_ceil(GROUP));
        let codes = &mut scratch.codes;
        let keys: &mut [i32] = cast_slice_mut(codes.keys.first(tokens * words));
        let values: &mut [i32] = cast_slice_mut(codes.values.first(groups * padded_size));
        let value_scales = codes.value_scales.first(padded_size);
        let key_scale = cpu.run_integers(QuantizeKeys {
            rows: self.rows(Part::Keys, head, 0),
            tokens,
            size: head_size,
            words: keys,
        });
        cpu.run_integers(QuantizeValues {
            rows: self.rows(Part::Values, head, 0),
            tokens,
            size: head_size,
            words: values,
            scales: value_scales,
        });
        let bias = self.turn_bias(head, &mut scratch.bias);
        for panel in self.panels(queries.clone()) {
            let Panel { first, vectors, .. } = panel;
            let width = panel.width();
            let packed = scratch.queries.first(padded_size * width);
            let scores = scratch.scores.first(tokens * width);
            let query_codes: &mut [i32] = cast_slice_mut(codes.queries.first(words * width));
            let weights: &mut [i32] = cast_slice_mut(codes.weights.first(groups * width));
            let [mut scales, mut offsets] = [[[0.0; LANES]; PANEL_VECTORS]; 2];
            self.pack_queries(head, &panel, packed);
            cpu.run_integers(QuantizeQueries {
                packed,
                vectors,
                key_scale,
                words: query_codes,
                scales: scales.as_flattened_mut(),
                offsets: offsets.as_flattened_mut(),
            });
            let largest = cpu.run_integers(Score {
                products: CodeProducts {
                    keys: Rows {
                        values: keys,
                        stride: words,
                        step: 1,
                    },
                    groups: words,
                    queries: query_codes,
                    scales: scales.as_flattened(),
                    offsets: offsets.as_flattened(),
                },
                tokens,
                vectors,
                bias: bias.map(|bias| &bias[first..]),
                scores,
            });
            let sums = cpu.run_integers(ExponentialCodes {
                scores,
                vectors,
                largest,
                codes: weights,
            });
            let products = ScaledFactors {
                codes: Factors {
                    weights,
                    panel: width,
                    steps: groups,
                    values,
                },
                scales: value_scales,
            };
            cpu.run_integers(self.weigh(
                head,
                &panel,
                products,
                sums.as_flattened(),
                &queries,
                out,
            ));
        }
    }

    /// The vectors of a part of `qkv` for one head, from a token on.
    fn rows(&self, part: Part, head: usize, token: usize) -> Rows<'_> {
        let width = self.width();
        let at = token * 3 * width + part as usize * width + head * self.attention.head_size;
        Rows {
            values: &self.qkv[at..],
            stride: 3 * width,
            step: 1,
        }
    }

    fn width(&self) -> usize {
        self.attention.heads * self.attention.head_size
    }

    /// Cuts queries into panels.
    fn panels(&self, queries: Range<usize>) -> impl Iterator<Item = Panel> {
        let cpu = self.cpu;
        let mut first = queries.start;
        std::iter::from_fn(move || {
            let left = queries.end - first;
            let vectors = cpu.panel_vectors(left);
            let count = left.min(vectors * LANES);
            let panel = Panel {
                first,
                count,
                vectors,
            };
            first += count;
            (count > 0).then_some(panel)
        })
    }

    fn pack_queries(&self, head: usize, panel: &Panel, packed: &mut [f32]) {
        self.cpu.run(PackQueries {
            rows: self.rows(Part::Queries, head, panel.first),
            count: panel.count,
            size: self.attention.head_size,
            vectors: panel.vectors,
            packed,
        });
    }

    /// The last step of a panel; `out` is of `queries`.
    fn weigh<'b, P>(
        &self,
        head: usize,
        panel: &Panel,
        products: P,
        sums: &'b [f32],
        queries: &Range<usize>,
        out: &'b mut [f32],
    ) -> Weigh<'b, P> {
        let (width, size) = (self.width(), self.attention.head_size);
        Weigh {
            products,
            sums: &sums[..panel.count],
            out: &mut out[(panel.first - queries.start) * width + head * size..],
            stride: width,
            size,
        }
    }

    /// The bias of a head in the order in which queries go: that of query i and key j at
    /// `n − 1 + i − j`. Behind it lie zeros, for lanes without a query.
    fn turn_bias<'b>(&self, head: usize, turned: &'b mut AlignedBuffer) -> Option<&'b [f32]> {
        let PositionBias { values, span } = self.attention.position_bias?;
        let of_head = &values[head * (2 * span - 1)..][..2 * span - 1];
        let live = 2 * self.tokens - 1;
        let turned = turned.first(live + PANEL_VECTORS * LANES);
        let (live, behind) = turned.split_at_mut(live);
        let near = &of_head[span - self.tokens..];
        for (to, bias) in live.iter_mut().rev().zip(near) {
            *to = *bias;
        }
        behind.fill(0.0);
        Some(turned)
    }
}

impl Cpu {
    /// Vectors of a panel when `queries` are left.
    fn panel_vectors(self, queries: usize) -> usize {
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

/// How many vectors of values go side by side when `columns` are left.
#[inline(always)]
fn group(tile_vectors: usize, columns: usize) -> usize {
    match columns.div_ceil(LANES).min(tile_vectors) {
        0 | 1 => 1,
        2 | 3 => 2,
        _ => 4,
    }
}
