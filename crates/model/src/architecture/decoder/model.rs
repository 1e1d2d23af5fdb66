use candle_core::{Module, Result, Tensor};
use candle_nn::Linear;

use super::{DecoderConfig, TOKEN_EMBEDDINGS};
use crate::candle::{
    Activation, AttentionMask, Gated, MaskKind, Model, PaddedBatch, RmsNorm, Rotary, Tensors,
};

/// Qwen3 without its language modeling head (<https://arxiv.org/abs/2505.09388>).
#[derive(Debug)]
pub(super) struct Qwen3 {
    token_embeddings: Tensor,
    layers: Vec<Layer>,
    final_norm: RmsNorm,
    rotary: Rotary,
}

#[derive(Debug)]
struct Layer {
    attention_norm: RmsNorm,
    query: Linear,
    key: Linear,
    value: Linear,
    /// Normalizes the queries of each head separately.
    query_norm: RmsNorm,
    /// Normalizes the keys of each head separately.
    key_norm: RmsNorm,
    output: Linear,
    mlp_norm: RmsNorm,
    mlp: Gated,
    head_dim: usize,
}

impl Qwen3 {
    pub(super) fn load(config: &DecoderConfig, tensors: &Tensors) -> crate::Result<Self> {
        let width = config.hidden_size;
        let token_embeddings = tensors.tensor(TOKEN_EMBEDDINGS, &[config.vocab_size, width])?;
        let (theta, positions) = (config.rope.theta, config.max_position_embeddings);
        let rotary = Rotary::new(theta, config.head_dim, positions, tensors.device());
        Ok(Self {
            token_embeddings,
            layers: tensors.layers(config.num_hidden_layers, |layer| {
                Layer::load(config, tensors, |part| format!("layers.{layer}.{part}"))
            })?,
            final_norm: tensors.rms_norm("norm", width, config.rms_norm_eps)?,
            rotary: tensors.on_device(rotary)?,
        })
    }
}

impl Model for Qwen3 {
    fn forward(&self, batch: &PaddedBatch<'_>) -> Result<Tensor> {
        let mask = AttentionMask::new(batch, MaskKind::Causal)?;
        let mut x = self.token_embeddings.index_select(&batch.ids()?, 0)?;
        for layer in &self.layers {
            x = layer.forward(&x, batch, &mask, &self.rotary)?;
        }
        self.final_norm.forward(&x)
    }
}

impl Layer {
    fn load(
        config: &DecoderConfig,
        tensors: &Tensors,
        name: impl Fn(&str) -> String,
    ) -> crate::Result<Self> {
        let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
        let query_size = config.num_attention_heads * config.head_dim;
        let key_value_size = config.num_key_value_heads * config.head_dim;
        let norm = |part, width| tensors.rms_norm(&name(part), width, config.rms_norm_eps);
        let linear =
            |part, outputs, inputs| tensors.linear_without_bias(&name(part), outputs, inputs);
        Ok(Self {
            attention_norm: norm("input_layernorm", hidden)?,
            query: linear("self_attn.q_proj", query_size, hidden)?,
            key: linear("self_attn.k_proj", key_value_size, hidden)?,
            value: linear("self_attn.v_proj", key_value_size, hidden)?,
            query_norm: norm("self_attn.q_norm", config.head_dim)?,
            key_norm: norm("self_attn.k_norm", config.head_dim)?,
            output: linear("self_attn.o_proj", hidden, query_size)?,
            mlp_norm: norm("post_attention_layernorm", hidden)?,
            mlp: Gated {
                gate: linear("mlp.gate_proj", intermediate, hidden)?,
                up: linear("mlp.up_proj", intermediate, hidden)?,
                down: linear("mlp.down_proj", hidden, intermediate)?,
                activation: Activation::Silu,
            },
            head_dim: config.head_dim,
        })
    }

    fn forward(
        &self,
        x: &Tensor,
        batch: &PaddedBatch<'_>,
        mask: &AttentionMask,
        rotary: &Rotary,
    ) -> Result<Tensor> {
        // Splits rows into `[B, heads, longest, head_dim]`.
        let split = |x: Tensor| {
            x.reshape((batch.len(), batch.longest(), (), self.head_dim))?
                .transpose(1, 2)?
                .contiguous()
        };
        let normed = self.attention_norm.forward(x)?;
        let q = self
            .query_norm
            .forward(&split(self.query.forward(&normed)?)?)?;
        let k = self.key_norm.forward(&split(self.key.forward(&normed)?)?)?;
        let v = split(self.value.forward(&normed)?)?;
        let context = mask.attend(&rotary.apply(&q)?, &rotary.apply(&k)?, &v)?;
        let x = (x + self.output.forward(&context)?)?;
        &x + self.mlp.forward(&self.mlp_norm.forward(&x)?)?
    }
}
