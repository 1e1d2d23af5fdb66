//! Attention over one sequence, 32 queries at a time, in f32 or in 8-bit codes.

use std::ops::Range;

use crate::Cpu;

mod bias;
mod column_block;
mod float_heads;
mod int8_heads;
mod mask;
mod options;
mod pack;
mod panel;
mod quantize;
mod score;
mod scratch;
mod sequence;
mod softmax;
#[cfg(test)]
mod tests;
mod weigh;

pub use mask::AttentionMask;
pub use options::{Attention, PairBias, PositionBias};
pub use scratch::AttentionScratch;
use sequence::Sequence;

/// The length of the shortest sequence that is computed in 8 bits: for shorter ones, quantizing takes
/// more time than it saves.
const MIN_INT8_TOKENS: usize = 32;

impl Cpu {
    /// Computes `softmax(Q · Kᵀ + bias + mask) · V` for each head of one sequence.
    ///
    /// `qkv` is `[n, (heads + 2 · key_heads) · head_size]`: a token's queries of all heads, then its
    /// keys, then its values. The queries must be scaled already. `out` is `[n, heads · head_size]`.
    ///
    /// Scores are kept for a few queries at a time, so that the memory is linear in n. Products are
    /// chains of fused multiply-adds and the sum of the softmax is a chain of additions, both in the
    /// order of the tokens: every level gives the same bits. A key that a query must not attend to has
    /// weight 0 and changes nothing, unless it has a NaN or an infinity.
    ///
    /// # Panics
    ///
    /// Panics if the sizes do not fit, if `key_heads` does not divide the number of heads, if the
    /// sequence is longer than the position bias, or if the pair bias has another size.
    ///
    /// # Complexity
    ///
    /// `2 · n · k · heads · head_size` products, where k is the number of keys that 32 adjacent queries
    /// may attend to: n without a mask, n/2 + 16 on average with [`AttentionMask::Causal`], and at most
    /// 2w + 35 with [`AttentionMask::Window`]`(w)`. The values are packed once for each of the
    /// `key_heads`; in 8 bits, keys and values are quantized once.
    pub fn attention(
        self,
        attention: Attention<'_>,
        qkv: &[f32],
        scratch: &mut AttentionScratch,
        out: &mut [f32],
    ) {
        let tokens = qkv.len().checked_div(attention.row_width()).unwrap_or(0);
        self.attention_of_queries(attention, qkv, 0..tokens, scratch, out);
    }

    /// Computes [`attention`](Self::attention) for the queries of some tokens only, over the keys and
    /// values of all tokens, with the same bits. `out` is `[queries, heads · head_size]`.
    ///
    /// Each call packs the values again, so a call should have a few hundred queries.
    ///
    /// # Panics
    ///
    /// Panics as [`attention`](Self::attention) does, or if `queries` exceed the sequence.
    pub fn attention_of_queries(
        self,
        attention: Attention<'_>,
        qkv: &[f32],
        queries: Range<usize>,
        scratch: &mut AttentionScratch,
        out: &mut [f32],
    ) {
        let width = attention.width();
        assert_ne!(width, 0, "attention needs heads");
        assert!(
            attention.key_heads > 0 && attention.heads.is_multiple_of(attention.key_heads),
            "key_heads must divide the number of heads"
        );
        assert_eq!(
            qkv.len() % attention.row_width(),
            0,
            "qkv must be [n, (heads + 2 * key_heads) * head_size]"
        );
        let tokens = qkv.len() / attention.row_width();
        assert!(
            queries.end <= tokens,
            "queries must be tokens of the sequence"
        );
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
        if let Some(bias) = attention.pair_bias {
            assert!(
                bias.stride >= queries.len(),
                "the pair bias must have a value for each query"
            );
            assert_eq!(
                bias.values.len(),
                attention.heads * tokens * bias.stride + PairBias::PADDING,
                "the pair bias must be [heads, n, stride] and its padding"
            );
        }
        let sequence = Sequence {
            cpu: self,
            attention,
            tokens,
            qkv,
        };
        for key_head in 0..attention.key_heads {
            let queries = queries.clone();
            if attention.int8 && tokens >= MIN_INT8_TOKENS {
                sequence.int8_heads(key_head, queries, scratch, out);
            } else {
                sequence.float_heads(key_head, queries, scratch, out);
            }
        }
    }
}
