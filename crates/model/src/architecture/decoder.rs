//! The decoders of the family of Llama, each of which is a variant of one pre-norm transformer.

use std::path::Path;
use std::sync::Arc;

use cognate_kernels::Epilogue;

use super::spec::TransformerConfig;
use crate::Result;
#[cfg(any(test, feature = "candle"))]
use crate::candle::{Model, Tensors};
use crate::config::{Sizes, max_positions};
use crate::cpu::{
    BlockNorms, Description, HeadNormTensors, Heads, LayerDescription, LinearTensors, NormKind,
    NormTensors, TensorRows,
};

mod config;
mod layers;
#[cfg(any(test, feature = "candle"))]
mod model;
mod rope;
mod variant;

use config::DecoderConfig;
use rope::RopeScaling;
pub(super) use variant::{DecoderVariant, Style, Windows};

/// The tensor of the token embeddings.
const TOKEN_EMBEDDINGS: &str = "embed_tokens.weight";

/// What precedes the tensor names in a checkpoint that was saved with a head.
const PREFIXES: &[&str] = &["model."];

/// Reads `config.json` of a `variant`.
pub(super) fn read_config(
    path: &Path,
    variant: &'static DecoderVariant,
) -> Result<Arc<dyn TransformerConfig>> {
    Ok(Arc::new(DecoderConfig::read(path, variant)?))
}

impl TransformerConfig for DecoderConfig {
    fn sizes(&self) -> Sizes {
        Sizes {
            hidden_size: self.hidden_size,
            vocab_size: self.vocab_size,
            max_tokens: self.max_position_embeddings,
            num_hidden_layers: self.num_hidden_layers,
            attention_width: self.num_attention_heads.saturating_mul(self.head_dim),
            intermediate_size: self.intermediate_size,
        }
    }

    fn with_positions(&self, positions: usize) -> Option<Arc<dyn TransformerConfig>> {
        (positions <= max_positions(self.head_dim)).then(|| {
            let mut extended = self.clone();
            extended.max_position_embeddings = positions;
            Arc::new(extended) as Arc<dyn TransformerConfig>
        })
    }

    fn fingerprint_fields(&self) -> String {
        let mut fields = format!(
            "{} heads {} {} of {} eps {:e} theta {:e}",
            self.variant.name,
            self.num_attention_heads,
            self.num_key_value_heads,
            self.head_dim,
            self.rms_norm_eps,
            self.rope.theta,
        );
        if self.rope.scaling != RopeScaling::Default {
            fields += &format!(" scaling {:?}", self.rope.scaling);
        }
        if let Some(rope) = self.sliding_rope {
            fields += &format!(" sliding theta {:e} scaling {:?}", rope.theta, rope.scaling);
        }
        if let Some(activation) = self.hidden_activation {
            fields += &format!(" act {activation:?}");
        }
        if let Some(scalar) = self.query_pre_attn_scalar {
            fields += &format!(" scalar {scalar:e}");
        }
        fields + &self.layers.fingerprint_fields()
    }

    fn describe(&self) -> Description {
        let ropes = [Some(self.rope), self.sliding_rope];
        let frequencies = ropes.into_iter().flatten();
        Description {
            prefixes: PREFIXES,
            hidden_size: self.hidden_size,
            intermediate_size: self.intermediate_size,
            heads: self.heads(),
            num_layers: self.num_hidden_layers,
            vocab_size: self.vocab_size,
            max_tokens: self.max_position_embeddings,
            token_embeddings: TOKEN_EMBEDDINGS,
            own_token_embeddings: None,
            embedding_scale: self.embedding_scale(),
            token_types: None,
            positions: None,
            embedding_norm: None,
            rotary: frequencies
                .map(|rope| rope.frequencies(self.head_dim))
                .collect(),
            attention_scale: self.query_pre_attn_scalar.map(|scalar| 1.0 / scalar.sqrt()),
            position_bias: None,
            relative_positions: None,
            final_norm: Some(self.norm_tensors("norm".to_owned())),
        }
    }

    fn describe_layer(&self, layer: usize) -> LayerDescription {
        let (hidden, intermediate) = (self.hidden_size, self.intermediate_size);
        let name = |part: &str| format!("layers.{layer}.{part}");
        let norm = |part| Some(self.norm_tensors(name(part)));
        let head_norm = |part| {
            self.variant.has_head_norms.then(|| HeadNormTensors {
                name: name(part),
                epsilon: self.rms_norm_eps,
                zero_centered: self.variant.style == Style::Gemma,
            })
        };
        let linear = |part, outputs| LinearTensors::without_bias(name(part), outputs);
        let heads = self.heads();
        let (attention_norms, feed_forward_norms) = match self.variant.style {
            Style::Llama => (
                BlockNorms::pre(self.norm_tensors(name("input_layernorm"))),
                BlockNorms::pre(self.norm_tensors(name("post_attention_layernorm"))),
            ),
            Style::Gemma => (
                BlockNorms {
                    input: norm("input_layernorm"),
                    result: norm("post_attention_layernorm"),
                    sum: None,
                },
                BlockNorms {
                    input: norm("pre_feedforward_layernorm"),
                    result: norm("post_feedforward_layernorm"),
                    sum: None,
                },
            ),
        };
        let slides_with_own_rope = self.layers.sliding[layer] && self.sliding_rope.is_some();
        LayerDescription {
            attention_norms,
            qkv: LinearTensors {
                parts: vec![
                    TensorRows::all(name("self_attn.q_proj"), heads.query_width()),
                    TensorRows::all(name("self_attn.k_proj"), heads.key_width()),
                    TensorRows::all(name("self_attn.v_proj"), heads.key_width()),
                ],
                has_bias: self.variant.has_qkv_bias,
            },
            query_norm: head_norm("self_attn.q_norm"),
            key_norm: head_norm("self_attn.k_norm"),
            joint_norms: None,
            positions: None,
            rotary: Some(usize::from(slides_with_own_rope)),
            mask: self.layers.mask(layer),
            output: linear("self_attn.o_proj", hidden),
            feed_forward_norms,
            gate: Some(linear("mlp.gate_proj", intermediate)),
            up: linear("mlp.up_proj", intermediate),
            activation: self.hidden_activation.map_or(Epilogue::Silu, Into::into),
            down: linear("mlp.down_proj", hidden),
        }
    }

    #[cfg(any(test, feature = "candle"))]
    fn load_candle(&self, tensors: &Tensors) -> Result<Option<Box<dyn Model>>> {
        if !self.is_plain_qwen3() {
            return Ok(None);
        }
        Ok(Some(Box::new(model::Qwen3::load(self, tensors)?)))
    }
}

impl DecoderConfig {
    fn heads(&self) -> Heads {
        Heads {
            queries: self.num_attention_heads,
            keys: self.num_key_value_heads,
            size: self.head_dim,
        }
    }

    /// Returns the factor of the token embeddings, rounded to f32 as transformers rounds it.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "the square root is computed in f64 and then rounded"
    )]
    fn embedding_scale(&self) -> f32 {
        match self.variant.style {
            Style::Llama => 1.0,
            Style::Gemma => (self.hidden_size as f64).sqrt() as f32,
        }
    }

    fn norm_tensors(&self, name: String) -> NormTensors {
        NormTensors {
            kind: match self.variant.style {
                Style::Llama => NormKind::RootMeanSquare,
                Style::Gemma => NormKind::ZeroCenteredRootMeanSquare,
            },
            name,
            epsilon: self.rms_norm_eps,
        }
    }
}
