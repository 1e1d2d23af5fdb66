use candle_core::{Module, Result, Tensor};
use candle_nn::Linear;

use super::TOKEN_EMBEDDINGS;
use super::config::{LayerType, ModernBertConfig};
use crate::candle::{
    Activation, AttentionMask, Gated, LayerNorm, MaskKind, Model, PaddedBatch, Rotary, Tensors,
    split_heads,
};

/// ModernBERT (<https://arxiv.org/abs/2412.13663>).
#[derive(Debug)]
pub(super) struct ModernBert {
    config: ModernBertConfig,
    token_embeddings: Tensor,
    embedding_norm: LayerNorm,
    layers: Vec<Layer>,
    final_norm: LayerNorm,
    global_rotary: Rotary,
    local_rotary: Rotary,
}

#[derive(Debug)]
struct Layer {
    attention: LayerType,
    /// `None` in the first layer, whose input is already normalized.
    attention_norm: Option<LayerNorm>,
    qkv: Linear,
    output: Linear,
    mlp_norm: LayerNorm,
    mlp: Gated,
}

impl ModernBert {
    pub(super) fn load(config: &ModernBertConfig, tensors: &Tensors) -> crate::Result<Self> {
        let width = config.hidden_size;
        let norm = |name: &str| tensors.layer_norm_without_bias(name, width, config.norm_eps);
        let token_embeddings = tensors.tensor(TOKEN_EMBEDDINGS, &[config.vocab_size, width])?;
        let rotary = |theta| {
            let positions = config.max_position_embeddings;
            let device = tensors.device();
            tensors.on_device(Rotary::new(theta, config.head_size(), positions, device))
        };
        Ok(Self {
            token_embeddings,
            embedding_norm: norm("embeddings.norm")?,
            layers: tensors.layers(config.layer_types.len(), |layer| {
                Layer::load(config, tensors, layer, |part| {
                    format!("layers.{layer}.{part}")
                })
            })?,
            final_norm: norm("final_norm")?,
            global_rotary: rotary(config.global_rope_theta)?,
            local_rotary: rotary(config.local_rope_theta)?,
            config: config.clone(),
        })
    }
}

impl Model for ModernBert {
    fn forward(&self, batch: &PaddedBatch<'_>) -> Result<Tensor> {
        let global = AttentionMask::new(batch, MaskKind::All)?;
        let local = AttentionMask::new(batch, MaskKind::Window(self.config.window))?;
        let embeddings = self.token_embeddings.index_select(&batch.ids()?, 0)?;
        let mut x = self.embedding_norm.forward(&embeddings)?;
        for layer in &self.layers {
            let (mask, rotary) = match layer.attention {
                LayerType::Global => (&global, &self.global_rotary),
                LayerType::Local => (&local, &self.local_rotary),
            };
            x = layer.forward(&x, batch, self.config.num_attention_heads, mask, rotary)?;
        }
        self.final_norm.forward(&x)
    }
}

impl Layer {
    fn load(
        config: &ModernBertConfig,
        tensors: &Tensors,
        layer: usize,
        name: impl Fn(&str) -> String,
    ) -> crate::Result<Self> {
        let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
        let norm = |part| tensors.layer_norm_without_bias(&name(part), hidden, config.norm_eps);
        let linear =
            |part, outputs, inputs| tensors.linear_without_bias(&name(part), outputs, inputs);
        let gate_and_up = tensors.tensor(&name("mlp.Wi.weight"), &[2 * intermediate, hidden])?;
        let half = |start| tensors.on_device(gate_and_up.narrow(0, start, intermediate));
        Ok(Self {
            attention: config.layer_types[layer],
            attention_norm: (layer > 0).then(|| norm("attn_norm")).transpose()?,
            qkv: linear("attn.Wqkv", 3 * hidden, hidden)?,
            output: linear("attn.Wo", hidden, hidden)?,
            mlp_norm: norm("mlp_norm")?,
            mlp: Gated {
                gate: Linear::new(half(0)?, None),
                up: Linear::new(half(intermediate)?, None),
                down: linear("mlp.Wo", hidden, intermediate)?,
                activation: Activation::Hidden(config.hidden_activation),
            },
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
        let normed = match &self.attention_norm {
            Some(norm) => norm.forward(x)?,
            None => x.clone(),
        };
        let (q, k, v) = split_heads(&self.qkv.forward(&normed)?, batch, heads)?;
        let context = mask.attend(&rotary.apply(&q)?, &rotary.apply(&k)?, &v)?;
        let x = (x + self.output.forward(&context)?)?;
        &x + self.mlp.forward(&self.mlp_norm.forward(&x)?)?
    }
}
