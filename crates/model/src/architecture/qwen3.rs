use super::decoder::{self, DecoderVariant, Style, Windows};
use super::spec::Architecture;

/// Qwen3 (<https://arxiv.org/abs/2505.09388>).
pub(super) static QWEN3: Architecture = Architecture {
    model_type: "qwen3",
    class_prefix: "Qwen3",
    remote_code: &[],
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
};
