use std::ops::Range;

use cognate_kernels::{AttentionMask, Epilogue};

/// What a transformer computes besides its layers, and which tensors have its weights.
#[derive(Debug)]
pub(crate) struct Description {
    /// What may precede every tensor name in a checkpoint.
    pub(crate) prefixes: &'static [&'static str],
    pub(crate) hidden_size: usize,
    pub(crate) intermediate_size: usize,
    pub(crate) heads: Heads,
    pub(crate) num_layers: usize,
    pub(crate) vocab_size: usize,
    /// The maximum number of tokens in a text.
    pub(crate) max_tokens: usize,
    /// The tensor of the token embeddings, `[vocab_size, hidden_size]`.
    pub(crate) token_embeddings: &'static str,
    /// The tensor that replaces `token_embeddings` if the weights have it.
    pub(crate) own_token_embeddings: Option<&'static str>,
    /// The factor of the token embeddings.
    pub(crate) embedding_scale: f32,
    pub(crate) token_types: Option<Table>,
    pub(crate) positions: Option<PositionTable>,
    pub(crate) embedding_norm: Option<NormTensors>,
    /// The rotary position embeddings that the layers choose from.
    pub(crate) rotary: Vec<RotaryFrequencies>,
    /// The factor of the attention scores, or `None` for one over the square root of the head size.
    pub(crate) attention_scale: Option<f32>,
    pub(crate) position_bias: Option<RelativeBias>,
    pub(crate) relative_positions: Option<RelativePositions>,
    pub(crate) final_norm: Option<NormTensors>,
}

/// The attention heads of every layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heads {
    /// The number of heads of queries.
    pub(crate) queries: usize,
    /// The number of heads of keys and of values, a divisor of the number of heads of queries.
    pub(crate) keys: usize,
    pub(crate) size: usize,
}

impl Heads {
    /// Returns the width of the queries of all heads, which is the width of attention's result.
    pub(crate) fn query_width(self) -> usize {
        self.queries * self.size
    }

    /// Returns the width of the keys of all heads, and of the values.
    pub(crate) fn key_width(self) -> usize {
        self.keys * self.size
    }

    /// Returns the width of queries, keys and values together.
    pub(crate) fn qkv_width(self) -> usize {
        self.query_width() + 2 * self.key_width()
    }
}

/// The frequencies of a rotary position embedding (<https://arxiv.org/abs/2104.09864>).
#[derive(Clone, Debug)]
pub(crate) struct RotaryFrequencies {
    /// The angle per position, in radians, of each pair of values of a head, `[head_size / 2]`.
    pub(crate) of_pairs: Vec<f32>,
    /// The factor of the cosines and sines.
    pub(crate) scale: f32,
}

impl RotaryFrequencies {
    /// Returns the frequencies of a rotation base, in f32 as transformers computes them.
    pub(crate) fn of_base(theta: f32, head_size: usize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a head is small")]
        let frequency = |pair: usize| 1.0 / theta.powf((2 * pair) as f32 / head_size as f32);
        Self {
            of_pairs: (0..head_size / 2).map(frequency).collect(),
            scale: 1.0,
        }
    }
}

/// A tensor of embeddings, `[rows, hidden_size]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) rows: usize,
}

/// The position embeddings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PositionTable {
    pub(crate) table: Table,
    /// The padding token after which positions are counted, or `None` if they start at 0.
    pub(crate) pad_token_id: Option<u32>,
}

/// A bias of the attention scores by relative position, which all layers share.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RelativeBias {
    Learned(PositionBiasTensor),
    /// The distance between query and key, times the negative of the slope of each head; the function
    /// returns the slopes for a number of heads.
    Linear(fn(usize) -> Vec<f32>),
}

/// The learned biases by relative position.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PositionBiasTensor {
    /// The tensor, `[buckets, heads]`.
    pub(crate) name: &'static str,
    pub(crate) buckets: usize,
    /// Expands the values of the tensor, for a number of heads and a span, to
    /// `[heads, 2 · span − 1]`.
    pub(crate) expand: fn(&[f32], usize, usize) -> Vec<f32>,
}

/// The embeddings of relative positions, of which each layer makes queries and keys: disentangled
/// attention (<https://arxiv.org/abs/2006.03654>).
#[derive(Clone, Debug)]
pub(crate) struct RelativePositions {
    pub(crate) table: Table,
    pub(crate) norm: Option<NormTensors>,
    /// The row of the table for query i and key j at `max_tokens − 1 + i − j`. Rows never decrease.
    pub(crate) rows: Vec<usize>,
}

