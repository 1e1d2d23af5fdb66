use super::decoder::{self, DecoderVariant, Style, Windows};
use super::spec::Architecture;

/// Llama (<https://arxiv.org/abs/2302.13971>).
pub(super) static LLAMA: Architecture = Architecture {
    model_type: "llama",
    class_prefix: "Llama",
    remote_code: &[],
    tokenizer_class: "",
    pair_head: None,
    read_config: |path| decoder::read_config(path, &VARIANT),
};

static VARIANT: DecoderVariant = DecoderVariant {
    name: "Llama",
    style: Style::Llama,
    default_head_dim: None,
    has_qkv_bias: false,
    has_head_norms: false,
    windows: Windows::Never,
};
