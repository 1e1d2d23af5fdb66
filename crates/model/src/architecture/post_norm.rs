//! The post-norm transformer of BERT, of which each member of the BERT family is a variant.

use std::path::Path;
use std::sync::Arc;

use cognate_kernels::{AttentionMask, Epilogue};

use super::spec::TransformerConfig;
use crate::Result;
#[cfg(any(test, feature = "candle"))]
use crate::candle::{Model, Tensors};
use crate::config::Sizes;
use crate::cpu::{
    BlockNorms, Description, Heads, LayerDescription, LinearTensors, NormKind, NormTensors,
    PositionBiasTensor, PositionTable, RelativeBias, Table, TensorRows,
};

mod config;
#[cfg(any(test, feature = "candle"))]
mod model;
mod position_bias;
mod variant;

use config::PostNormConfig;
pub(super) use position_bias::expand_buckets;
use variant::TOKEN_EMBEDDINGS;
pub(super) use variant::{FieldNames, Positions, PostNormVariant, TensorNames};

/// Reads `config.json` of a `variant`.
pub(super) fn read_config(
    path: &Path,
    variant: &'static PostNormVariant,
) -> Result<Arc<dyn TransformerConfig>> {
    Ok(Arc::new(PostNormConfig::read(path, variant)?))
}

impl TransformerConfig for PostNormConfig {
    fn sizes(&self) -> Sizes {
        Sizes {
            hidden_size: self.hidden_size,
            vocab_size: self.vocab_size,
            max_tokens: self.max_tokens(),
            num_hidden_layers: self.num_hidden_layers,
            attention_width: self.hidden_size,
            intermediate_size: self.intermediate_size,
        }
    }

    fn fingerprint_fields(&self) -> String {
        format!(
            "{} heads {} act {:?} eps {:e} pad {:?} buckets {:?}",
            self.variant.fingerprint_name,
            self.num_attention_heads,
            self.hidden_act,
            self.layer_norm_eps,
            self.pad_token_id,
            self.variant.relative_attention_num_buckets,
        )
    }

    fn describe(&self) -> Description {
        let names = &self.variant.tensor_names;
        Description {
            prefixes: names.prefixes,
            hidden_size: self.hidden_size,
            intermediate_size: self.intermediate_size,
            heads: Heads {
                queries: self.num_attention_heads,
                keys: self.num_attention_heads,
                size: self.head_size(),
            },
            num_layers: self.num_hidden_layers,
            vocab_size: self.vocab_size,
            max_tokens: self.max_tokens(),
            token_embeddings: TOKEN_EMBEDDINGS,
            own_token_embeddings: None,
            embedding_scale: 1.0,
            token_types: (self.type_vocab_size > 0).then_some(Table {
                name: "embeddings.token_type_embeddings.weight",
                rows: self.type_vocab_size,
            }),
            positions: Some(PositionTable {
                table: Table {
                    name: "embeddings.position_embeddings.weight",
                    rows: self.max_position_embeddings,
                },
                pad_token_id: self.pad_token_id,
            }),
            embedding_norm: Some(self.norm_tensors("embeddings.LayerNorm".to_owned())),
            rotary: Vec::new(),
            attention_scale: None,
            position_bias: self.variant.relative_attention_num_buckets.map(|buckets| {
                RelativeBias::Learned(PositionBiasTensor {
                    name: "encoder.relative_attention_bias.weight",
                    buckets,
                    expand: expand_buckets,
                })
            }),
            relative_positions: None,
            final_norm: None,
        }
    }

    fn describe_layer(&self, layer: usize) -> LayerDescription {
        let names = &self.variant.tensor_names;
        let (hidden, intermediate) = (self.hidden_size, self.intermediate_size);
        let name = |part: &str| format!("{}.{layer}.{part}", names.layers);
        let norms = |part| BlockNorms::post(self.norm_tensors(name(part)));
        LayerDescription {
            attention_norms: norms(names.attention_norm),
            qkv: LinearTensors {
                parts: [names.query, names.key, names.value]
                    .map(|part| TensorRows::all(name(part), hidden))
                    .into(),
                has_bias: true,
            },
            query_norm: None,
            key_norm: None,
            joint_norms: None,
            positions: None,
            rotary: None,
            mask: AttentionMask::All,
            output: LinearTensors::with_bias(name(names.output), hidden),
            feed_forward_norms: norms(names.output_norm),
            gate: None,
            up: LinearTensors::with_bias(name(names.up), intermediate),
            activation: Epilogue::from(self.hidden_act),
            down: LinearTensors::with_bias(name(names.down), hidden),
        }
    }

    #[cfg(any(test, feature = "candle"))]
    fn load_candle(&self, tensors: &Tensors) -> Result<Option<Box<dyn Model>>> {
        Ok(Some(Box::new(model::PostNorm::load(self, tensors)?)))
    }
}

impl PostNormConfig {
    fn norm_tensors(&self, name: String) -> NormTensors {
        NormTensors {
            kind: NormKind::Layer,
            name,
            epsilon: self.layer_norm_eps,
        }
    }
}
