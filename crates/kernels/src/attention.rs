#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use std::ops::Range;

use crate::simd::{Kernel, LANES, Simd};
use crate::softmax::exponentials;
use crate::tile::{Rows, TILE_ROWS, tile};
use crate::{AlignedBuffer, Cpu};

/// Queries whose scores are at hand at a time: few enough for the first-level cache.
const QUERIES: usize = 2 * TILE_ROWS;

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
    keys: AlignedBuffer,
    values: AlignedBuffer,
    scores: AlignedBuffer,
}

impl Cpu {
    /// Computes `softmax(Q · Kᵀ + bias) · V` for each head of one sequence.
    ///
    /// `qkv` is `[n, 3 · heads · head_size]`: a token's queries of all heads, then its keys, then its
    /// values. Scale the queries beforehand. `out` is `[n, heads · head_size]`.
    ///
    /// Scores are kept for a few queries at a time, so that memory is linear in n. Each product is a
    /// chain of fused multiply-adds in order, the sum of softmax goes in 16 lanes and a tree: every
    /// level gives the same bits.
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
    /// Keys and values are packed again for each call: a few hundred queries should share one.
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
        self.run(Heads {
            attention,
            tokens,
            queries,
            qkv,
            scratch,
            out,
        });
    }
}

struct Heads<'a> {
    attention: Attention<'a>,
    tokens: usize,
    queries: Range<usize>,
    qkv: &'a [f32],
    scratch: &'a mut AttentionScratch,
    out: &'a mut [f32],
}

impl Kernel for Heads<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        match S::TILE_VECTORS {
            4 => self.heads::<S, 4>(s),
            _ => self.heads::<S, 1>(s),
        }
    }
}

impl Heads<'_> {
    /// `V` vectors side by side make a panel of keys.
    #[inline(always)]
    fn heads<S: Simd, const V: usize>(self, s: S) {
        let Attention {
            heads,
            head_size,
            position_bias,
        } = self.attention;
        let (tokens, width) = (self.tokens, heads * head_size);
        let padded_tokens = tokens.next_multiple_of(V * LANES);
        let padded_size = head_size.next_multiple_of(LANES);
        let keys = self.scratch.keys.first(padded_tokens * head_size);
        let values = self.scratch.values.first(tokens * padded_size);
        let scores = self.scratch.scores.first(QUERIES * padded_tokens);

        for head in 0..heads {
            let at = head * head_size;
            let rows = self.qkv.chunks_exact(3 * width);
            pack_keys::<V>(
                rows.clone().map(|row| &row[width + at..][..head_size]),
                keys,
            );
            pack_values(
                rows.map(|row| &row[2 * width + at..][..head_size]),
                S::TILE_VECTORS,
                values,
            );
            let bias = position_bias.map(|bias| {
                let len = 2 * bias.span - 1;
                (&bias.values[head * len..][..len], bias.span)
            });
            for first in self.queries.clone().step_by(QUERIES) {
                let count = QUERIES.min(self.queries.end - first);
                let queries = Rows {
                    values: &self.qkv[first * 3 * width + at..],
                    stride: 3 * width,
                };
                score::<S, V>(s, queries, count, head_size, keys, scores, padded_tokens);
                let mut inverse = [0.0; QUERIES];
                for (r, inverse) in inverse[..count].iter_mut().enumerate() {
                    let row = &mut scores[r * padded_tokens..][..padded_tokens];
                    if let Some((bias, span)) = bias {
                        add_bias(row, &bias[span - 1 - (first + r)..][..tokens]);
                    }
                    *inverse = 1.0 / exponentials(s, row.as_chunks_mut().0, tokens);
                }
                let weights = Rows {
                    values: scores,
                    stride: padded_tokens,
                };
                let out = Out {
                    values: &mut self.out[(first - self.queries.start) * width + at..],
                    stride: width,
                    size: head_size,
                };
                weigh(s, weights, &inverse[..count], tokens, values, out);
            }
        }
    }
}

/// The scores of a few queries with all keys: `scores` is `[QUERIES, padded_tokens]`.
#[inline(always)]
fn score<S: Simd, const V: usize>(
    s: S,
    queries: Rows<'_>,
    count: usize,
    head_size: usize,
    keys: &[f32],
    scores: &mut [f32],
    padded_tokens: usize,
) {
    for (panel, keys) in keys.chunks_exact(head_size * V * LANES).enumerate() {
        let mut row = 0;
        while row < count {
            let queries = Rows {
                values: &queries.values[row * queries.stride..],
                ..queries
            };
            let scores = &mut scores[row * padded_tokens + panel * V * LANES..];
            row += match count - row {
                1 => score_tile::<S, 1, V>(s, queries, head_size, keys, scores, padded_tokens),
                2 => score_tile::<S, 2, V>(s, queries, head_size, keys, scores, padded_tokens),
                3 => score_tile::<S, 3, V>(s, queries, head_size, keys, scores, padded_tokens),
                4 => score_tile::<S, 4, V>(s, queries, head_size, keys, scores, padded_tokens),
                5 => score_tile::<S, 5, V>(s, queries, head_size, keys, scores, padded_tokens),
                _ => score_tile::<S, TILE_ROWS, V>(
                    s,
                    queries,
                    head_size,
                    keys,
                    scores,
                    padded_tokens,
                ),
            };
        }
    }
}

