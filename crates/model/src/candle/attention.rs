use std::ops::Range;

use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::ops::softmax_last_dim;

use super::padded::Padded;

/// Which keys a query may see, beside that it may not see padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    All,
    /// Those up to its own.
    Causal,
    /// Those at most so far to either side.
    Window(usize),
}

/// What the queries of a batch see, in blocks of queries, so that the scores of a long text are
/// never all in memory.
#[derive(Debug)]
pub(super) struct View {
    blocks: Vec<Block>,
}

#[derive(Debug)]
struct Block {
    queries: Range<usize>,
    /// The keys that any of them sees.
    keys: Range<usize>,
    /// Added to the scores `[B, heads, queries, keys]`, which they broadcast to: 0 where a key is
    /// seen and −∞ where not, and biases. In f32: the least number of f16 is no −∞, and added to
    /// other scores it overflows. One that has fewer keys is for the last of them.
    added: Vec<Tensor>,
}

impl View {
    /// The scores of a block, for each sequence and head; at least those of a few queries, so that
    /// there is enough for a product.
    const SCORES: usize = 1 << 22;

    pub(super) fn new(batch: &Padded<'_>, sight: Sight) -> Result<Self> {
        let queries = Self::SCORES / batch.longest().max(1);
        Self::in_blocks(batch, sight, queries.clamp(64, 512))
    }

    /// Everything sees everything, and `bias`, `[heads, longest, longest]` in f32, is added.
    pub(super) fn with_bias(batch: &Padded<'_>, bias: &Tensor) -> Result<Self> {
        let mut view = Self::new(batch, Sight::All)?;
        for Block { queries, added, .. } in &mut view.blocks {
            added.push(bias.narrow(1, queries.start, queries.len())?);
        }
        Ok(view)
    }

    fn in_blocks(batch: &Padded<'_>, sight: Sight, most: usize) -> Result<Self> {
        let longest = batch.longest();
        let block = |start: usize| {
            let queries = start..longest.min(start + most);
            let keys = match sight {
                Sight::All => 0..longest,
                Sight::Causal => 0..queries.end,
                Sight::Window(width) => {
                    start.saturating_sub(width)..longest.min(queries.end.saturating_add(width))
                }
            };
            let added = mask(batch, sight, &queries, &keys)?;
            Ok(Block {
                queries,
                keys,
                added: added.into_iter().collect(),
            })
        };
        let blocks = (0..longest)
            .step_by(most)
            .map(block)
            .collect::<Result<_>>()?;
        Ok(Self { blocks })
    }

