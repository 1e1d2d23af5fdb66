#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use std::ops::Range;

use crate::simd::{Kernel, LANES, Simd};
use crate::softmax::Exponentials;
use crate::tile::{Floats, Rows, TILE_ROWS, tile, tiles};
use crate::{AlignedBuffer, Cpu};

/// Queries whose scores are at hand at a time: few enough for the first-level cache.
pub(crate) const QUERIES: usize = 2 * TILE_ROWS;

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
        let panel = self.cpu.tile_columns();
        let padded_tokens = tokens.next_multiple_of(panel);
        let padded_size = head_size.next_multiple_of(LANES);
        let keys = scratch.keys.first(padded_tokens * head_size);
        let values = scratch.values.first(tokens * padded_size);
        let scores = scratch.scores.first(QUERIES * padded_tokens);

        let at = head * head_size;
        let rows = self.qkv.chunks_exact(3 * width);
        pack_keys(
            rows.clone().map(|row| &row[width + at..][..head_size]),
            panel,
            keys,
        );
        pack_values(
            rows.map(|row| &row[2 * width + at..][..head_size]),
            panel / LANES,
            values,
        );
        // What the next head needs lies in pieces too small for the processor to see what comes.
        let mut next = self.qkv[at + head_size..]
            .chunks(3 * width)
            .filter(|_| head + 1 < heads);
        let rows_at_a_time = tokens.div_ceil(queries.len().div_ceil(QUERIES));
        for first in queries.clone().step_by(QUERIES) {
            let count = QUERIES.min(queries.end - first);
            for row in next.by_ref().take(rows_at_a_time) {
                self.cpu.run(Fetch {
                    row,
                    width,
                    size: head_size,
                });
            }
            self.cpu.run(Score {
                queries: Rows {
                    values: &self.qkv[first * 3 * width + at..],
                    stride: 3 * width,
                },
                count,
                head_size,
                keys,
                scores,
                padded_tokens,
            });
            if let Some(bias) = self.attention.position_bias {
                let of_head = &bias.values[head * (2 * bias.span - 1)..];
                for (r, row) in scores
                    .chunks_exact_mut(padded_tokens)
                    .take(count)
                    .enumerate()
                {
                    add_bias(row, &of_head[bias.span - 1 - (first + r)..][..tokens]);
                }
            }
            let sums = self.cpu.run(Exponentials {
                scores,
                stride: padded_tokens,
                count,
                live: tokens,
            });
            self.cpu.run(Weigh {
                weights: Rows {
                    values: scores,
                    stride: padded_tokens,
                },
                sums: &sums[..count],
                tokens,
                values,
                out: &mut out[(first - queries.start) * width + at..],
                stride: width,
                size: head_size,
            });
        }
    }
}

/// Asks for the query, the key and the value at the start of three rows of `width`.
struct Fetch<'a> {
    row: &'a [f32],
    width: usize,
    size: usize,
}

impl Kernel for Fetch<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        for part in self.row.chunks(self.width) {
            for line in part[..self.size.min(part.len())].as_chunks().0 {
                s.prefetch(line);
            }
        }
    }
}

/// The scores of a few queries with all keys: `scores` is `[QUERIES, padded_tokens]`.
struct Score<'a> {
    queries: Rows<'a>,
    count: usize,
    head_size: usize,
    keys: &'a [f32],
    scores: &'a mut [f32],
    padded_tokens: usize,
}

impl Kernel for Score<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        match S::TILE_VECTORS {
            4 => self.panels::<S, 4>(s),
            _ => self.panels::<S, 1>(s),
        }
    }
}

impl Score<'_> {
    /// `V` vectors side by side make a panel of keys.
    #[inline(always)]
    fn panels<S: Simd, const V: usize>(mut self, s: S) {
        for (panel, keys) in self
            .keys
            .chunks_exact(self.head_size * V * LANES)
            .enumerate()
        {
            for rows in tiles(0..self.count) {
                let at = (rows.start, panel * V * LANES);
                match rows.len() {
                    1 => self.tile::<S, 1, V>(s, keys, at),
                    2 => self.tile::<S, 2, V>(s, keys, at),
                    3 => self.tile::<S, 3, V>(s, keys, at),
                    4 => self.tile::<S, 4, V>(s, keys, at),
                    5 => self.tile::<S, 5, V>(s, keys, at),
                    _ => self.tile::<S, TILE_ROWS, V>(s, keys, at),
                }
            }
        }
    }

    /// One tile of scores.
    #[inline(always)]
    fn tile<S: Simd, const R: usize, const V: usize>(
        &mut self,
        s: S,
        keys: &[f32],
        (row, column): (usize, usize),
    ) {
        let queries = self.queries.from(row);
        let zeros = [[s.splat(0.0); V]; R];
        let sums = tile::<S, Floats, R, V>(s, zeros, queries, self.head_size, keys, &[]);
        let scores = self.scores[row * self.padded_tokens..].chunks_mut(self.padded_tokens);
        for (sums, scores) in sums.iter().zip(scores) {
            let (scores, _) = scores[column..][..V * LANES].as_chunks_mut::<LANES>();
            for v in 0..V {
                s.store(sums[v], &mut scores[v]);
            }
        }
    }
}

/// Sums the values of all tokens by the weights of each query, over the sum of the weights.
struct Weigh<'a> {
    weights: Rows<'a>,
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
        // Two vectors are too few to hide the latency of the sums with six rows alone.
        if V == 2 && self.sums.len() == QUERIES {
            return self.tile::<S, QUERIES, V>(s, (0, column));
        }
        for rows in tiles(0..self.sums.len()) {
            let at = (rows.start, column);
            match rows.len() {
                1 => self.tile::<S, 1, V>(s, at),
                2 => self.tile::<S, 2, V>(s, at),
                3 => self.tile::<S, 3, V>(s, at),
                4 => self.tile::<S, 4, V>(s, at),
                5 => self.tile::<S, 5, V>(s, at),
                _ => self.tile::<S, TILE_ROWS, V>(s, at),
            }
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
        let (zeros, weights) = ([[s.splat(0.0); V]; R], self.weights.from(row));
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

/// Packs keys, `[n, head_size]`, as panels `[head_size, columns]`; behind the last key lie zeros.
fn pack_keys<'a>(rows: impl Iterator<Item = &'a [f32]>, columns: usize, panels: &mut [f32]) {
    let mut rows = rows.peekable();
    let size = rows.peek().map_or(1, |row| row.len());
    for panel in panels.chunks_exact_mut(size * columns) {
        for column in 0..columns {
            let column = panel[column..].iter_mut().step_by(columns);
            match rows.next() {
                Some(row) => column.zip(row).for_each(|(to, value)| *to = *value),
                None => column.for_each(|to| *to = 0.0),
            }
        }
    }
}

/// Packs values, `[n, head_size]`, in groups of columns, `[n, group · 16]` each; behind the last
/// column lie zeros.
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
            let (row, row_tail) = row[column..][..live].as_chunks::<LANES>();
            let (to, to_tail) = to.as_chunks_mut::<LANES>().0.split_at_mut(row.len());
            // Not `copy_from_slice`, which is a call.
            for (to, row) in to.iter_mut().zip(row) {
                *to = *row;
            }
            if let Some(to) = to_tail.first_mut() {
                to.fill(0.0);
                to[..row_tail.len()].copy_from_slice(row_tail);
            }
        }
        column += width;
    }
}

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
