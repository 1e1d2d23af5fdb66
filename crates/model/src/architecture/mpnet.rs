use super::post_norm::{self, FieldNames, Positions, PostNormVariant, TensorNames};
use super::spec::{Architecture, PairHead};
use crate::activation::Activation;

/// MPNet (<https://arxiv.org/abs/2004.09297>): BERT with a relative position bias.
pub(super) static MPNET: Architecture = Architecture {
    model_type: "mpnet",
    class_prefix: "MPNet",
    remote_code: &[],
    tokenizer_class: "MPNetTokenizer",
    pair_head: Some(PairHead {
        pooler: "classifier.dense",
        activation: Activation::Tanh,
        classifier: "classifier.out_proj",
        has_token_types: false,
    }),
    read_config: |path| post_norm::read_config(path, &VARIANT),
};

static VARIANT: PostNormVariant = PostNormVariant {
    fingerprint_name: "Mpnet",
    tensor_names: TensorNames {
        prefixes: &["mpnet."],
        query: "attention.attn.q",
        key: "attention.attn.k",
        value: "attention.attn.v",
        output: "attention.attn.o",
        attention_norm: "attention.LayerNorm",
        ..TensorNames::BERT
    },
    field_names: FieldNames::Bert,
    has_token_types: false,
    // transformers hard-codes the padding token and the number of buckets, whatever `config.json`
    // says.
    positions: Positions::AfterPadding(1),
    layer_norm_eps: None,
    relative_attention_num_buckets: Some(32),
};
