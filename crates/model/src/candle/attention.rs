use std::ops::Range;

use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::ops::softmax_last_dim;

use super::padded::PaddedBatch;

/// Which keys a query may attend to, besides that it may not attend to padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MaskKind {
    All,
    /// The keys up to and including the query's own position.
    Causal,
    /// The keys at most this many positions to either side.
    Window(usize),
}

/// The attention mask of a batch, in blocks of queries, so that the scores of a long text are never
/// all in memory at once.
#[derive(Debug)]
pub(crate) struct AttentionMask {
    blocks: Vec<Block>,
}

#[derive(Debug)]
struct Block {
    queries: Range<usize>,
    /// The range of keys that any query of the block may attend to.
    keys: Range<usize>,
    /// Tensors added to the scores: masks, which are 0 for allowed keys and −∞ for others, and
    /// biases.
    ///
    /// Each broadcasts to `[B, heads, queries, keys]`; one with fewer keys applies to the last
    /// keys. They are in f32, because the least finite value of f16 is not −∞ and overflows if it
    /// is added to another score.
    added: Vec<Tensor>,
}

impl AttentionMask {
    /// The number of scores of a block for each sequence and head. A block has at least 64
    /// queries, so that its matrix products have enough work.
    const SCORES_PER_BLOCK: usize = 1 << 22;

    pub(crate) fn new(batch: &PaddedBatch<'_>, kind: MaskKind) -> Result<Self> {
        let queries = Self::SCORES_PER_BLOCK / batch.longest().max(1);
        Self::with_block_size(batch, kind, queries.clamp(64, 512))
    }

    /// Allows all keys, and adds `bias`, `[heads, longest, longest]` in f32, to the scores.
    pub(crate) fn with_bias(batch: &PaddedBatch<'_>, bias: &Tensor) -> Result<Self> {
        let mut mask = Self::new(batch, MaskKind::All)?;
        for Block { queries, added, .. } in &mut mask.blocks {
            added.push(bias.narrow(1, queries.start, queries.len())?);
        }
        Ok(mask)
    }

    fn with_block_size(batch: &PaddedBatch<'_>, kind: MaskKind, block_size: usize) -> Result<Self> {
        let longest = batch.longest();
        let block = |start: usize| {
            let queries = start..longest.min(start + block_size);
            let keys = match kind {
                MaskKind::All => 0..longest,
                MaskKind::Causal => 0..queries.end,
                MaskKind::Window(width) => {
                    start.saturating_sub(width)..longest.min(queries.end.saturating_add(width))
                }
            };
            let added = mask(batch, kind, &queries, &keys)?;
            Ok(Block {
                queries,
                keys,
                added: added.into_iter().collect(),
            })
        };
        let blocks = (0..longest)
            .step_by(block_size)
            .map(block)
            .collect::<Result<_>>()?;
        Ok(Self { blocks })
    }

    /// Computes scaled dot-product attention (<https://arxiv.org/abs/1706.03762>) under this mask.
    ///
    /// Queries are `[B, heads, longest, head_size]`; keys and values have the same shape, or a
    /// number of heads that divides `heads`. The result is `[B * longest, heads * head_size]`.
    pub(crate) fn attend(&self, q: &Tensor, k: &Tensor, v: &Tensor) -> Result<Tensor> {
        let (batch, heads, longest, head_size) = q.dims4()?;
        #[expect(clippy::cast_precision_loss, reason = "a head is small")]
        let scale = 1.0 / (head_size as f64).sqrt();
        // Scaled before the product, which could overflow in f16.
        let q = (q * scale)?;
        let (k, v) = (repeat_heads(k, heads)?, repeat_heads(v, heads)?);
        let mut contexts = Vec::with_capacity(self.blocks.len());
        for block in &self.blocks {
            let q = q.narrow(2, block.queries.start, block.queries.len())?;
            let keys = |x: &Tensor| {
                x.narrow(2, block.keys.start, block.keys.len())?
                    .contiguous()
            };
            let (k, v) = (keys(&k)?, keys(&v)?);
            let scores = q.contiguous()?.matmul(&k.t()?)?;
            let mut scores = scores.to_dtype(DType::F32)?;
            for added in &block.added {
                let last = added.dim(D::Minus1)?;
                let added = added.pad_with_zeros(D::Minus1, block.keys.len() - last, 0)?;
                scores = scores.broadcast_add(&added)?;
            }
            let weights = softmax_last_dim(&scores)?.to_dtype(v.dtype())?;
            contexts.push(weights.matmul(&v)?.transpose(1, 2)?);
        }
        let context = match contexts.as_slice() {
            [context] => context.contiguous()?,
            contexts => Tensor::cat(contexts, 1)?,
        };
        context.reshape((batch * longest, heads * head_size))
    }
}

