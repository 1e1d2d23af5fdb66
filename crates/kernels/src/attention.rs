#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use std::ops::Range;

use crate::simd::{Kernel, LANES, Simd};
use crate::softmax::Exponentials;
use crate::tile::{Floats, Rows, TILE_ROWS, at_height, tile, tiles};
use crate::{AlignedBuffer, Cpu};

/// The most vectors side by side of which a panel of queries consists.
pub(crate) const PANEL_VECTORS: usize = 2;

/// The attention of all heads over one sequence (<https://arxiv.org/abs/1706.03762>).
#[derive(Clone, Copy, Debug)]
pub struct Attention<'a> {
    /// How many heads there are.
    pub heads: usize,
    /// The width of a head.
    pub head_size: usize,
    /// What is added to the scores, by relative position.
    pub position_bias: Option<PositionBias<'a>>,
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
            sequence.head(head, queries.clone(), scratch, out);
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
        let Attention {
            heads, head_size, ..
        } = self.attention;
        let (tokens, width) = (self.tokens, heads * head_size);
        let padded_size = head_size.next_multiple_of(LANES);
        let values = scratch.values.first(tokens * padded_size);
        let at = head * head_size;
        let part = |part: usize, token: usize| Rows {
            values: &self.qkv[token * 3 * width + part * width + at..],
            stride: 3 * width,
            step: 1,
        };
        self.cpu.run(PackValues {
            rows: part(2, 0),
            tokens,
            size: head_size,
            packed: values,
        });
        let bias = self.turn_bias(head, &mut scratch.bias);
        let mut first = queries.start;
        while first < queries.end {
            let vectors = self.cpu.panel_vectors(queries.end - first);
            let panel = vectors * LANES;
            let count = panel.min(queries.end - first);
            let packed = scratch.queries.first(padded_size * panel);
            let scores = scratch.scores.first(tokens * panel);
            self.cpu.run(PackQueries {
                rows: part(0, first),
                count,
                size: head_size,
                vectors,
                packed,
            });
            let largest = self.cpu.run(Score {
                keys: part(1, 0),
                tokens,
                head_size,
                queries: packed,
                vectors,
                bias: bias.map(|bias| &bias[first..]),
                scores,
            });
            let sums = self.cpu.run(Exponentials {
                scores,
                vectors,
                largest,
            });
            self.cpu.run(Weigh {
                weights: scores,
                panel,
                sums: &sums.as_flattened()[..count],
                tokens,
                values,
                out: &mut out[(first - queries.start) * width + at..],
                stride: width,
                size: head_size,
            });
            first += count;
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

/// Packs values, `[tokens, size]`, in groups of columns, `[tokens, group · 16]` each; behind the
/// last column lie zeros.
struct PackValues<'a> {
    rows: Rows<'a>,
    tokens: usize,
    size: usize,
    packed: &'a mut [f32],
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
struct PackQueries<'a> {
    rows: Rows<'a>,
    count: usize,
    size: usize,
    vectors: usize,
    packed: &'a mut [f32],
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
                    *lanes = match row.as_array() {
                        Some(row) => s.load(row),
                        None => s.load_some(row, 0.0),
                    };
                }
                let square = s.transpose(square);
                for (i, lanes) in square.into_iter().enumerate() {
                    s.store(lanes, &mut packed[(column + i) * self.vectors + vector]);
                }
            }
        }
    }
}

/// The scores of a panel of queries with all keys, `[tokens, vectors · 16]`, and the largest of each
/// query.
struct Score<'a> {
    keys: Rows<'a>,
    tokens: usize,
    head_size: usize,
    queries: &'a [f32],
    vectors: usize,
    /// Turned; that of the first query with the last key comes first.
    bias: Option<&'a [f32]>,
    scores: &'a mut [f32],
}

impl Kernel for Score<'_> {
    type Output = [[f32; LANES]; PANEL_VECTORS];

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> Self::Output {
        match self.vectors {
            PANEL_VECTORS if S::TILE_VECTORS >= PANEL_VECTORS => self.tiles::<S, PANEL_VECTORS>(s),
            _ => self.tiles::<S, 1>(s),
        }
    }
}

impl Score<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const V: usize>(mut self, s: S) -> [[f32; LANES]; PANEL_VECTORS] {
        let mut largest = [s.splat(f32::NEG_INFINITY); V];
        let height = if V == PANEL_VECTORS {
            2 * TILE_ROWS
        } else {
            TILE_ROWS
        };
        for rows in tiles(0..self.tokens, height) {
            at_height!(rows.len(), V == PANEL_VECTORS, R => {
                self.tile::<S, R, V>(s, rows.start, &mut largest);
            });
        }
        let mut found = [[0.0; LANES]; PANEL_VECTORS];
        for (found, largest) in found.iter_mut().zip(largest) {
            s.store(largest, found);
        }
        found
    }

    /// One tile of scores.
    #[inline(always)]
    fn tile<S: Simd, const R: usize, const V: usize>(
        &mut self,
        s: S,
        key: usize,
        largest: &mut [S::F; V],
    ) {
        let keys = self.keys.from(key);
        let zeros = [[s.splat(0.0); V]; R];
        let mut sums = tile::<S, Floats, R, V>(s, zeros, keys, self.head_size, self.queries, &[]);
        if let Some(bias) = self.bias {
            for (r, sums) in sums.iter_mut().enumerate() {
                let (bias, _) = bias[self.tokens - 1 - (key + r)..].as_chunks::<LANES>();
                for v in 0..V {
                    sums[v] = s.add(sums[v], s.load(&bias[v]));
                }
            }
        }
        let scores = &mut self.scores[key * V * LANES..][..R * V * LANES];
        let (scores, _) = scores.as_chunks_mut::<LANES>();
        for (r, sums) in sums.iter().enumerate() {
            for v in 0..V {
                largest[v] = s.max(largest[v], sums[v]);
                s.store(sums[v], &mut scores[r * V + v]);
            }
        }
    }
}

