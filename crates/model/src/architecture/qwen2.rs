use super::decoder::{self, DecoderVariant, Style, Windows};
use super::spec::Architecture;

/// Qwen2 (<https://arxiv.org/abs/2407.10671>).
pub(super) static QWEN2: Architecture = Architecture {
    model_type: "qwen2",
    class_prefix: "Qwen2",
    remote_code: &[],
    tokenizer_class: "Qwen2Tokenizer",
    pair_head: None,
    read_config: |path| decoder::read_config(path, &VARIANT),
};

static VARIANT: DecoderVariant = DecoderVariant {
    name: "Qwen2",
    style: Style::Llama,
    default_head_dim: None,
    has_qkv_bias: true,
    has_head_norms: false,
    windows: Windows::Last,
};
