use std::sync::Arc;

use cognate_kernels::{AttentionMask, Epilogue};

use super::spec::{Architecture, TransformerConfig};
#[cfg(any(test, feature = "candle"))]
use crate::Result;
#[cfg(any(test, feature = "candle"))]
use crate::candle::{Model, Tensors};
use crate::config::{Sizes, max_positions};
use crate::cpu::{
    BlockNorms, Description, Heads, LayerDescription, LinearTensors, NormKind, NormTensors,
    RotaryFrequencies, Table,
};

mod config;
#[cfg(any(test, feature = "candle"))]
mod model;

use config::NomicBertConfig;

/// NomicBERT (<https://arxiv.org/abs/2402.01613>).
pub(super) static NOMIC_BERT: Architecture = Architecture {
    model_type: "nomic_bert",
    class_prefix: "NomicBert",
    remote_code: &[
        "nomic-ai/nomic-bert-2048",
        "configuration_hf_nomic_bert",
        "modeling_hf_nomic_bert",
    ],
    tokenizer_class: "BertTokenizer",
    pair_head: None,
    read_config: |path| Ok(Arc::new(NomicBertConfig::read(path)?)),
};

/// What precedes the tensor names in a checkpoint that was saved with a head.
const PREFIXES: &[&str] = &["bert.", "nomic_bert."];

/// The tensor of the token embeddings.
const TOKEN_EMBEDDINGS: &str = "embeddings.word_embeddings.weight";

impl TransformerConfig for NomicBertConfig {
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

    fn with_positions(&self, positions: usize) -> Option<Arc<dyn TransformerConfig>> {
        (positions <= max_positions(self.hidden_size / self.num_attention_heads)).then(|| {
            let mut extended = self.clone();
            extended.max_position_embeddings = positions;
            Arc::new(extended) as Arc<dyn TransformerConfig>
        })
    }

    fn fingerprint_fields(&self) -> String {
        format!(
            "NomicBert heads {} eps {:e} theta {:e}",
            self.num_attention_heads, self.layer_norm_eps, self.rope_theta,
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
            token_embeddings: TOKEN_EMBEDDINGS,
            own_token_embeddings: None,
            embedding_scale: 1.0,
            token_types: (self.type_vocab_size > 0).then_some(Table {
                name: "embeddings.token_type_embeddings.weight",
                rows: self.type_vocab_size,
            }),
            positions: None,
            embedding_norm: Some(self.norm_tensors("emb_ln".to_owned())),
            rotary: vec![RotaryFrequencies::of_base(
                self.rope_theta,
                self.hidden_size / heads,
            )],
            attention_scale: None,
            position_bias: None,
            relative_positions: None,
            final_norm: None,
        }
    }

    fn describe_layer(&self, layer: usize) -> LayerDescription {
        let (hidden, intermediate) = (self.hidden_size, self.intermediate_size);
        let name = |part: &str| format!("encoder.layers.{layer}.{part}");
        let norms = |part| BlockNorms::post(self.norm_tensors(name(part)));
        let linear = |part, outputs| LinearTensors::without_bias(name(part), outputs);
        LayerDescription {
            attention_norms: norms("norm1"),
            qkv: linear("attn.Wqkv", 3 * hidden),
            query_norm: None,
            key_norm: None,
            joint_norms: None,
            positions: None,
            rotary: Some(0),
            mask: AttentionMask::All,
            output: linear("attn.out_proj", hidden),
            feed_forward_norms: norms("norm2"),
            gate: Some(linear("mlp.fc12", intermediate)),
            up: linear("mlp.fc11", intermediate),
            activation: Epilogue::Silu,
            down: linear("mlp.fc2", hidden),
        }
    }

    #[cfg(any(test, feature = "candle"))]
    fn load_candle(&self, tensors: &Tensors) -> Result<Option<Box<dyn Model>>> {
        Ok(Some(Box::new(model::NomicBert::load(self, tensors)?)))
    }
}

impl NomicBertConfig {
    fn norm_tensors(&self, name: String) -> NormTensors {
        NormTensors {
            kind: NormKind::Layer,
            name,
            epsilon: self.layer_norm_eps,
        }
    }
}