/// Sums the values of all tokens by the weights of each query, over the sum of the weights.
struct Weigh<'a> {
    /// `[tokens, panel]`
    weights: &'a [f32],
    panel: usize,
    /// Of the weights of each query.
    sums: &'a [f32],
    tokens: usize,
    values: &'a [f32],
    /// The first of `size` columns of the first query; the next query is `stride` further on.
    out: &'a mut [f32],
    stride: usize,
    size: usize,
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

/// How many vectors of values go side by side when `columns` are left.
#[inline(always)]
fn group(tile_vectors: usize, columns: usize) -> usize {
    match columns.div_ceil(LANES).min(tile_vectors) {
        0 | 1 => 1,
        2 | 3 => 2,
        _ => 4,
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

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "a head is small")]
mod tests {
    use super::*;
    use crate::testing::numbers;

    /// Attention in f64, one score after the other.
    fn plain(attention: &Attention<'_>, qkv: &[f32], tokens: usize) -> Vec<f64> {
        let (size, width) = (attention.head_size, attention.heads * attention.head_size);
        let at = |token: usize, part: usize, i: usize| {
            f64::from(qkv[token * 3 * width + part * width + i])
        };
        let mut out = vec![0.0; tokens * width];
        for head in 0..attention.heads {
            for query in 0..tokens {
                let scores: Vec<f64> = (0..tokens)
                    .map(|key| {
                        let product: f64 = (head * size..(head + 1) * size)
                            .map(|i| at(query, 0, i) * at(key, 1, i))
                            .sum();
                        let bias = attention.position_bias.map_or(0.0, |bias| {
                            let row = head * (2 * bias.span - 1);
                            f64::from(bias.values[row + bias.span - 1 + key - query])
                        });
                        product + bias
                    })
                    .collect();
                let largest = scores.iter().copied().fold(f64::MIN, f64::max);
                let sum: f64 = scores.iter().map(|score| (score - largest).exp()).sum();
                for i in head * size..(head + 1) * size {
                    out[query * width + i] = (0..tokens)
                        .map(|key| (scores[key] - largest).exp() / sum * at(key, 2, i))
                        .sum();
                }
            }
        }
        out
    }

    fn run(cpu: Cpu, attention: Attention<'_>, qkv: &[f32]) -> Vec<f32> {
        let mut out = vec![f32::NAN; qkv.len() / 3];
        cpu.attention(attention, qkv, &mut AttentionScratch::default(), &mut out);
        out
    }

    #[test]
    fn every_level_equals_attention_in_f64_at_every_length() {
        for (heads, head_size) in [
            (4, 8),
            (2, 16),
            (3, 32),
            (1, 48),
            (2, 64),
            (1, 77),
            (1, 128),
        ] {
            let width = heads * head_size;
            let span = 90;
            let bias = numbers(5, heads * (2 * span - 1));
            let position_bias = Some(PositionBias {
                values: &bias,
                span,
            });
            for tokens in (0..40).chain([63, 64, 65, 90]) {
                let qkv: Vec<f32> = numbers(6, 3 * tokens * width)
                    .iter()
                    .map(|x| x * 8.0 / (head_size as f32).sqrt())
                    .collect();
                for position_bias in [None, position_bias] {
                    let attention = Attention {
                        heads,
                        head_size,
                        position_bias,
                    };
                    let found = run(Cpu::portable(), attention, &qkv);
                    for cpu in Cpu::available() {
                        assert_eq!(run(cpu, attention, &qkv), found, "{cpu:?} {tokens}");
                    }
                    for (found, expected) in found.iter().zip(plain(&attention, &qkv, tokens)) {
                        let error = (f64::from(*found) - expected).abs();
                        assert!(error < 1e-5, "{tokens}: {found}, expected {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_was_in_the_scratch_does_not_show() {
        let attention = Attention {
            heads: 2,
            head_size: 24,
            position_bias: None,
        };
        let mut scratch = AttentionScratch::default();
        for tokens in [70, 3, 33, 1] {
            let qkv = numbers(tokens as u64, 3 * tokens * 48);
            let mut out = vec![f32::NAN; tokens * 48];
            Cpu::detect().attention(attention, &qkv, &mut scratch, &mut out);
            assert_eq!(out, run(Cpu::portable(), attention, &qkv));
        }
    }

    #[test]
    fn some_of_the_queries_get_what_all_get() {
        let attention = Attention {
            heads: 3,
            head_size: 20,
            position_bias: None,
        };
        let (tokens, width) = (50, 60);
        let qkv = numbers(9, 3 * tokens * width);
        let all = run(Cpu::detect(), attention, &qkv);
        for queries in [0..50, 0..7, 7..50, 13..14, 50..50] {
            let mut out = vec![f32::NAN; queries.len() * width];
            let mut scratch = AttentionScratch::default();
            Cpu::detect().attention_of(attention, &qkv, queries.clone(), &mut scratch, &mut out);
            assert_eq!(out, all[queries.start * width..queries.end * width]);
        }
    }

    #[test]
    #[should_panic = "the sequence is longer than the position bias"]
    fn a_sequence_beyond_the_position_bias_is_a_panic() {
        let attention = Attention {
            heads: 1,
            head_size: 1,
            position_bias: Some(PositionBias {
                values: &[0.0],
                span: 1,
            }),
        };
        run(Cpu::detect(), attention, &[0.0; 6]);
    }
}