/// One tile of scores; returns its rows.
#[inline(always)]
fn score_tile<S: Simd, const R: usize, const V: usize>(
    s: S,
    queries: Rows<'_>,
    head_size: usize,
    keys: &[f32],
    scores: &mut [f32],
    stride: usize,
) -> usize {
    let sums = tile::<S, R, V>(s, queries, head_size, keys);
    for (r, sums) in sums.iter().enumerate() {
        let (row, _) = scores[r * stride..][..V * LANES].as_chunks_mut::<LANES>();
        for v in 0..V {
            s.store(sums[v], &mut row[v]);
        }
    }
    R
}

/// Where the output of a head goes: a few rows, `stride` apart, `size` columns of each.
struct Out<'a> {
    values: &'a mut [f32],
    stride: usize,
    size: usize,
}

/// Sums the values of all tokens by the weights of each query.
#[inline(always)]
fn weigh<S: Simd>(
    s: S,
    weights: Rows<'_>,
    inverse: &[f32],
    tokens: usize,
    values: &[f32],
    mut out: Out<'_>,
) {
    let mut column = 0;
    while column < out.size {
        let group = group(S::TILE_VECTORS, out.size - column);
        let values = &values[column * tokens..][..group * LANES * tokens];
        match group {
            4 => weigh_group::<S, 4>(s, weights, inverse, tokens, values, &mut out, column),
            2 => weigh_group::<S, 2>(s, weights, inverse, tokens, values, &mut out, column),
            _ => weigh_group::<S, 1>(s, weights, inverse, tokens, values, &mut out, column),
        }
        column += group * LANES;
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

#[inline(always)]
fn weigh_group<S: Simd, const V: usize>(
    s: S,
    weights: Rows<'_>,
    inverse: &[f32],
    tokens: usize,
    values: &[f32],
    out: &mut Out<'_>,
    column: usize,
) {
    let mut row = 0;
    while row < inverse.len() {
        let weights = Rows {
            values: &weights.values[row * weights.stride..],
            ..weights
        };
        let mut part = Out {
            values: &mut out.values[row * out.stride + column..],
            stride: out.stride,
            size: (V * LANES).min(out.size - column),
        };
        let left = &inverse[row..];
        row += match left.len() {
            1 => weigh_tile::<S, 1, V>(s, weights, left, tokens, values, &mut part),
            2 => weigh_tile::<S, 2, V>(s, weights, left, tokens, values, &mut part),
            3 => weigh_tile::<S, 3, V>(s, weights, left, tokens, values, &mut part),
            4 => weigh_tile::<S, 4, V>(s, weights, left, tokens, values, &mut part),
            5 => weigh_tile::<S, 5, V>(s, weights, left, tokens, values, &mut part),
            // Two vectors are too few to hide the latency of the sums with six rows alone.
            QUERIES if V == 2 => {
                weigh_tile::<S, QUERIES, V>(s, weights, left, tokens, values, &mut part)
            }
            _ => weigh_tile::<S, TILE_ROWS, V>(s, weights, left, tokens, values, &mut part),
        };
    }
}

/// One tile of outputs; returns its rows.
#[inline(always)]
fn weigh_tile<S: Simd, const R: usize, const V: usize>(
    s: S,
    weights: Rows<'_>,
    inverse: &[f32],
    tokens: usize,
    values: &[f32],
    out: &mut Out<'_>,
) -> usize {
    let sums = tile::<S, R, V>(s, weights, tokens, values);
    for (r, sums) in sums.iter().enumerate() {
        let inverse = s.splat(inverse[r]);
        let row = &mut out.values[r * out.stride..][..out.size];
        for (v, chunk) in row.chunks_mut(LANES).enumerate() {
            let value = s.mul(sums[v], inverse);
            match chunk.as_mut_array() {
                Some(chunk) => s.store(value, chunk),
                None => s.store_some(value, chunk),
            }
        }
    }
    R
}

/// Packs keys, `[n, head_size]`, as panels `[head_size, V · 16]`; behind the last key lie zeros.
#[inline(always)]
fn pack_keys<'a, const V: usize>(rows: impl Iterator<Item = &'a [f32]>, panels: &mut [f32]) {
    let columns = V * LANES;
    let mut rows = rows.peekable();
    let size = rows.peek().map_or(1, |row| row.len());
    for panel in panels.chunks_exact_mut(size * columns) {
        for column in 0..columns {
            match rows.next() {
                Some(row) => {
                    for (i, &value) in row.iter().enumerate() {
                        panel[i * columns + column] = value;
                    }
                }
                None => {
                    for i in 0..size {
                        panel[i * columns + column] = 0.0;
                    }
                }
            }
        }
    }
}

/// Packs values, `[n, head_size]`, in groups of columns, `[n, group · 16]` each; behind the last
/// column lie zeros.
#[inline(always)]
fn pack_values<'a>(
    rows: impl Iterator<Item = &'a [f32]> + Clone,
    tile_vectors: usize,
    packed: &mut [f32],
) {
    let Some(size) = rows.clone().next().map(<[f32]>::len) else {
        return;
    };
    let tokens = packed.len() / size.next_multiple_of(LANES);
    let mut column = 0;
    while column < size {
        let width = group(tile_vectors, size - column) * LANES;
        let live = width.min(size - column);
        let packed = &mut packed[column * tokens..][..width * tokens];
        for (row, to) in rows.clone().zip(packed.chunks_exact_mut(width)) {
            to[..live].copy_from_slice(&row[column..][..live]);
            to[live..].fill(0.0);
        }
        column += width;
    }
}

#[inline(always)]
fn add_bias(scores: &mut [f32], bias: &[f32]) {
    for (score, bias) in scores.iter_mut().zip(bias) {
        *score += bias;
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
