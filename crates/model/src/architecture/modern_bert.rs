use std::sync::Arc;

use super::spec::{Architecture, TransformerConfig};
use crate::candle::CandleEncoder;
use crate::config::Sizes;
use crate::weights::WeightsFile;
use crate::{Device, Precision, Result};

mod config;
mod model;

use config::ModernBertConfig;

/// ModernBERT (<https://arxiv.org/abs/2412.13663>).
pub(super) static MODERN_BERT: Architecture = Architecture {
    model_type: "modernbert",
    class_prefix: "ModernBert",
    tokenizer_class: "",
    pair_head: None,
    read_config: |path| Ok(Arc::new(ModernBertConfig::read(path)?)),
};

/// What precedes the tensor names in a checkpoint that was saved with a head.
const PREFIXES: &[&str] = &["model."];

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

    fn load_candle(
        &self,
        weights: WeightsFile,
        device: Device,
        precision: Precision,
    ) -> Result<(CandleEncoder, Vec<u8>)> {
        let weights = weights.with_prefix(PREFIXES, model::TOKEN_EMBEDDINGS);
        CandleEncoder::load(self.sizes(), weights, device, precision, |tensors| {
            model::ModernBert::load(self, tensors)
        })
    }
}
