use super::Family;

/// How a family names its tensors; `weight` and `bias` follow.
pub(crate) struct TensorNames {
    /// What a model with a head of its own sets before them.
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
    /// The two layers of the head of a model for pairs, which no prefix precedes.
    pub(crate) pooler: &'static str,
    pub(crate) classifier: &'static str,
}

const BERT: TensorNames = TensorNames {
    prefixes: &["bert."],
    layers: "encoder.layer",
    query: "attention.self.query",
    key: "attention.self.key",
    value: "attention.self.value",
    output: "attention.output.dense",
    attention_norm: "attention.output.LayerNorm",
    up: "intermediate.dense",
    down: "output.dense",
    output_norm: "output.LayerNorm",
    pooler: "bert.pooler.dense",
    classifier: "classifier",
};

const ROBERTA: TensorNames = TensorNames {
    prefixes: &["roberta."],
    pooler: "classifier.dense",
    classifier: "classifier.out_proj",
    ..BERT
};

const MPNET: TensorNames = TensorNames {
    prefixes: &["mpnet."],
    query: "attention.attn.q",
    key: "attention.attn.k",
    value: "attention.attn.v",
    output: "attention.attn.o",
    attention_norm: "attention.LayerNorm",
    pooler: "classifier.dense",
    classifier: "classifier.out_proj",
    ..BERT
};

const DISTILBERT: TensorNames = TensorNames {
    prefixes: &["distilbert."],
    layers: "transformer.layer",
    query: "attention.q_lin",
    key: "attention.k_lin",
    value: "attention.v_lin",
    output: "attention.out_lin",
    attention_norm: "sa_layer_norm",
    up: "ffn.lin1",
    down: "ffn.lin2",
    output_norm: "output_layer_norm",
    pooler: "pre_classifier",
    classifier: "classifier",
};

impl TensorNames {
    pub(crate) fn of(family: Family) -> &'static Self {
        match family {
            Family::Bert => &BERT,
            Family::Roberta => &ROBERTA,
            Family::Mpnet => &MPNET,
            Family::DistilBert => &DISTILBERT,
        }
    }
}

/// The vectors of the tokens.
pub(crate) const WORDS: &str = "embeddings.word_embeddings.weight";
