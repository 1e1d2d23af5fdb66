/// What distinguishes one decoder of the family of Llama from the others.
#[derive(Debug)]
pub(crate) struct DecoderVariant {
    /// The name in fingerprints and error messages, which must not change.
    pub(crate) name: &'static str,
    pub(crate) style: Style,
    /// The size of a head if `config.json` has none, or `None` if the heads divide the
    /// hidden state among them.
    pub(crate) default_head_dim: Option<usize>,
    /// Whether the projections to queries, keys and values have biases.
    pub(crate) has_qkv_bias: bool,
    /// Whether the queries and keys of each head are normalized.
    pub(crate) has_head_norms: bool,
    pub(crate) windows: Windows,
}

/// How a layer computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// As Llama (<https://arxiv.org/abs/2302.13971>): RMS norms of the input of each block, and a
    /// gate with SiLU.
    Llama,
    /// As Gemma 3 (<https://arxiv.org/abs/2503.19786>): RMS norms around one of the input and of the
    /// result of each block, a gate with GELU, token embeddings times the square root of the hidden
    /// size, and a rotation base for each kind of attention.
    Gemma,
}

/// Which layers attend within a sliding window, unless `layer_types` of `config.json` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Windows {
    /// No layer; `config.json` has no window.
    Never,
    /// All layers if there is a window, as in Mistral.
    All,
    /// The layers from `max_window_layers` on if `use_sliding_window` says so, as in Qwen2.
    Last,
    /// All layers but every n-th one, as in Gemma 3.
    AllButEvery,
}
