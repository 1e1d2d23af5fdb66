/// The attention of all heads over one sequence (<https://arxiv.org/abs/1706.03762>).
#[derive(Clone, Copy, Debug)]
pub struct Attention<'a> {
    pub(super) heads: usize,
    pub(super) head_size: usize,
    pub(super) position_bias: Option<PositionBias<'a>>,
    pub(super) int8: bool,
}

impl<'a> Attention<'a> {
    /// Creates attention in f32, without a position bias, with `heads` heads of `head_size`
    /// dimensions each.
    pub fn new(heads: usize, head_size: usize) -> Self {
        Self {
            heads,
            head_size,
            position_bias: None,
            int8: false,
        }
    }

    /// Adds a bias to the scores by relative position; none by default.
    #[must_use]
    pub fn position_bias(mut self, bias: Option<PositionBias<'a>>) -> Self {
        self.position_bias = bias;
        self
    }

    /// Allows 8-bit codes for queries, keys, values and the weights of the softmax; `false` by
    /// default. Sequences too short to gain from codes are still computed in f32.
    ///
    /// A code is off by at most half a step. A step is 1/64 of the largest value of a query, 1/127 of
    /// the largest value of all keys of a head, between 1/64 and 1/127 of the largest value of a
    /// column of values, and 1/255 of the largest weight.
    #[must_use]
    pub fn int8(mut self, int8: bool) -> Self {
        self.int8 = int8;
        self
    }

    /// Returns the width of all heads.
    pub(super) fn width(&self) -> usize {
        self.heads * self.head_size
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