    /// Attention (<https://arxiv.org/abs/1706.03762>). Queries are `[B, heads, longest,
    /// head_size]`, keys and values too, or with a number of heads that divides it; the result is
    /// `[B * longest, heads * head_size]`.
    pub(super) fn attend(&self, q: &Tensor, k: &Tensor, v: &Tensor) -> Result<Tensor> {
        let (batch, heads, longest, head_size) = q.dims4()?;
        #[expect(clippy::cast_precision_loss, reason = "a head is small")]
        let scale = 1.0 / (head_size as f64).sqrt();
        // Before the product, where f16 could overflow.
        let q = (q * scale)?;
        let (k, v) = (repeat(k, heads)?, repeat(v, heads)?);
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

/// Takes queries, keys and values apart: `[B * longest, 3 * heads * head_size]` becomes three of
/// `[B, heads, longest, head_size]`.
pub(super) fn split_heads(
    qkv: &Tensor,
    batch: &Padded<'_>,
    heads: usize,
) -> Result<(Tensor, Tensor, Tensor)> {
    let qkv = qkv
        .reshape((batch.len(), batch.longest(), 3, heads, ()))?
        .permute((2, 0, 3, 1, 4))?
        .contiguous()?;
    Ok((qkv.get(0)?, qkv.get(1)?, qkv.get(2)?))
}

/// Repeats heads so that there are `heads`, each beside its like.
fn repeat(x: &Tensor, heads: usize) -> Result<Tensor> {
    let (batch, shared, longest, head_size) = x.dims4()?;
    if shared == heads {
        return Ok(x.clone());
    }
    let times = heads / shared;
    x.unsqueeze(2)?
        .expand((batch, shared, times, longest, head_size))?
        .reshape((batch, heads, longest, head_size))
}

/// What hides from `queries` those `keys` that they may not see, where there are any.
fn mask(
    batch: &Padded<'_>,
    sight: Sight,
    queries: &Range<usize>,
    keys: &Range<usize>,
) -> Result<Option<Tensor>> {
    let device = batch.device();
    match sight {
        Sight::All if batch.is_full() => Ok(None),
        Sight::All => {
            let sees = |sequence, _, key| key < batch.length(sequence);
            hiding(device, batch.len(), 0..1, keys, sees).map(Some)
        }
        // Padding stands behind all that a token sees.
        Sight::Causal => hiding(device, 1, queries.clone(), queries, |_, q, k| k <= q).map(Some),
        Sight::Window(width) => {
            let near = move |q: usize, k: usize| q.abs_diff(k) <= width;
            if batch.is_full() {
                if near(queries.start, keys.end - 1) && near(queries.end - 1, keys.start) {
                    return Ok(None);
                }
                return hiding(device, 1, queries.clone(), keys, |_, q, k| near(q, k)).map(Some);
            }
            // A row that sees nothing would be no number, and from there it would spread: padding
            // sees padding.
            let sees = |sequence, q, k| {
                let length = batch.length(sequence);
                near(q, k) && (k < length || q >= length)
            };
            hiding(device, batch.len(), queries.clone(), keys, sees).map(Some)
        }
    }
}

/// `[sequences, 1, queries, keys]`: 0 where a query sees a key, −∞ where not.
fn hiding(
    device: &Device,
    sequences: usize,
    queries: Range<usize>,
    keys: &Range<usize>,
    sees: impl Fn(usize, usize, usize) -> bool,
) -> Result<Tensor> {
    let shape = (sequences, 1, queries.len(), keys.len());
    let mut values = Vec::with_capacity(sequences * queries.len() * keys.len());
    for sequence in 0..sequences {
        for query in queries.clone() {
            let value = |key| {
                if sees(sequence, query, key) {
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

    /// The root is 2.
    const HEAD_SIZE: usize = 4;

    /// Attention of one head, in the words of its definition.
    fn plainly(q: &[Vec<f32>], k: &[Vec<f32>], v: &[Vec<f32>], sight: Sight) -> Vec<Vec<f32>> {
        let sees = |query: usize, key: usize| match sight {
            Sight::All => true,
            Sight::Causal => key <= query,
            Sight::Window(width) => query.abs_diff(key) <= width,
        };
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let attend = |(at, query): (usize, &Vec<f32>)| {
            let mut weights: Vec<f32> = (0..k.len())
                .map(|key| (dot(query, &k[key]) / 2.0).exp())
                .collect();
            for (key, weight) in weights.iter_mut().enumerate() {
                *weight *= f32::from(u8::from(sees(at, key)));
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
    fn agrees_with_its_definition_in_blocks_and_beside_padding() {
        let device = Device::Cpu;
        let sights = [
            Sight::All,
            Sight::Causal,
            Sight::Window(0),
            Sight::Window(2),
        ];
        for (sight, most) in sights
            .into_iter()
            .flat_map(|s| [1, 2, 5, 100].map(|n| (s, n)))
        {
            let lengths = [11, 7, 1];
            let ids: Vec<Vec<u32>> = lengths.iter().map(|&length| vec![0; length]).collect();
            let ids: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
            let batch = Padded::new(&ids, &device);
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
            let view = View::in_blocks(&batch, sight, most).unwrap();
            let found = view.attend(&tensor(&q), &tensor(&k), &tensor(&v)).unwrap();
            let found: Vec<Vec<f32>> = found.to_vec2().unwrap();
            assert!(found.iter().flatten().all(|value| value.is_finite()));
            for (at, &length) in lengths.iter().enumerate() {
                let part = |x: &[Vec<Vec<f32>>]| x[at][..length].to_vec();
                let expected = plainly(&part(&q), &part(&k), &part(&v), sight);
                for (found, expected) in found[at * 11..].iter().zip(&expected) {
                    for (found, expected) in found.iter().zip(expected) {
                        assert!(
                            (found - expected).abs() < 1e-5,
                            "{sight:?} by {most}, sequence {at}: {found}, expected {expected}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn heads_are_repeated_side_by_side() {
        let x = Tensor::new(&[[[[1f32]], [[2.0]]]], &Device::Cpu).unwrap();
        let repeated = repeat(&x, 4).unwrap().flatten_all().unwrap();
        assert_eq!(repeated.to_vec1::<f32>().unwrap(), [1.0, 1.0, 2.0, 2.0]);
    }
}
