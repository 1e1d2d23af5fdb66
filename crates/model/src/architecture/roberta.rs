use std::path::Path;
use std::sync::Arc;

use super::post_norm::{self, FieldNames, Positions, PostNormVariant, TensorNames};
use super::spec::{Architecture, PairHead, TransformerConfig};
use crate::Result;
use crate::activation::Activation;

/// RoBERTa (<https://arxiv.org/abs/1907.11692>).
pub(super) static ROBERTA: Architecture = Architecture {
    model_type: "roberta",
    class_prefix: "Roberta",
    remote_code: &[],
    tokenizer_class: "RobertaTokenizer",
    pair_head: Some(PAIR_HEAD),
    read_config,
};

/// XLM-RoBERTa (<https://arxiv.org/abs/1911.02116>): RoBERTa with a vocabulary for 100 languages.
pub(super) static XLM_ROBERTA: Architecture = Architecture {
    model_type: "xlm-roberta",
    class_prefix: "XLMRoberta",
    ..ROBERTA
};

/// CamemBERT (<https://arxiv.org/abs/1911.03894>): RoBERTa for French.
pub(super) static CAMEMBERT: Architecture = Architecture {
    model_type: "camembert",
    class_prefix: "Camembert",
    ..ROBERTA
};

const PAIR_HEAD: PairHead = PairHead {
    pooler: "classifier.dense",
    activation: Activation::Tanh,
    classifier: "classifier.out_proj",
    has_token_types: false,
};

static VARIANT: PostNormVariant = PostNormVariant {
    fingerprint_name: "Roberta",
    tensor_names: TensorNames {
        prefixes: &["roberta."],
        ..TensorNames::BERT
    },
    field_names: FieldNames::Bert,
    has_token_types: true,
    positions: Positions::AfterConfiguredPadding { default: 1 },
    layer_norm_eps: None,
    relative_attention_num_buckets: None,
};

fn read_config(path: &Path) -> Result<Arc<dyn TransformerConfig>> {
    post_norm::read_config(path, &VARIANT)
}
