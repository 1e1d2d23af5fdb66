use super::post_norm::{self, FieldNames, Positions, PostNormVariant, TensorNames};
use super::spec::{Architecture, PairHead};
use crate::activation::Activation;

/// BERT (<https://arxiv.org/abs/1810.04805>).
pub(super) static BERT: Architecture = Architecture {
    model_type: "bert",
    class_prefix: "Bert",
    remote_code: &[],
    tokenizer_class: "BertTokenizer",
    pair_head: Some(PairHead {
        pooler: "bert.pooler.dense",
        activation: Activation::Tanh,
        classifier: "classifier",
        has_token_types: true,
    }),
    read_config: |path| post_norm::read_config(path, &VARIANT),
};

static VARIANT: PostNormVariant = PostNormVariant {
    fingerprint_name: "Bert",
    tensor_names: TensorNames {
        prefixes: &["bert."],
        ..TensorNames::BERT
    },
    field_names: FieldNames::Bert,
    has_token_types: true,
    positions: Positions::FromZero,
    layer_norm_eps: None,
    relative_attention_num_buckets: None,
};
