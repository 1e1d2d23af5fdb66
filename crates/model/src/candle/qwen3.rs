use candle_core::{Module, Result, Tensor};
use candle_nn::Linear;

use super::Model;
use super::attention::{Sight, View};
use super::layers::{Activation, Gated, RmsNorm};
use super::padded::Padded;
use super::rotary::Rotary;
use super::tensors::Tensors;
use crate::config::Qwen3Config;

/// Qwen3 without its language head (<https://arxiv.org/abs/2505.09388>).
#[derive(Debug)]
pub(super) struct Qwen3 {
    words: Tensor,
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
    /// Of each head by itself.
    query_norm: RmsNorm,
    key_norm: RmsNorm,
    output: Linear,
    mlp_norm: RmsNorm,
    mlp: Gated,
    head_dim: usize,
}

impl Qwen3 {
    pub(super) const PREFIXES: &[&str] = &["model."];
    pub(super) const WORDS: &str = "embed_tokens.weight";

    pub(super) fn load(config: &Qwen3Config, tensors: &Tensors) -> crate::Result<Self> {
        let width = config.hidden_size;
        let words = tensors.tensor(Self::WORDS, &[config.vocab_size, width])?;
        let (theta, positions) = (config.rope_theta, config.max_position_embeddings);
        let rotary = Rotary::new(theta, config.head_dim, positions, tensors.device());
        Ok(Self {
            words,
            layers: tensors.layers(config.num_hidden_layers, |layer| {
                Layer::load(config, tensors, |part| format!("layers.{layer}.{part}"))
            })?,
            final_norm: tensors.rms_norm("norm", width, config.rms_norm_eps)?,
            rotary: tensors.on_device(rotary)?,
        })
    }
}

impl Model for Qwen3 {
    fn forward(&self, batch: &Padded<'_>) -> Result<Tensor> {
        let view = View::new(batch, Sight::Causal)?;
        let mut x = self.words.index_select(&batch.ids()?, 0)?;
        for layer in &self.layers {
            x = layer.forward(&x, batch, &view, &self.rotary)?;
        }
        self.final_norm.forward(&x)
    }
}

impl Layer {
    fn load(
        config: &Qwen3Config,
        tensors: &Tensors,
        name: impl Fn(&str) -> String,
    ) -> crate::Result<Self> {
        let (narrow, wide) = (config.hidden_size, config.intermediate_size);
        let heads = config.num_attention_heads * config.head_dim;
        let shared = config.num_key_value_heads * config.head_dim;
        let norm = |part, width| tensors.rms_norm(&name(part), width, config.rms_norm_eps);
        let linear = |part, outputs, inputs| tensors.plain_linear(&name(part), outputs, inputs);
        Ok(Self {
            attention_norm: norm("input_layernorm", narrow)?,
            query: linear("self_attn.q_proj", heads, narrow)?,
            key: linear("self_attn.k_proj", shared, narrow)?,
            value: linear("self_attn.v_proj", shared, narrow)?,
            query_norm: norm("self_attn.q_norm", config.head_dim)?,
            key_norm: norm("self_attn.k_norm", config.head_dim)?,
            output: linear("self_attn.o_proj", narrow, heads)?,
            mlp_norm: norm("post_attention_layernorm", narrow)?,
            mlp: Gated {
                gate: linear("mlp.gate_proj", wide, narrow)?,
                up: linear("mlp.up_proj", wide, narrow)?,
                down: linear("mlp.down_proj", narrow, wide)?,
                activation: Activation::Silu,
            },
            head_dim: config.head_dim,
        })
    }

    fn forward(
        &self,
        x: &Tensor,
        batch: &Padded<'_>,
        view: &View,
        rotary: &Rotary,
    ) -> Result<Tensor> {
        // `[B, heads, longest, head_dim]`
        let heads = |x: Tensor| {
            x.reshape((batch.len(), batch.longest(), (), self.head_dim))?
                .transpose(1, 2)?
                .contiguous()
        };
        let normed = self.attention_norm.forward(x)?;
        let q = self
            .query_norm
            .forward(&heads(self.query.forward(&normed)?)?)?;
        let k = self.key_norm.forward(&heads(self.key.forward(&normed)?)?)?;
        let v = heads(self.value.forward(&normed)?)?;
        let context = view.attend(&rotary.apply(&q)?, &rotary.apply(&k)?, &v)?;
        let x = (x + self.output.forward(&context)?)?;
        &x + self.mlp.forward(&self.mlp_norm.forward(&x)?)?
    }
}
