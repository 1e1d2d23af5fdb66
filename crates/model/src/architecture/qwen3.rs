use std::sync::Arc;

use super::spec::{Architecture, TransformerConfig};
use crate::candle::CandleEncoder;
use crate::config::Sizes;
use crate::weights::WeightsFile;
use crate::{Device, Precision, Result};

mod config;
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

    fn load_candle(
        &self,
        weights: WeightsFile,
        device: Device,
        precision: Precision,
    ) -> Result<(CandleEncoder, Vec<u8>)> {
        let weights = weights.with_prefix(PREFIXES, model::TOKEN_EMBEDDINGS);
        CandleEncoder::load(self.sizes(), weights, device, precision, |tensors| {
            model::Qwen3::load(self, tensors)
        })
    }
}
