use std::sync::Arc;

use cognate_kernels::{AttentionMask, Epilogue};

use super::spec::{Architecture, PairHead, TransformerConfig};
use crate::activation::Activation;
use crate::config::{Sizes, max_positions};
use crate::cpu::{
    BlockNorms, Description, Heads, LayerDescription, LinearTensors, NormKind, NormTensors, Table,
    TensorRows,
};

mod config;

use config::GteConfig;

/// GTE (<https://arxiv.org/abs/2407.19669>) as its published code names it.
pub(super) static NEW: Architecture = Architecture {
    model_type: "new",
    class_prefix: "New",
    remote_code: REMOTE_CODE,
    tokenizer_class: "",
    pair_head: Some(pair_head("new.pooler.dense")),
    read_config: |path| Ok(Arc::new(GteConfig::read(path, DEFAULT_THETA_OF_NEW)?)),
};

/// GTE as transformers names it.
pub(super) static GTE: Architecture = Architecture {
    model_type: "gte",
    class_prefix: "Gte",
    remote_code: REMOTE_CODE,
    tokenizer_class: "",
    pair_head: Some(pair_head("gte.pooler.dense")),
    read_config: |path| Ok(Arc::new(GteConfig::read(path, DEFAULT_THETA_OF_GTE)?)),
};

/// The published code of both.
const REMOTE_CODE: &[&str] = &[
    "Alibaba-NLP/new-impl",
    "Snowflake/snowflake-arctic-embed-m-v2.0",
    "configuration_hf_alibaba_nlp_gte",
    "modeling_hf_alibaba_nlp_gte",
];

const DEFAULT_THETA_OF_NEW: f32 = 10_000.0;
const DEFAULT_THETA_OF_GTE: f32 = 160_000.0;

/// Returns the head of cross-encoders whose first layer is the tensor `pooler`.
const fn pair_head(pooler: &'static str) -> PairHead {
    PairHead {
        pooler,
        activation: Activation::Tanh,
        classifier: "classifier",
        has_token_types: true,
    }
}

/// What precedes the tensor names in a checkpoint that was saved with a head.
const PREFIXES: &[&str] = &["new.", "gte."];

impl TransformerConfig for GteConfig {
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
            "Gte heads {} act {:?} eps {:e} theta {:e} ntk {:e}",
            self.num_attention_heads,
            self.hidden_act,
            self.layer_norm_eps,
            self.rope_theta,
            self.ntk_factor,
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
            token_types: (self.type_vocab_size > 0).then_some(Table {
                name: "embeddings.token_type_embeddings.weight",
                rows: self.type_vocab_size,
            }),
            positions: None,
            embedding_norm: Some(self.norm_tensors("embeddings.LayerNorm".to_owned())),
            rotary: vec![self.frequencies()],
            attention_scale: None,
            position_bias: None,
            relative_positions: None,
            final_norm: None,
        }
    }

    fn describe_layer(&self, layer: usize) -> LayerDescription {
        let (hidden, intermediate) = (self.hidden_size, self.intermediate_size);
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        let norms = |part| BlockNorms::post(self.norm_tensors(name(part)));
        let half = |rows| LinearTensors {
            parts: vec![TensorRows {
                name: name("mlp.up_gate_proj"),
                of: 2 * intermediate,
                rows,
            }],
            has_bias: false,
        };
        let qkv = if self.has_packed_qkv {
            vec![TensorRows::all(name("attention.qkv_proj"), 3 * hidden)]
        } else {
            ["attention.q_proj", "attention.k_proj", "attention.v_proj"]
                .map(|part| TensorRows::all(name(part), hidden))
                .into()
        };
        LayerDescription {
            attention_norms: norms("attn_ln"),
            qkv: LinearTensors {
                parts: qkv,
                has_bias: true,
            },
            query_norm: None,
            key_norm: None,
            joint_norms: None,
            positions: None,
            rotary: Some(0),
            mask: AttentionMask::All,
            output: LinearTensors::with_bias(name("attention.o_proj"), hidden),
            feed_forward_norms: norms("mlp_ln"),
            gate: Some(half(intermediate..2 * intermediate)),
            up: half(0..intermediate),
            activation: Epilogue::from(self.hidden_act),
            down: LinearTensors::with_bias(name("mlp.down_proj"), hidden),
        }
    }
}

impl GteConfig {
    fn norm_tensors(&self, name: String) -> NormTensors {
        NormTensors {
            kind: NormKind::Layer,
            name,
            epsilon: self.layer_norm_eps,
        }
    }
}
