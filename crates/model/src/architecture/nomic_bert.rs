use std::sync::Arc;

use super::spec::{Architecture, TransformerConfig};
use crate::candle::CandleEncoder;
use crate::config::Sizes;
use crate::weights::WeightsFile;
use crate::{Device, Precision, Result};

mod config;
mod model;

use config::NomicBertConfig;

/// NomicBERT (<https://arxiv.org/abs/2402.01613>).
pub(super) static NOMIC_BERT: Architecture = Architecture {
    model_type: "nomic_bert",
    class_prefix: "NomicBert",
    tokenizer_class: "BertTokenizer",
    pair_head: None,
    read_config: |path| Ok(Arc::new(NomicBertConfig::read(path)?)),
};

/// What precedes the tensor names in a checkpoint that was saved with a head.
const PREFIXES: &[&str] = &["bert."];

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

    fn fingerprint_fields(&self) -> String {
        format!(
            "NomicBert heads {} eps {:e} theta {:e}",
            self.num_attention_heads, self.layer_norm_eps, self.rope_theta,
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
            model::NomicBert::load(self, tensors)
        })
    }
}
