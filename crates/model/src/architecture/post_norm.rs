//! The post-norm transformer of BERT, of which each member of the BERT family is a variant.

use std::path::Path;
use std::sync::Arc;

use cognate_kernels::Cpu;

use super::spec::TransformerConfig;
use crate::backend::Backend;
use crate::candle::CandleEncoder;
use crate::config::Sizes;
use crate::cpu::PostNormEncoder;
use crate::weights::WeightsFile;
use crate::{Device, Precision, Result};

mod config;
mod model;
mod position_bias;
mod variant;

pub(crate) use config::PostNormConfig;
pub(crate) use position_bias::expand_buckets;
pub(crate) use variant::{Positions, PostNormVariant, TOKEN_EMBEDDINGS, TensorNames};

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

    fn load_candle(
        &self,
        weights: WeightsFile,
        device: Device,
        precision: Precision,
    ) -> Result<(CandleEncoder, Vec<u8>)> {
        let weights = weights.with_prefix(self.variant.tensor_names.prefixes, TOKEN_EMBEDDINGS);
        CandleEncoder::load(self.sizes(), weights, device, precision, |tensors| {
            model::PostNorm::load(self, tensors)
        })
    }

    fn cpu_precisions(&self) -> &'static [Precision] {
        &[Precision::F32, Precision::Int8]
    }

    fn load_cpu(
        &self,
        weights: WeightsFile,
        precision: Precision,
    ) -> Result<(Box<dyn Backend>, Vec<u8>)> {
        let int8 = precision == Precision::Int8;
        let (encoder, digest) = PostNormEncoder::load(Cpu::detect(), self, weights, int8)?;
        Ok((Box::new(encoder), digest))
    }
}
