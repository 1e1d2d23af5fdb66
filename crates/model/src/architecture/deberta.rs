use std::sync::Arc;

use cognate_kernels::{AttentionMask, Epilogue};

use super::spec::{Architecture, PairHead, TransformerConfig};
use crate::activation::Activation;
use crate::config::Sizes;
use crate::cpu::{
    BlockNorms, Description, Heads, LayerDescription, LinearTensors, NormKind, NormTensors,
    PositionProjections, PositionTable, RelativePositions, Table, TensorRows,
};

mod buckets;
mod config;

use buckets::Buckets;
use config::DebertaConfig;

/// The second and third version of DeBERTa (<https://arxiv.org/abs/2111.09543>).
pub(super) static DEBERTA_V2: Architecture = Architecture {
    model_type: "deberta-v2",
    class_prefix: "DebertaV2",
    remote_code: &[],
    tokenizer_class: "DebertaV2Tokenizer",
    pair_head: Some(PairHead {
        pooler: "pooler.dense",
        activation: Activation::Gelu,
        classifier: "classifier",
        has_token_types: false,
    }),
    read_config: |path| Ok(Arc::new(DebertaConfig::read(path)?)),
};

/// What precedes the tensor names in a checkpoint that was saved with a head.
const PREFIXES: &[&str] = &["deberta."];

impl TransformerConfig for DebertaConfig {
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
        let Buckets { span, logarithmic } = self.buckets;
        format!(
            "DebertaV2 heads {} act {:?} eps {:e} positions {} span {span} logarithmic {logarithmic:?} \
             norm {} c2p {} p2c {} shared {}",
            self.num_attention_heads,
            self.hidden_act,
            self.layer_norm_eps,
            self.has_absolute_positions,
            self.has_position_norm,
            self.has_position_keys,
            self.has_position_queries,
            self.shares_projections,
        )
    }

    fn describe(&self) -> Description {
        let heads = self.num_attention_heads;
        let max_tokens = self.max_position_embeddings;
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
            max_tokens,
            token_embeddings: "embeddings.word_embeddings.weight",
            own_token_embeddings: None,
            embedding_scale: 1.0,
            token_types: None,
            positions: self.has_absolute_positions.then_some(PositionTable {
                table: Table {
                    name: "embeddings.position_embeddings.weight",
                    rows: max_tokens,
                },
                pad_token_id: None,
            }),
            embedding_norm: Some(self.norm_tensors("embeddings.LayerNorm".to_owned())),
            rotary: Vec::new(),
            attention_scale: Some(self.attention_scale()),
            position_bias: None,
            relative_positions: Some(RelativePositions {
                table: Table {
                    name: "encoder.rel_embeddings.weight",
                    rows: self.buckets.rows(),
                },
                norm: self
                    .has_position_norm
                    .then(|| self.norm_tensors("encoder.LayerNorm".to_owned())),
                rows: self.buckets.rows_of_distances(max_tokens),
            }),
            final_norm: None,
        }
    }

    fn describe_layer(&self, layer: usize) -> LayerDescription {
        let (hidden, intermediate) = (self.hidden_size, self.intermediate_size);
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        let norms = |part| BlockNorms::post(self.norm_tensors(name(part)));
        let linear = |part, outputs| LinearTensors::with_bias(name(part), outputs);
        let [key, query] = if self.shares_projections {
            ["attention.self.key_proj", "attention.self.query_proj"]
        } else {
            [
                "attention.self.pos_key_proj",
                "attention.self.pos_query_proj",
            ]
        };
        LayerDescription {
            attention_norms: norms("attention.output.LayerNorm"),
            qkv: LinearTensors {
                parts: ["query_proj", "key_proj", "value_proj"]
                    .map(|part| format!("attention.self.{part}"))
                    .map(|part| TensorRows::all(name(&part), hidden))
                    .into(),
                has_bias: true,
            },
            query_norm: None,
            key_norm: None,
            joint_norms: None,
            positions: Some(PositionProjections {
                key: self.has_position_keys.then(|| linear(key, hidden)),
                query: self.has_position_queries.then(|| linear(query, hidden)),
            }),
            rotary: None,
            mask: AttentionMask::All,
            output: linear("attention.output.dense", hidden),
            feed_forward_norms: norms("output.LayerNorm"),
            gate: None,
            up: linear("intermediate.dense", intermediate),
            activation: Epilogue::from(self.hidden_act),
            down: linear("output.dense", hidden),
        }
    }
}

impl DebertaConfig {
    /// Returns the factor of the scores: one over the square root of the size of a head, times the
    /// number of products that are added.
    #[expect(clippy::cast_precision_loss, reason = "a head is small")]
    fn attention_scale(&self) -> f32 {
        let products = [self.has_position_keys, self.has_position_queries]
            .into_iter()
            .map(usize::from)
            .sum::<usize>();
        let size = self.hidden_size / self.num_attention_heads;
        1.0 / ((size * (1 + products)) as f32).sqrt()
    }

    fn norm_tensors(&self, name: String) -> NormTensors {
        NormTensors {
            kind: NormKind::Layer,
            name,
            epsilon: self.layer_norm_eps,
        }
    }
}
