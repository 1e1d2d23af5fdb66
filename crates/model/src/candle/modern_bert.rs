use candle_core::{Module, Result, Tensor};
use candle_nn::Linear;

use super::Model;
use super::attention::{Sight, View, split_heads};
use super::layers::{Activation, Gated, LayerNorm};
use super::padded::Padded;
use super::rotary::Rotary;
use super::tensors::Tensors;
use crate::config::{LayerType, ModernBertConfig};

/// ModernBERT (<https://arxiv.org/abs/2412.13663>).
#[derive(Debug)]
pub(super) struct ModernBert {
    config: ModernBertConfig,
    words: Tensor,
    embedding_norm: LayerNorm,
    layers: Vec<Layer>,
    final_norm: LayerNorm,
    global_rotary: Rotary,
    local_rotary: Rotary,
}

#[derive(Debug)]
struct Layer {
    sees: LayerType,
    /// The first layer has none, because the embeddings are normalized already.
    attention_norm: Option<LayerNorm>,
    qkv: Linear,
    output: Linear,
    mlp_norm: LayerNorm,
    mlp: Gated,
}

impl ModernBert {
    pub(super) const PREFIXES: &[&str] = &["model."];
    pub(super) const WORDS: &str = "embeddings.tok_embeddings.weight";

    pub(super) fn load(config: &ModernBertConfig, tensors: &Tensors) -> crate::Result<Self> {
        let width = config.hidden_size;
        let norm = |name: &str| tensors.plain_layer_norm(name, width, config.norm_eps);
        let words = tensors.tensor(Self::WORDS, &[config.vocab_size, width])?;
        let rotary = |theta| {
            let positions = config.max_position_embeddings;
            let device = tensors.device();
            tensors.on_device(Rotary::new(theta, config.head_size(), positions, device))
        };
        Ok(Self {
            words,
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
    fn forward(&self, batch: &Padded<'_>) -> Result<Tensor> {
        let global = View::new(batch, Sight::All)?;
        let local = View::new(batch, Sight::Window(self.config.window))?;
        let words = self.words.index_select(&batch.ids()?, 0)?;
        let mut x = self.embedding_norm.forward(&words)?;
        for layer in &self.layers {
            let (view, rotary) = match layer.sees {
                LayerType::Global => (&global, &self.global_rotary),
                LayerType::Local => (&local, &self.local_rotary),
            };
            x = layer.forward(&x, batch, self.config.num_attention_heads, view, rotary)?;
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
        let (narrow, wide) = (config.hidden_size, config.intermediate_size);
        let norm = |part| tensors.plain_layer_norm(&name(part), narrow, config.norm_eps);
        let linear = |part, outputs, inputs| tensors.plain_linear(&name(part), outputs, inputs);
        let both = tensors.tensor(&name("mlp.Wi.weight"), &[2 * wide, narrow])?;
        let half = |start| tensors.on_device(both.narrow(0, start, wide));
        Ok(Self {
            sees: config.layer_types[layer],
            attention_norm: (layer > 0).then(|| norm("attn_norm")).transpose()?,
            qkv: linear("attn.Wqkv", 3 * narrow, narrow)?,
            output: linear("attn.Wo", narrow, narrow)?,
            mlp_norm: norm("mlp_norm")?,
            mlp: Gated {
                gate: Linear::new(half(0)?, None),
                up: Linear::new(half(wide)?, None),
                down: linear("mlp.Wo", narrow, wide)?,
                activation: Activation::Hidden(config.hidden_activation),
            },
        })
    }

    fn forward(
        &self,
        x: &Tensor,
        batch: &Padded<'_>,
        heads: usize,
        view: &View,
        rotary: &Rotary,
    ) -> Result<Tensor> {
        let normed = match &self.attention_norm {
            Some(norm) => norm.forward(x)?,
            None => x.clone(),
        };
        let (q, k, v) = split_heads(&self.qkv.forward(&normed)?, batch, heads)?;
        let context = view.attend(&rotary.apply(&q)?, &rotary.apply(&k)?, &v)?;
        let x = (x + self.output.forward(&context)?)?;
        &x + self.mlp.forward(&self.mlp_norm.forward(&x)?)?
    }
}
