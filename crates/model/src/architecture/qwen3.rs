use std::sync::Arc;

use cognate_kernels::{AttentionMask, Epilogue};

use super::spec::{Architecture, TransformerConfig};
#[cfg(any(test, feature = "candle"))]
use crate::Result;
#[cfg(any(test, feature = "candle"))]
use crate::candle::{Model, Tensors};
use crate::config::Sizes;
use crate::cpu::{
    BlockNorms, Description, HeadNormTensors, Heads, LayerDescription, LinearTensors, NormKind,
    NormTensors, TensorRows,
};

mod config;
#[cfg(any(test, feature = "candle"))]
mod model;

use config::Qwen3Config;

/// Qwen3 (<https://arxiv.org/abs/2505.09388>).
pub(super) static QWEN3: Architecture = Architecture {
    model_type: "qwen3",
    class_prefix: "Qwen3",
    tokenizer_class: "",
    pair_head: None,
    read_config: |path| Ok(Arc::new(Qwen3Config::read(path)?)),
};

/// What precedes the tensor names in a checkpoint that was saved with a head.
const PREFIXES: &[&str] = &["model."];

/// The tensor of the token embeddings.
const TOKEN_EMBEDDINGS: &str = "embed_tokens.weight";

impl TransformerConfig for Qwen3Config {
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

    fn fingerprint_fields(&self) -> String {
        format!(
            "Qwen3 heads {} {} of {} eps {:e} theta {:e}",
            self.num_attention_heads,
            self.num_key_value_heads,
            self.head_dim,
            self.rms_norm_eps,
            self.rope_theta,
        )
    }

    fn describe(&self) -> Description {
        Description {
            prefixes: PREFIXES,
            hidden_size: self.hidden_size,
            intermediate_size: self.intermediate_size,
            heads: self.heads(),
            num_layers: self.num_hidden_layers,
            vocab_size: self.vocab_size,
            max_tokens: self.max_position_embeddings,
            token_embeddings: TOKEN_EMBEDDINGS,
            token_types: None,
            positions: None,
            embedding_norm: None,
            rotary_thetas: vec![self.rope_theta],
            position_bias: None,
            final_norm: Some(self.norm_tensors("norm".to_owned())),
        }
    }

    fn describe_layer(&self, layer: usize) -> LayerDescription {
        let (hidden, intermediate) = (self.hidden_size, self.intermediate_size);
        let name = |part: &str| format!("layers.{layer}.{part}");
        let norms = |part| BlockNorms::pre(self.norm_tensors(name(part)));
        let head_norm = |part| HeadNormTensors {
            name: name(part),
            epsilon: self.rms_norm_eps,
        };
        let linear = |part, outputs| LinearTensors::without_bias(name(part), outputs);
        let heads = self.heads();
        LayerDescription {
            attention_norms: norms("input_layernorm"),
            qkv: LinearTensors {
                parts: vec![
                    TensorRows::all(name("self_attn.q_proj"), heads.query_width()),
                    TensorRows::all(name("self_attn.k_proj"), heads.key_width()),
                    TensorRows::all(name("self_attn.v_proj"), heads.key_width()),
                ],
                has_bias: false,
            },
            query_norm: Some(head_norm("self_attn.q_norm")),
            key_norm: Some(head_norm("self_attn.k_norm")),
            rotary: Some(0),
            mask: AttentionMask::Causal,
            output: linear("self_attn.o_proj", hidden),
            feed_forward_norms: norms("post_attention_layernorm"),
            gate: Some(linear("mlp.gate_proj", intermediate)),
            up: linear("mlp.up_proj", intermediate),
            activation: Epilogue::Silu,
            down: linear("mlp.down_proj", hidden),
        }
    }

    #[cfg(any(test, feature = "candle"))]
    fn load_candle(&self, tensors: &Tensors) -> Result<Option<Box<dyn Model>>> {
        Ok(Some(Box::new(model::Qwen3::load(self, tensors)?)))
    }
}

impl Qwen3Config {
    fn heads(&self) -> Heads {
        Heads {
            queries: self.num_attention_heads,
            keys: self.num_key_value_heads,
            size: self.head_dim,
        }
    }

    fn norm_tensors(&self, name: String) -> NormTensors {
        NormTensors {
            kind: NormKind::RootMeanSquare,
            name,
            epsilon: self.rms_norm_eps,
        }
    }
}
