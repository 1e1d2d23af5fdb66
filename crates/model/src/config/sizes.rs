/// The sizes that every transformer has, whatever its architecture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// The width of a hidden state.
    pub(crate) hidden_size: usize,
    /// The number of token ids that have an embedding.
    pub(crate) vocab_size: usize,
    /// The maximum number of tokens in a text.
    pub(crate) max_tokens: usize,
    /// The number of layers.
    pub(crate) num_hidden_layers: usize,
    /// The width of the queries of all heads together.
    pub(crate) attention_width: usize,
    /// The width of the feed-forward layers.
    pub(crate) intermediate_size: usize,
}
