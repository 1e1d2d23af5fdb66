use std::sync::Arc;

use cognate_kernels::{AttentionMask, Epilogue};

use super::spec::{Architecture, TransformerConfig};
use crate::config::Sizes;
use crate::cpu::{
    BlockNorms, Description, Heads, LayerDescription, LinearTensors, NormKind, NormTensors,
    RelativeBias, Table, TensorRows,
};

mod config;
mod slopes;

use config::{JinaBertConfig, Version};
use slopes::slopes;

/// The BERT of Jina embeddings 2 (<https://arxiv.org/abs/2310.19923>), whose `model_type` is the same as in
/// BERT.
pub(super) static JINA_BERT: Architecture = Architecture {
    model_type: "bert",
    class_prefix: "JinaBert",
    remote_code: &[
        "jinaai/jina-bert-implementation",
        "jinaai/jina-bert-v2-qk-post-norm",
    ],
    tokenizer_class: "BertTokenizer",
    pair_head: None,
    read_config: |path| Ok(Arc::new(JinaBertConfig::read(path)?)),
};

/// What precedes the tensor names in a checkpoint that was saved with a head.
const PREFIXES: &[&str] = &["bert."];

impl TransformerConfig for JinaBertConfig {
    fn sizes(&self) -> Sizes {
        Sizes {
            hidden_size: self.hidden_size,
            vocab_size: self.vocab_size,
            max_tokens: self.max_position_embeddings,
            num_hidden_layers: self.num_hidden_layers,
            attention_width: self.hidden_size,
            intermediate_size: self.intermediate_size,
        }
    }

    fn fingerprint_fields(&self) -> String {
        format!(
            "JinaBert {:?} heads {} act {:?} eps {:e}",
            self.version, self.num_attention_heads, self.gate_activation, self.layer_norm_eps,
        )
    }

    fn describe(&self) -> Description {
        let heads = self.num_attention_heads;
        Description {
            prefixes: PREFIXES,
            hidden_size: self.hidden_size,
            intermediate_size: self.intermediate_size,
            heads: Heads {
                queries: heads,
                keys: heads,
                size: self.hidden_size / heads,
            },
            num_layers: self.num_hidden_layers,
            vocab_size: self.vocab_size,
            max_tokens: self.max_position_embeddings,
            token_embeddings: "embeddings.word_embeddings.weight",
            own_token_embeddings: None,
            embedding_scale: 1.0,
            token_types: Some(Table {
                name: "embeddings.token_type_embeddings.weight",
                rows: self.type_vocab_size,
            }),
            positions: None,
            embedding_norm: Some(self.norm_tensors("embeddings.LayerNorm".to_owned())),
            rotary: Vec::new(),
            attention_scale: None,
            position_bias: Some(RelativeBias::Linear(slopes)),
            relative_positions: None,
            final_norm: None,
        }
    }

    fn describe_layer(&self, layer: usize) -> LayerDescription {
        let (hidden, intermediate) = (self.hidden_size, self.intermediate_size);
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        let norm = |part| self.norm_tensors(name(part));
        let names = self.version.names();
        let half = |rows| LinearTensors {
            parts: vec![TensorRows {
                name: name(names.gate_and_up),
                of: 2 * intermediate,
                rows,
            }],
            has_bias: false,
        };
        let (first, second) = (half(0..intermediate), half(intermediate..2 * intermediate));
        let (gate, up) = match self.version {
            Version::Text => (first, second),
            Version::Code => (second, first),
        };
        LayerDescription {
            attention_norms: BlockNorms::post(norm(names.attention_norm)),
            qkv: LinearTensors {
                parts: ["query", "key", "value"]
                    .map(|part| format!("attention.self.{part}"))
                    .map(|part| TensorRows::all(name(&part), hidden))
                    .into(),
                has_bias: true,
            },
            query_norm: None,
            key_norm: None,
            joint_norms: match self.version {
                Version::Text => None,
                Version::Code => {
                    Some(["attention.self.layer_norm_q", "attention.self.layer_norm_k"].map(norm))
                }
            },
            positions: None,
            rotary: None,
            mask: AttentionMask::All,
            output: LinearTensors::with_bias(name("attention.output.dense"), hidden),
            feed_forward_norms: BlockNorms::post(norm(names.output_norm)),
            gate: Some(gate),
            up,
            activation: Epilogue::from(self.gate_activation),
            down: LinearTensors::with_bias(name(names.down), hidden),
        }
    }
}

impl JinaBertConfig {
    fn norm_tensors(&self, name: String) -> NormTensors {
        NormTensors {
            kind: NormKind::Layer,
            name,
            epsilon: self.layer_norm_eps,
        }
    }
}
