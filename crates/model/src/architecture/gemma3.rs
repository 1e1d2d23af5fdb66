use super::decoder::{self, DecoderVariant, Style, Windows};
use super::spec::Architecture;

/// The text model of Gemma 3 (<https://arxiv.org/abs/2503.19786>), which EmbeddingGemma
/// (<https://arxiv.org/abs/2509.20354>) runs with bidirectional attention.
pub(super) static GEMMA3: Architecture = Architecture {
    model_type: "gemma3_text",
    class_prefix: "Gemma3Text",
    remote_code: &[],
    tokenizer_class: "GemmaTokenizer",
    pair_head: None,
    read_config: |path| decoder::read_config(path, &VARIANT),
};

static VARIANT: DecoderVariant = DecoderVariant {
    name: "Gemma3Text",
    style: Style::Gemma,
    default_head_dim: Some(256),
    has_qkv_bias: false,
    has_head_norms: true,
    windows: Windows::AllButEvery,
};
