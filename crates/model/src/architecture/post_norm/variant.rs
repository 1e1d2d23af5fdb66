/// What distinguishes one member of the BERT family from the others.
#[derive(Debug)]
pub(crate) struct PostNormVariant {
    /// The name in fingerprints, which must not change.
    pub(crate) fingerprint_name: &'static str,
    pub(crate) tensor_names: TensorNames,
    pub(crate) field_names: FieldNames,
    /// Whether the embedding of the token type is added to that of each token.
    pub(crate) has_token_types: bool,
    pub(crate) positions: Positions,
    /// The epsilon of all layer norms, or `None` if `config.json` sets it.
    pub(crate) layer_norm_eps: Option<f32>,
    /// The number of buckets of the relative position bias
    /// (<https://arxiv.org/abs/1910.10683>), or `None` if there is no such bias.
    pub(crate) relative_attention_num_buckets: Option<usize>,
}

/// How `config.json` names the sizes and the activation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FieldNames {
    /// As for BERT: `hidden_size`, `hidden_act` and so on.
    Bert,
    /// As for DistilBERT: `dim`, `activation` and so on.
    DistilBert,
}

/// How the tokens of a text are numbered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Positions {
    /// From 0, one after the other.
    FromZero,
    /// From one more than the id of the padding token, which keeps its own id as its position and
    /// is not counted.
    AfterPadding(u32),
    /// As [`AfterPadding`](Self::AfterPadding), with the `pad_token_id` of `config.json`.
    AfterConfiguredPadding {
        /// The padding token if `config.json` names none.
        default: u32,
    },
}

/// The tensor names of a variant, without their endings `.weight` and `.bias`.
#[derive(Debug)]
pub(crate) struct TensorNames {
    /// What precedes every name in a checkpoint that was saved with a head.
    pub(crate) prefixes: &'static [&'static str],
    pub(crate) layers: &'static str,
    pub(crate) query: &'static str,
    pub(crate) key: &'static str,
    pub(crate) value: &'static str,
    pub(crate) output: &'static str,
    pub(crate) attention_norm: &'static str,
    pub(crate) up: &'static str,
    pub(crate) down: &'static str,
    pub(crate) output_norm: &'static str,
}

impl TensorNames {
    /// The names of BERT, without prefixes: the starting point for other variants.
    pub(crate) const BERT: Self = Self {
        prefixes: &[],
        layers: "encoder.layer",
        query: "attention.self.query",
        key: "attention.self.key",
        value: "attention.self.value",
        output: "attention.output.dense",
        attention_norm: "attention.output.LayerNorm",
        up: "intermediate.dense",
        down: "output.dense",
        output_norm: "output.LayerNorm",
    };
}

/// The tensor of the token embeddings, which all variants name alike.
pub(crate) const TOKEN_EMBEDDINGS: &str = "embeddings.word_embeddings.weight";
