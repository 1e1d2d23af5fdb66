use std::sync::Arc;

use cognate_kernels::AttentionMask;

use super::post_norm::expand_buckets;
use super::spec::{Architecture, TransformerConfig};
use crate::config::Sizes;
use crate::cpu::{
    BlockNorms, Description, Heads, LayerDescription, LinearTensors, NormKind, NormTensors,
    PositionBiasTensor, RelativeBias, TensorRows,
};

mod config;

use config::T5Config;

/// The encoder of T5 (<https://arxiv.org/abs/1910.10683>).
pub(super) static T5: Architecture = Architecture {
    model_type: "t5",
    class_prefix: "T5",
    remote_code: &[],
    tokenizer_class: "T5Tokenizer",
    pair_head: None,
    read_config: |path| Ok(Arc::new(T5Config::read(path)?)),
};

/// The greatest number of tokens of a text. The biases by distance of T5 have no limit, but their
/// table needs one.
const MAX_TOKENS: usize = 1 << 14;

impl TransformerConfig for T5Config {
    fn sizes(&self) -> Sizes {
        Sizes {
            hidden_size: self.hidden_size,
            vocab_size: self.vocab_size,
            max_tokens: MAX_TOKENS,
            num_hidden_layers: self.num_hidden_layers,
            attention_width: self.num_attention_heads.saturating_mul(self.head_size),
            intermediate_size: self.intermediate_size,
        }
    }

    fn fingerprint_fields(&self) -> String {
        format!(
            "T5 heads {} of {} act {:?} gated {} eps {:e} buckets {}",
            self.num_attention_heads,
            self.head_size,
            self.activation,
            self.is_gated,
            self.layer_norm_epsilon,
            self.buckets,
        )
    }

    fn describe(&self) -> Description {
        Description {
            prefixes: &[],
            hidden_size: self.hidden_size,
            intermediate_size: self.intermediate_size,
            heads: self.heads(),
            num_layers: self.num_hidden_layers,
            vocab_size: self.vocab_size,
            max_tokens: MAX_TOKENS,
            token_embeddings: "shared.weight",
            // An encoder may have embeddings of its own, not tied to the decoder's.
            own_token_embeddings: Some("encoder.embed_tokens.weight"),
            embedding_scale: 1.0,
            token_types: None,
            positions: None,
            embedding_norm: None,
            rotary: Vec::new(),
            attention_scale: Some(1.0),
            // All layers use the biases of the first one.
            position_bias: Some(RelativeBias::Learned(PositionBiasTensor {
                name: "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
                buckets: self.buckets,
                expand: expand_buckets,
            })),
            relative_positions: None,
            final_norm: Some(self.norm_tensors("encoder.final_layer_norm".to_owned())),
        }
    }

    fn describe_layer(&self, layer: usize) -> LayerDescription {
        let (hidden, intermediate) = (self.hidden_size, self.intermediate_size);
        let name = |part: &str| format!("encoder.block.{layer}.layer.{part}");
        let norms = |part| BlockNorms::pre(self.norm_tensors(name(part)));
        let linear = |part, outputs| LinearTensors::without_bias(name(part), outputs);
        let width = self.heads().query_width();
        let (gate, up) = if self.is_gated {
            let gate = linear("1.DenseReluDense.wi_0", intermediate);
            (Some(gate), "1.DenseReluDense.wi_1")
        } else {
            (None, "1.DenseReluDense.wi")
        };
        LayerDescription {
            attention_norms: norms("0.layer_norm"),
            qkv: LinearTensors {
                parts: ["q", "k", "v"]
                    .map(|part| format!("0.SelfAttention.{part}"))
                    .map(|part| TensorRows::all(name(&part), width))
                    .into(),
                has_bias: false,
            },
            query_norm: None,
            key_norm: None,
            joint_norms: None,
            positions: None,
            rotary: None,
            mask: AttentionMask::All,
            output: linear("0.SelfAttention.o", hidden),
            feed_forward_norms: norms("1.layer_norm"),
            gate,
            up: linear(up, intermediate),
            activation: self.activation.epilogue(),
            down: linear("1.DenseReluDense.wo", hidden),
        }
    }
}

impl T5Config {
    fn heads(&self) -> Heads {
        Heads {
            queries: self.num_attention_heads,
            keys: self.num_attention_heads,
            size: self.head_size,
        }
    }

    fn norm_tensors(&self, name: String) -> NormTensors {
        NormTensors {
            kind: NormKind::RootMeanSquare,
            name,
            epsilon: self.layer_norm_epsilon,
        }
    }
}
