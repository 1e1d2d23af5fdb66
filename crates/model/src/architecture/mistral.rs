use super::decoder::{self, DecoderVariant, Style, Windows};
use super::spec::Architecture;

/// Mistral (<https://arxiv.org/abs/2310.06825>).
pub(super) static MISTRAL: Architecture = Architecture {
    model_type: "mistral",
    class_prefix: "Mistral",
    remote_code: &[],
    tokenizer_class: "",
    pair_head: None,
    read_config: |path| decoder::read_config(path, &VARIANT),
};

static VARIANT: DecoderVariant = DecoderVariant {
    name: "Mistral",
    style: Style::Llama,
    default_head_dim: None,
    has_qkv_bias: false,
    has_head_norms: false,
    windows: Windows::All,
};
