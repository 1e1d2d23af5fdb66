use super::decoder::{
    self, DecoderConfig, DecoderVariant, PREFIXES, Style, TOKEN_EMBEDDINGS, Windows,
};
use super::spec::{Architecture, TransformerConfig};
use crate::candle::CandleEncoder;
use crate::weights::WeightsFile;
use crate::{Device, Precision, Result};

mod model;

/// Qwen3 (<https://arxiv.org/abs/2505.09388>).
pub(super) static QWEN3: Architecture = Architecture {
    model_type: "qwen3",
    class_prefix: "Qwen3",
    tokenizer_class: "",
    pair_head: None,
    read_config: |path| decoder::read_config(path, &VARIANT),
};

static VARIANT: DecoderVariant = DecoderVariant {
    name: "Qwen3",
    style: Style::Llama,
    default_head_dim: Some(128),
    has_qkv_bias: false,
    has_head_norms: true,
    windows: Windows::Last,
    load_candle: Some(load_candle),
};

fn load_candle(
    config: &DecoderConfig,
    weights: WeightsFile,
    device: Device,
    precision: Precision,
) -> Result<(CandleEncoder, Vec<u8>)> {
    let weights = weights.with_prefix(PREFIXES, TOKEN_EMBEDDINGS);
    CandleEncoder::load(config.sizes(), weights, device, precision, |tensors| {
        model::Qwen3::load(config, tensors)
    })
}