/// Splits fused queries, keys and values, `[B * longest, 3 * heads * head_size]`, into three tensors
/// `[B, heads, longest, head_size]`.
pub(crate) fn split_heads(
    qkv: &Tensor,
    batch: &PaddedBatch<'_>,
    heads: usize,
) -> Result<(Tensor, Tensor, Tensor)> {
    let qkv = qkv
        .reshape((batch.len(), batch.longest(), 3, heads, ()))?
        .permute((2, 0, 3, 1, 4))?
        .contiguous()?;
    Ok((qkv.get(0)?, qkv.get(1)?, qkv.get(2)?))
}

/// Repeats each head in place until there are `heads` heads.
fn repeat_heads(x: &Tensor, heads: usize) -> Result<Tensor> {
    let (batch, shared, longest, head_size) = x.dims4()?;
    if shared == heads {
        return Ok(x.clone());
    }
    let times = heads / shared;
    x.unsqueeze(2)?
        .expand((batch, shared, times, longest, head_size))?
        .reshape((batch, heads, longest, head_size))
}

/// Returns the mask of a block, or `None` if its `queries` may attend to all of its `keys`.
fn mask(
    batch: &PaddedBatch<'_>,
    kind: MaskKind,
    queries: &Range<usize>,
    keys: &Range<usize>,
) -> Result<Option<Tensor>> {
    let device = batch.device();
    match kind {
        MaskKind::All if batch.is_full() => Ok(None),
        MaskKind::All => {
            let allows = |sequence, _, key| key < batch.length(sequence);
            mask_tensor(device, batch.len(), 0..1, keys, allows).map(Some)
        }
        // Padding comes after all keys that a token may attend to.
        MaskKind::Causal => {
            let allows = |_, query, key| key <= query;
            mask_tensor(device, 1, queries.clone(), queries, allows).map(Some)
        }
        MaskKind::Window(width) => {
            let is_near = move |query: usize, key: usize| query.abs_diff(key) <= width;
            if batch.is_full() {
                if is_near(queries.start, keys.end - 1) && is_near(queries.end - 1, keys.start) {
                    return Ok(None);
                }
                let allows = |_, query, key| is_near(query, key);
                return mask_tensor(device, 1, queries.clone(), keys, allows).map(Some);
            }
            // Padding may attend to padding: the softmax of a row without any allowed key is NaN,
            // which would spread from there.
            let allows = |sequence, query, key| {
                let length = batch.length(sequence);
                is_near(query, key) && (key < length || query >= length)
            };
            mask_tensor(device, batch.len(), queries.clone(), keys, allows).map(Some)
        }
    }
}

