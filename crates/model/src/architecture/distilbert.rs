use super::post_norm::{self, FieldNames, Positions, PostNormVariant, TensorNames};
use super::spec::{Architecture, PairHead};
use crate::activation::Activation;

/// DistilBERT (<https://arxiv.org/abs/1910.01108>): BERT without token types, distilled to fewer
/// layers.
pub(super) static DISTILBERT: Architecture = Architecture {
    model_type: "distilbert",
    class_prefix: "DistilBert",
    remote_code: &[],
    tokenizer_class: "DistilBertTokenizer",
    pair_head: Some(PairHead {
        pooler: "pre_classifier",
        activation: Activation::Relu,
        classifier: "classifier",
        has_token_types: false,
    }),
    read_config: |path| post_norm::read_config(path, &VARIANT),
};

static VARIANT: PostNormVariant = PostNormVariant {
    fingerprint_name: "DistilBert",
    tensor_names: TensorNames {
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
    },
    field_names: FieldNames::DistilBert,
    has_token_types: false,
    positions: Positions::FromZero,
    // transformers hard-codes this epsilon.
    layer_norm_eps: Some(1e-12),
    relative_attention_num_buckets: None,
};
