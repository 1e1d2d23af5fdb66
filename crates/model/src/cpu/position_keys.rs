use std::ops::Range;
use std::sync::Arc;

use cognate_kernels::{AlignedBuffer, Cpu, Epilogue, Linear, PairBias};

use super::description::Heads;

/// The keys and queries that a layer makes of relative positions, for disentangled attention
/// (<https://arxiv.org/abs/2006.03654>).
///
/// To the score of a query and a key are added the product of the query with the key of their relative
/// position, and the product of the key with the query of their relative position.
#[derive(Debug)]
pub(super) struct PositionKeys {
    pub(super) cpu: Cpu,
    /// The row of query i and key j at `len / 2 + i − j`. Rows never decrease.
    pub(super) rows: Arc<[usize]>,
    /// The keys of positions of each head, as weights `[rows, head_size]`, or nothing if queries are
    /// not multiplied with positions.
    pub(super) keys: Vec<Linear>,
    /// The queries of positions of each head, as weights `[rows, head_size]`, or nothing if keys are
    /// not multiplied with positions. They have the scale of queries.
    pub(super) queries: Vec<Linear>,
}

/// The scratch buffers of [`PositionKeys::bias`].
#[derive(Debug, Default)]
pub(super) struct PositionScratch {
    /// The vectors of one head, `[tokens, head_size]`.
    vectors: AlignedBuffer,
    /// The products of queries with keys of positions, `[queries, rows]`.
    of_queries: AlignedBuffer,
    /// The products of keys with queries of positions, `[n, rows]`.
    of_keys: AlignedBuffer,
    bias: AlignedBuffer,
}

impl PositionKeys {
    /// Splits vectors of positions, `[rows, width]`, into weights for each head.
    pub(super) fn split(cpu: Cpu, heads: Heads, vectors: &[f32]) -> Vec<Linear> {
        let (size, width) = (heads.size, heads.query_width());
        let no_bias = vec![0.0; vectors.len() / width];
        let of_head = |head: usize| {
            let rows = vectors.chunks_exact(width);
            let weights: Vec<f32> = rows
                .flat_map(|row| &row[head * size..(head + 1) * size])
                .copied()
                .collect();
            Linear::new(cpu, &weights, &no_bias, size)
        };
        (0..heads.queries).map(of_head).collect()
    }

    /// Computes the bias of some queries of a sequence for all its keys, of all heads.
    ///
    /// `qkv` is `[n, qkv_width]`, with as many heads of keys as of queries.
    pub(super) fn bias<'a>(
        &self,
        heads: Heads,
        qkv: &[f32],
        queries: Range<usize>,
        scratch: &'a mut PositionScratch,
    ) -> PairBias<'a> {
        let PositionScratch {
            vectors,
            of_queries,
            of_keys,
            bias,
        } = scratch;
        let stride = queries.len();
        let tokens = qkv.len() / heads.qkv_width();
        if queries.is_empty() {
            let values = bias.first(PairBias::PADDING);
            return PairBias { values, stride };
        }
        let center = self.rows.len() / 2;
        let used = self.used_rows(tokens, &queries);
        let values = bias.first(heads.queries * tokens * stride + PairBias::PADDING);
        let (values_of_heads, padding) = values.split_at_mut(heads.queries * tokens * stride);
        padding.fill(0.0);
        for (head, values) in values_of_heads
            .chunks_exact_mut(tokens * stride)
            .enumerate()
        {
            let first = head * heads.size;
            let columns = [first, heads.query_width() + first].map(|at| at..at + heads.size);
            let [query_columns, key_columns] = columns;
            let of_queries = self.keys.get(head).map(|positions| {
                let qkv = &qkv[queries.start * heads.qkv_width()..][..stride * heads.qkv_width()];
                product(
                    positions,
                    &used,
                    heads,
                    qkv,
                    query_columns,
                    vectors,
                    of_queries,
                )
            });
            let of_keys = self.queries.get(head).map(|positions| {
                product(positions, &used, heads, qkv, key_columns, vectors, of_keys)
            });
            for (key, values) in values.chunks_exact_mut(stride).enumerate() {
                // The rows of the first query and of those after it.
                let rows = &self.rows[center + queries.start - key..][..stride];
                let of_key = of_keys.map(|of_keys| &of_keys[key * used.len()..][..used.len()]);
                for (query, (value, row)) in values.iter_mut().zip(rows).enumerate() {
                    let row = row - used.start;
                    let of_query = of_queries.map_or(0.0, |x| x[query * used.len() + row]);
                    *value = of_query + of_key.map_or(0.0, |x| x[row]);
                }
            }
        }
        PairBias { values, stride }
    }

    /// Returns the rows of some queries, at least one, and the keys of `tokens` tokens, extended to
    /// whole panels of the kernels.
    fn used_rows(&self, tokens: usize, queries: &Range<usize>) -> Range<usize> {
        let center = self.rows.len() / 2;
        let linear = self.keys.first().or(self.queries.first());
        let count = linear.map_or(0, Linear::outputs);
        let columns = self.cpu.tile_columns();
        let first = self.rows[center + queries.start + 1 - tokens] / columns * columns;
        let end = self.rows[center + queries.end - 1] + 1;
        first..end.next_multiple_of(columns).min(count)
    }
}

