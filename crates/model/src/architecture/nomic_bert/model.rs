use candle_core::{Module, Result, Tensor};
use candle_nn::Linear;

use super::TOKEN_EMBEDDINGS;
use super::config::NomicBertConfig;
use crate::candle::{
    Activation, AttentionMask, Gated, LayerNorm, MaskKind, Model, PaddedBatch, Rotary, Tensors,
    split_heads,
};

/// NomicBERT (<https://arxiv.org/abs/2402.01613>).
#[derive(Debug)]
pub(super) struct NomicBert {
    heads: usize,
    token_embeddings: Tensor,
    /// The embedding of token type 0, `[hidden_size]`, or `None` if the model has no token types.
    token_type: Option<Tensor>,
    embedding_norm: LayerNorm,
    layers: Vec<Layer>,
    rotary: Rotary,
}

#[derive(Debug)]
struct Layer {
    qkv: Linear,
    output: Linear,
    attention_norm: LayerNorm,
    mlp: Gated,
    output_norm: LayerNorm,
}

impl NomicBert {
    pub(super) fn load(config: &NomicBertConfig, tensors: &Tensors) -> crate::Result<Self> {
        let width = config.hidden_size;
        let token_embeddings = tensors.tensor(TOKEN_EMBEDDINGS, &[config.vocab_size, width])?;
        let token_type = if config.type_vocab_size > 0 {
            let name = "embeddings.token_type_embeddings.weight";
            let types = tensors.tensor(name, &[config.type_vocab_size, width])?;
            Some(tensors.on_device(types.get(0))?)
        } else {
            None
        };
        let head_size = width / config.num_attention_heads;
        let positions = config.max_position_embeddings;
        let rotary = Rotary::new(config.rope_theta, head_size, positions, tensors.device());
        Ok(Self {
            heads: config.num_attention_heads,
            token_embeddings,
            token_type,
            embedding_norm: tensors.layer_norm("emb_ln", width, config.layer_norm_eps)?,
            layers: tensors.layers(config.num_hidden_layers, |layer| {
                Layer::load(config, tensors, |part| {
                    format!("encoder.layers.{layer}.{part}")
                })
            })?,
            rotary: tensors.on_device(rotary)?,
        })
    }
}

impl Model for NomicBert {
    fn forward(&self, batch: &PaddedBatch<'_>) -> Result<Tensor> {
        let mask = AttentionMask::new(batch, MaskKind::All)?;
        let mut x = self.token_embeddings.index_select(&batch.ids()?, 0)?;
        if let Some(token_type) = &self.token_type {
            x = x.broadcast_add(token_type)?;
        }
        x = self.embedding_norm.forward(&x)?;
        for layer in &self.layers {
            x = layer.forward(&x, batch, self.heads, &mask, &self.rotary)?;
        }
        Ok(x)
    }
}

impl Layer {
    fn load(
        config: &NomicBertConfig,
        tensors: &Tensors,
        name: impl Fn(&str) -> String,
    ) -> crate::Result<Self> {
        let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
        let norm = |part| tensors.layer_norm(&name(part), hidden, config.layer_norm_eps);
        let linear =
            |part, outputs, inputs| tensors.linear_without_bias(&name(part), outputs, inputs);
        Ok(Self {
            qkv: linear("attn.Wqkv", 3 * hidden, hidden)?,
            output: linear("attn.out_proj", hidden, hidden)?,
            attention_norm: norm("norm1")?,
            mlp: Gated {
                gate: linear("mlp.fc12", intermediate, hidden)?,
                up: linear("mlp.fc11", intermediate, hidden)?,
                down: linear("mlp.fc2", hidden, intermediate)?,
                activation: Activation::Silu,
            },
            output_norm: norm("norm2")?,
        })
    }

    fn forward(
        &self,
        x: &Tensor,
        batch: &PaddedBatch<'_>,
        heads: usize,
        mask: &AttentionMask,
        rotary: &Rotary,
    ) -> Result<Tensor> {
        let (q, k, v) = split_heads(&self.qkv.forward(x)?, batch, heads)?;
        let context = mask.attend(&rotary.apply(&q)?, &rotary.apply(&k)?, &v)?;
        let attended = (x + self.output.forward(&context)?)?;
        let x = self.attention_norm.forward(&attended)?;
        self.output_norm.forward(&(&x + self.mlp.forward(&x)?)?)
    }
}
