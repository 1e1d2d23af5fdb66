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
    RotaryFrequencies, TensorRows,
};

mod config;
#[cfg(any(test, feature = "candle"))]
mod model;

use config::{LayerType, ModernBertConfig};

/// ModernBERT (<https://arxiv.org/abs/2412.13663>).
pub(super) static MODERN_BERT: Architecture = Architecture {
    model_type: "modernbert",
    class_prefix: "ModernBert",
    remote_code: &[],
    tokenizer_class: "",
    pair_head: None,
    read_config: |path| Ok(Arc::new(ModernBertConfig::read(path)?)),
};

/// What precedes the tensor names in a checkpoint that was saved with a head.
const PREFIXES: &[&str] = &["model."];

/// The tensor of the token embeddings.
const TOKEN_EMBEDDINGS: &str = "embeddings.tok_embeddings.weight";

impl TransformerConfig for ModernBertConfig {
    fn sizes(&self) -> Sizes {
        Sizes {
            hidden_size: self.hidden_size,
            vocab_size: self.vocab_size,
            max_tokens: self.max_position_embeddings,
            num_hidden_layers: self.layer_types.len(),
            attention_width: self.hidden_size,
            intermediate_size: self.intermediate_size,
        }
    }

    fn with_positions(&self, positions: usize) -> Option<Arc<dyn TransformerConfig>> {
        (positions <= max_positions(self.head_size())).then(|| {
            let mut extended = self.clone();
            extended.max_position_embeddings = positions;
            Arc::new(extended) as Arc<dyn TransformerConfig>
        })
    }

    fn fingerprint_fields(&self) -> String {
        format!(
            "ModernBert heads {} act {:?} eps {:e} layers {:?} window {} theta {:e} {:e}",
            self.num_attention_heads,
            self.hidden_activation,
            self.norm_eps,
            self.layer_types,
            self.window,
            self.global_rope_theta,
            self.local_rope_theta,
        )
    }

    fn describe(&self) -> Description {
        Description {
            prefixes: PREFIXES,
            hidden_size: self.hidden_size,
            intermediate_size: self.intermediate_size,
            heads: Heads {
                queries: self.num_attention_heads,
                keys: self.num_attention_heads,
                size: self.head_size(),
            },
            num_layers: self.layer_types.len(),
            vocab_size: self.vocab_size,
            max_tokens: self.max_position_embeddings,
            token_embeddings: TOKEN_EMBEDDINGS,
            own_token_embeddings: None,
            embedding_scale: 1.0,
            token_types: None,
            positions: None,
            embedding_norm: Some(self.norm_tensors("embeddings.norm".to_owned())),
            rotary: [self.global_rope_theta, self.local_rope_theta]
                .map(|theta| RotaryFrequencies::of_base(theta, self.head_size()))
                .into(),
            attention_scale: None,
            position_bias: None,
            relative_positions: None,
            final_norm: Some(self.norm_tensors("final_norm".to_owned())),
        }
    }

    fn describe_layer(&self, layer: usize) -> LayerDescription {
        let (hidden, intermediate) = (self.hidden_size, self.intermediate_size);
        let name = |part: &str| format!("layers.{layer}.{part}");
        let norm = |part| self.norm_tensors(name(part));
        let linear = |part, outputs| LinearTensors::without_bias(name(part), outputs);
        // The first half of the tensor is the gate, the second half the projection that it multiplies.
        let half = |start| LinearTensors {
            parts: vec![TensorRows {
                name: name("mlp.Wi"),
                of: 2 * intermediate,
                rows: start..start + intermediate,
            }],
            has_bias: false,
        };
        let (mask, rotary) = match self.layer_types[layer] {
            LayerType::Global => (AttentionMask::All, 0),
            LayerType::Local => (AttentionMask::Window(self.window), 1),
        };
        LayerDescription {
            attention_norms: BlockNorms {
                // The input of the first layer is already normalized.
                input: (layer > 0).then(|| norm("attn_norm")),
                ..BlockNorms::default()
            },
            qkv: linear("attn.Wqkv", 3 * hidden),
            query_norm: None,
            key_norm: None,
            joint_norms: None,
            positions: None,
            rotary: Some(rotary),
            mask,
            output: linear("attn.Wo", hidden),
            feed_forward_norms: BlockNorms::pre(norm("mlp_norm")),
            gate: Some(half(0)),
            up: half(intermediate),
            activation: Epilogue::from(self.hidden_activation),
            down: linear("mlp.Wo", hidden),
        }
    }

    #[cfg(any(test, feature = "candle"))]
    fn load_candle(&self, tensors: &Tensors) -> Result<Option<Box<dyn Model>>> {
        Ok(Some(Box::new(model::ModernBert::load(self, tensors)?)))
    }
}

impl ModernBertConfig {
    fn norm_tensors(&self, name: String) -> NormTensors {
        NormTensors {
            kind: NormKind::LayerWithoutBias,
            name,
            epsilon: self.norm_eps,
        }
    }
}
