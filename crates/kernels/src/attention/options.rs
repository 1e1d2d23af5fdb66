use std::ops::Range;

use super::mask::AttentionMask;
use super::panel::PANEL_LANES;

/// The attention of all heads over one sequence (<https://arxiv.org/abs/1706.03762>).
#[derive(Clone, Copy, Debug)]
pub struct Attention<'a> {
    pub(super) heads: usize,
    pub(super) key_heads: usize,
    pub(super) head_size: usize,
    pub(super) mask: AttentionMask,
    pub(super) position_bias: Option<PositionBias<'a>>,
    pub(super) pair_bias: Option<PairBias<'a>>,
    pub(super) int8: bool,
}

impl<'a> Attention<'a> {
    /// Creates attention in f32, with all keys for each query and without a position bias, with
    /// `heads` heads of `head_size` dimensions each.
    pub fn new(heads: usize, head_size: usize) -> Self {
        Self {
            heads,
            key_heads: heads,
            head_size,
            mask: AttentionMask::All,
            position_bias: None,
            pair_bias: None,
            int8: false,
        }
    }

    /// Sets the number of heads of keys and of values, which must divide the number of heads; as many
    /// as heads by default. Consecutive heads of queries share one (grouped queries,
    /// <https://arxiv.org/abs/2305.13245>).
    #[must_use]
    pub fn key_heads(mut self, key_heads: usize) -> Self {
        self.key_heads = key_heads;
        self
    }

    /// Sets the keys that a query may attend to; all by default.
    #[must_use]
    pub fn mask(mut self, mask: AttentionMask) -> Self {
        self.mask = mask;
        self
    }

    /// Adds a bias to the scores by relative position; none by default. A
    /// [`pair_bias`](Self::pair_bias) replaces it.
    #[must_use]
    pub fn position_bias(mut self, bias: Option<PositionBias<'a>>) -> Self {
        self.position_bias = bias;
        self
    }

    /// Adds a bias to the score of each query with each key; none by default.
    #[must_use]
    pub fn pair_bias(mut self, bias: Option<PairBias<'a>>) -> Self {
        self.pair_bias = bias;
        self
    }

    /// Allows 8-bit codes for queries, keys, values and the weights of the softmax; `false` by
    /// default. Sequences too short to gain from codes are still computed in f32.
    ///
    /// A code is off by at most half a step. A step is 1/64 of the largest value of a query, 1/127 of
    /// the largest value of all keys of a head, between 1/64 and 1/127 of the largest value of a
    /// column of values, and 1/254 of the largest weight.
    #[must_use]
    pub fn int8(mut self, int8: bool) -> Self {
        self.int8 = int8;
        self
    }

    /// Returns the width of all heads.
    pub(super) fn width(&self) -> usize {
        self.heads * self.head_size
    }

    /// Returns the width of the queries, keys and values of one token.
    pub(super) fn row_width(&self) -> usize {
        (self.heads + 2 * self.key_heads) * self.head_size
    }

    /// Returns the heads that share the keys and values of `key_head`.
    pub(super) fn heads_of(&self, key_head: usize) -> Range<usize> {
        let group = self.heads / self.key_heads;
        key_head * group..(key_head + 1) * group
    }
}

/// A bias for each head and each distance from a query to a key.
#[derive(Clone, Copy, Debug)]
pub struct PositionBias<'a> {
    /// The biases, `[heads, 2 · span − 1]`: for a query at i and a key at j, column
    /// `span − 1 + j − i`.
    pub values: &'a [f32],
    /// The largest number of tokens that the biases cover.
    pub span: usize,
}

/// A bias for each head, each key and each query of a call.
#[derive(Clone, Copy, Debug)]
pub struct PairBias<'a> {
    /// The biases, `[heads, n, stride]`, followed by [`PADDING`](Self::PADDING) values of any kind:
    /// column q is for query q of the call, of which there may be fewer than n.
    pub values: &'a [f32],
    /// The distance between the first values of two neighboring keys, at least the number of queries.
    pub stride: usize,
}

impl PairBias<'_> {
    /// The number of values after the last key, which lanes without a query may read.
    pub const PADDING: usize = PANEL_LANES;
}