/// Multiplies some columns of `qkv` with the vectors of the positions `used`, and returns the products
/// in a buffer, `[n, used.len()]`.
fn product<'a>(
    positions: &Linear,
    used: &Range<usize>,
    heads: Heads,
    qkv: &[f32],
    columns: Range<usize>,
    vectors: &mut AlignedBuffer,
    products: &'a mut AlignedBuffer,
) -> &'a [f32] {
    let tokens = qkv.len() / heads.qkv_width();
    let vectors = vectors.first(tokens * heads.size);
    let rows = qkv.chunks_exact(heads.qkv_width());
    for (vector, row) in vectors.chunks_exact_mut(heads.size).zip(rows) {
        vector.copy_from_slice(&row[columns.clone()]);
    }
    let products = products.first(tokens * used.len());
    positions.apply_to(used.clone(), vectors, Epilogue::Identity, products);
    products
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADS: Heads = Heads {
        queries: 2,
        keys: 2,
        size: 6,
    };
    const SPAN: usize = 20;

    fn numbers(seed: usize, len: usize) -> Vec<f32> {
        let value = |at: usize| f32::from(u16::try_from((at * 7919 + seed) % 1009).unwrap());
        (0..len).map(|at| value(at) / 504.5 - 1.0).collect()
    }

    /// Computes the bias from the definition, one product after the other.
    fn reference(
        rows: &[usize],
        [keys, queries]: [&[f32]; 2],
        qkv: &[f32],
        [head, query, key]: [usize; 3],
    ) -> f32 {
        let (size, width) = (HEADS.size, HEADS.query_width());
        let row = rows[rows.len() / 2 + query - key];
        let position = |values: &[f32], at: usize| values[row * width + head * size + at];
        let of_query = |at: usize| qkv[query * HEADS.qkv_width() + head * size + at];
        let of_key = |at: usize| qkv[key * HEADS.qkv_width() + width + head * size + at];
        (0..size)
            .map(|at| of_query(at) * position(keys, at) + of_key(at) * position(queries, at))
            .sum()
    }

    #[test]
    fn the_bias_of_any_queries_is_the_sum_of_both_products() {
        let (width, max_tokens) = (HEADS.query_width(), 70);
        // Distances of more than the span share the last rows.
        let row = |at: usize| (SPAN + at).saturating_sub(max_tokens - 1).min(2 * SPAN - 1);
        let rows: Vec<usize> = (0..2 * max_tokens - 1).map(row).collect();
        let [keys, queries] = [1, 2].map(|seed| numbers(seed, 2 * SPAN * width));
        let none = vec![0.0; keys.len()];
        for cpu in Cpu::available() {
            let split = |vectors| PositionKeys::split(cpu, HEADS, vectors);
            for (with_keys, with_queries) in [(true, true), (true, false), (false, true)] {
                let positions = PositionKeys {
                    cpu,
                    rows: rows[..].into(),
                    keys: if with_keys { split(&keys) } else { Vec::new() },
                    queries: if with_queries {
                        split(&queries)
                    } else {
                        Vec::new()
                    },
                };
                let expected_keys: &[f32] = if with_keys { &keys } else { &none };
                let expected_queries: &[f32] = if with_queries { &queries } else { &none };
                let mut scratch = PositionScratch::default();
                for tokens in [1, 2, 19, 40, 70] {
                    let qkv = numbers(3, tokens * HEADS.qkv_width());
                    for range in [0..tokens, tokens / 2..tokens, tokens..tokens] {
                        let count = range.len();
                        let bias = positions.bias(HEADS, &qkv, range.clone(), &mut scratch);
                        let len = HEADS.queries * tokens * count;
                        assert_eq!(bias.values.len(), len + PairBias::PADDING);
                        for (at, found) in bias.values[..len].iter().enumerate() {
                            let (row, query) = (at / count, range.start + at % count);
                            let place = [row / tokens, query, row % tokens];
                            let vectors = [expected_keys, expected_queries];
                            let expected = reference(&rows, vectors, &qkv, place);
                            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
                        }
                    }
                }
            }
        }
    }
}
