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
        let used = self.used_rows(tokens);
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

    /// Returns the rows of a sequence of `tokens` tokens, extended to whole panels of the kernels.
    fn used_rows(&self, tokens: usize) -> Range<usize> {
        let center = self.rows.len() / 2;
        let linear = self.keys.first().or(self.queries.first());
        let count = linear.map_or(0, Linear::outputs);
        let columns = self.cpu.tile_columns();
        let first = self.rows[center + 1 - tokens] / columns * columns;
        let end = self.rows[center + tokens - 1] + 1;
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