/// The projections of a layer from [`RelativePositions`].
#[derive(Debug)]
pub(crate) struct PositionProjections {
    /// The projection to keys of positions, which are multiplied with the queries of tokens.
    pub(crate) key: Option<LinearTensors>,
    /// The projection to queries of positions, which are multiplied with the keys of tokens.
    pub(crate) query: Option<LinearTensors>,
}

/// What a layer computes, and which tensors have its weights.
///
/// A layer is an attention block and a feed-forward block. Each block adds its result to its input;
/// [`BlockNorms`] says where it normalizes.
#[derive(Debug)]
pub(crate) struct LayerDescription {
    pub(crate) attention_norms: BlockNorms,
    /// The projection to queries, keys and values of all heads.
    pub(crate) qkv: LinearTensors,
    /// The norm of the queries of each head.
    pub(crate) query_norm: Option<HeadNormTensors>,
    /// The norm of the keys of each head.
    pub(crate) key_norm: Option<HeadNormTensors>,
    /// The norms of the queries of all heads together, and of the keys.
    pub(crate) joint_norms: Option<[NormTensors; 2]>,
    /// The projections of relative positions.
    pub(crate) positions: Option<PositionProjections>,
    /// The index of the rotary position embedding in [`Description::rotary`].
    pub(crate) rotary: Option<usize>,
    pub(crate) mask: AttentionMask,
    pub(crate) output: LinearTensors,
    pub(crate) feed_forward_norms: BlockNorms,
    /// The projection whose activated result multiplies the result of `up`
    /// (<https://arxiv.org/abs/2002.05202>); without it, the result of `up` is activated.
    pub(crate) gate: Option<LinearTensors>,
    pub(crate) up: LinearTensors,
    pub(crate) activation: Epilogue<'static>,
    pub(crate) down: LinearTensors,
}

/// The norms of a block.
#[derive(Debug, Default)]
pub(crate) struct BlockNorms {
    /// The norm of the input; the residual connection goes around it.
    pub(crate) input: Option<NormTensors>,
    /// The norm of the result, before it is added to the input.
    pub(crate) result: Option<NormTensors>,
    /// The norm of the sum of the input and the result.
    pub(crate) sum: Option<NormTensors>,
}

impl BlockNorms {
    /// Returns the norms of a block that normalizes its input.
    pub(crate) fn pre(input: NormTensors) -> Self {
        Self {
            input: Some(input),
            ..Self::default()
        }
    }

    /// Returns the norms of a block that normalizes the sum.
    pub(crate) fn post(sum: NormTensors) -> Self {
        Self {
            sum: Some(sum),
            ..Self::default()
        }
    }
}

/// The tensors of a norm.
#[derive(Clone, Debug)]
pub(crate) struct NormTensors {
    pub(crate) kind: NormKind,
    /// The name without its ending.
    pub(crate) name: String,
    pub(crate) epsilon: f32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NormKind {
    Layer,
    LayerWithoutBias,
    /// Root mean square normalization (<https://arxiv.org/abs/1910.07467>).
    RootMeanSquare,
    /// Root mean square normalization that multiplies by one more than the weight, as in Gemma.
    ZeroCenteredRootMeanSquare,
}

/// The tensor of a root mean square norm of each head, `[head_size]`.
#[derive(Debug)]
pub(crate) struct HeadNormTensors {
    /// The name without its ending.
    pub(crate) name: String,
    pub(crate) epsilon: f32,
    /// Whether the norm multiplies by one more than the weight.
    pub(crate) zero_centered: bool,
}

/// The tensors of a linear layer: rows of one tensor or several, one after the other.
#[derive(Debug)]
pub(crate) struct LinearTensors {
    pub(crate) parts: Vec<TensorRows>,
    pub(crate) has_bias: bool,
}

/// Some rows of a tensor of weights, and of its bias.
#[derive(Debug)]
pub(crate) struct TensorRows {
    /// The name without its ending.
    pub(crate) name: String,
    /// The number of rows of the tensor.
    pub(crate) of: usize,
    pub(crate) rows: Range<usize>,
}

impl TensorRows {
    /// Returns all `rows` rows of a tensor.
    pub(crate) fn all(name: String, rows: usize) -> Self {
        Self {
            name,
            of: rows,
            rows: 0..rows,
        }
    }
}

impl LinearTensors {
    /// Returns the tensors of a layer that has a tensor of its own, and a bias.
    pub(crate) fn with_bias(name: String, outputs: usize) -> Self {
        Self {
            parts: vec![TensorRows::all(name, outputs)],
            has_bias: true,
        }
    }

    /// Returns the tensors of a layer that has a tensor of its own, and no bias.
    pub(crate) fn without_bias(name: String, outputs: usize) -> Self {
        Self {
            parts: vec![TensorRows::all(name, outputs)],
            has_bias: false,
        }
    }
}