/// Returns `[sequences, 1, queries, keys]`: 0 for each key that `allows` returns `true` for, given
/// the sequence, the query and the key, and −∞ for the others.
fn mask_tensor(
    device: &Device,
    sequences: usize,
    queries: Range<usize>,
    keys: &Range<usize>,
    allows: impl Fn(usize, usize, usize) -> bool,
) -> Result<Tensor> {
    let shape = (sequences, 1, queries.len(), keys.len());
    let mut values = Vec::with_capacity(sequences * queries.len() * keys.len());
    for sequence in 0..sequences {
        for query in queries.clone() {
            let value = |key| {
                if allows(sequence, query, key) {
                    0.0
                } else {
                    f32::NEG_INFINITY
                }
            };
            values.extend(keys.clone().map(value));
        }
    }
    Tensor::from_vec(values, shape, device)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its square root is 2.
    const HEAD_SIZE: usize = 4;

    /// The reference implementation: attention of one head, straight from its definition.
    fn reference_attention(
        q: &[Vec<f32>],
        k: &[Vec<f32>],
        v: &[Vec<f32>],
        kind: MaskKind,
    ) -> Vec<Vec<f32>> {
        let allows = |query: usize, key: usize| match kind {
            MaskKind::All => true,
            MaskKind::Causal => key <= query,
            MaskKind::Window(width) => query.abs_diff(key) <= width,
        };
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let attend = |(at, query): (usize, &Vec<f32>)| {
            let mut weights: Vec<f32> = (0..k.len())
                .map(|key| (dot(query, &k[key]) / 2.0).exp())
                .collect();
            for (key, weight) in weights.iter_mut().enumerate() {
                *weight *= f32::from(u8::from(allows(at, key)));
            }
            let total: f32 = weights.iter().sum();
            let value = |column| -> f32 {
                let terms = weights
                    .iter()
                    .zip(v)
                    .map(|(w, v): (_, &Vec<f32>)| w * v[column]);
                terms.sum::<f32>() / total
            };
            (0..v[0].len()).map(value).collect()
        };
        q.iter().enumerate().map(attend).collect()
    }

    fn rows(seed: usize, count: usize, width: usize) -> Vec<Vec<f32>> {
        let value = |row: usize, column: usize| {
            let hash = (row * 31 + column * 17 + seed).wrapping_mul(2_654_435_761) % 251;
            f32::from(u8::try_from(hash).unwrap()) / 125.0 - 1.0
        };
        (0..count)
            .map(|row| (0..width).map(|column| value(row, column)).collect())
            .collect()
    }

    #[test]
    fn agrees_with_its_definition_in_blocks_and_with_padding() {
        let device = Device::Cpu;
        let kinds = [
            MaskKind::All,
            MaskKind::Causal,
            MaskKind::Window(0),
            MaskKind::Window(2),
        ];
        for (kind, block_size) in kinds
            .into_iter()
            .flat_map(|s| [1, 2, 5, 100].map(|n| (s, n)))
        {
            let lengths = [11, 7, 1];
            let ids: Vec<Vec<u32>> = lengths.iter().map(|&length| vec![0; length]).collect();
            let ids: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
            let batch = PaddedBatch::new(&ids, &device);
            let heads = |seed: usize| -> Vec<Vec<Vec<f32>>> {
                (0..lengths.len())
                    .map(|at| rows(seed + at, 11, HEAD_SIZE))
                    .collect()
            };
            let (q, k, v) = (heads(1), heads(100), heads(200));
            let tensor = |x: &[Vec<Vec<f32>>]| {
                let values = x.concat().concat();
                Tensor::from_vec(values, (lengths.len(), 1, 11, HEAD_SIZE), &device).unwrap()
            };
            let mask = AttentionMask::with_block_size(&batch, kind, block_size).unwrap();
            let found = mask.attend(&tensor(&q), &tensor(&k), &tensor(&v)).unwrap();
            let found: Vec<Vec<f32>> = found.to_vec2().unwrap();
            assert!(found.iter().flatten().all(|value| value.is_finite()));
            for (at, &length) in lengths.iter().enumerate() {
                let part = |x: &[Vec<Vec<f32>>]| x[at][..length].to_vec();
                let expected = reference_attention(&part(&q), &part(&k), &part(&v), kind);
                for (found, expected) in found[at * 11..].iter().zip(&expected) {
                    for (found, expected) in found.iter().zip(expected) {
                        assert!(
                            (found - expected).abs() < 1e-5,
                            "{kind:?} by {block_size}, sequence {at}: {found}, expected {expected}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn repeated_heads_are_adjacent() {
        let x = Tensor::new(&[[[[1f32]], [[2.0]]]], &Device::Cpu).unwrap();
        let repeated = repeat_heads(&x, 4).unwrap().flatten_all().unwrap();
        assert_eq!(repeated.to_vec1::<f32>().unwrap(), [1.0, 1.0, 2.0, 2.0]);
    }
}
