use std::path::Path;

use serde::Deserialize;

mod hidden_act;
mod json;
mod modern_bert;
mod nomic_bert;
mod post_norm;
mod qwen3;
mod rope;
mod tensor_names;

pub(crate) use hidden_act::HiddenAct;
pub(crate) use json::Json;
pub(crate) use modern_bert::{LayerType, ModernBertConfig};
pub(crate) use nomic_bert::NomicBertConfig;
pub(crate) use post_norm::{Family, PostNormConfig};
pub(crate) use qwen3::Qwen3Config;
pub(crate) use tensor_names::{TensorNames, WORDS};

use crate::Result;

/// A transformer, as `config.json` describes it.
#[derive(Clone, Debug)]
pub(crate) enum TransformerConfig {
    PostNorm(PostNormConfig),
    ModernBert(ModernBertConfig),
    NomicBert(NomicBertConfig),
    Qwen3(Qwen3Config),
}

/// What `config.json` says it is.
#[derive(Deserialize)]
struct Identity {
    model_type: Option<String>,
    #[serde(default)]
    architectures: Vec<String>,
}

/// The transformers that run: `model_type`, the start of the class names, the kind.
const KINDS: [(&str, &str, Kind); 9] = [
    ("bert", "Bert", Kind::PostNorm(Family::Bert)),
    ("roberta", "Roberta", Kind::PostNorm(Family::Roberta)),
    ("xlm-roberta", "XLMRoberta", Kind::PostNorm(Family::Roberta)),
    ("camembert", "Camembert", Kind::PostNorm(Family::Roberta)),
    ("mpnet", "MPNet", Kind::PostNorm(Family::Mpnet)),
    (
        "distilbert",
        "DistilBert",
        Kind::PostNorm(Family::DistilBert),
    ),
    ("modernbert", "ModernBert", Kind::ModernBert),
    ("nomic_bert", "NomicBert", Kind::NomicBert),
    ("qwen3", "Qwen3", Kind::Qwen3),
];

#[derive(Clone, Copy)]
enum Kind {
    PostNorm(Family),
    ModernBert,
    NomicBert,
    Qwen3,
}

/// The starts of the class names of the BERT family.
pub(crate) fn post_norm_classes() -> impl Iterator<Item = &'static str> {
    let kinds = KINDS.iter();
    kinds.filter_map(|(_, prefix, kind)| matches!(kind, Kind::PostNorm(_)).then_some(*prefix))
}

impl TransformerConfig {
    /// Reads `config.json` of a transformer and refuses what this release does not run.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        const EXPECTED: &str = "the configuration of a transformer, in JSON";
        let identity: Json<Identity> = Json::read(path.to_owned(), EXPECTED)?;
        let Identity {
            model_type,
            architectures,
        } = &identity.value;
        let class = architectures.first();
        let kind = KINDS.iter().find(|(name, prefix, _)| match model_type {
            Some(model_type) => model_type == name,
            None => class.is_some_and(|class| class.starts_with(prefix)),
        });
        let Some(&(.., kind)) = kind else {
            let found = class.or(model_type.as_ref()).cloned();
            let found = found.unwrap_or_else(|| "(none)".to_owned());
            let names: Vec<_> = KINDS
                .iter()
                .map(|(_, prefix, _)| format!("`{prefix}Model`"))
                .collect();
            let expected = format!("one of {}", names.join(", "));
            return Err(identity.unsupported("architecture", found, expected));
        };
        let path = path.to_owned();
        Ok(match kind {
            Kind::PostNorm(family) => {
                Self::PostNorm(PostNormConfig::of(family, &Json::read(path, EXPECTED)?)?)
            }
            Kind::ModernBert => {
                Self::ModernBert(ModernBertConfig::of(&Json::read(path, EXPECTED)?)?)
            }
            Kind::NomicBert => Self::NomicBert(NomicBertConfig::of(&Json::read(path, EXPECTED)?)?),
            Kind::Qwen3 => Self::Qwen3(Qwen3Config::of(&Json::read(path, EXPECTED)?)?),
        })
    }

    /// The width of a hidden state.
    pub(crate) fn hidden_size(&self) -> usize {
        match self {
            Self::PostNorm(config) => config.hidden_size,
            Self::ModernBert(config) => config.hidden_size,
            Self::NomicBert(config) => config.hidden_size,
            Self::Qwen3(config) => config.hidden_size,
        }
    }

    /// The number of tokens that have a vector.
    pub(crate) fn vocab_size(&self) -> usize {
        match self {
            Self::PostNorm(config) => config.vocab_size,
            Self::ModernBert(config) => config.vocab_size,
            Self::NomicBert(config) => config.vocab_size,
            Self::Qwen3(config) => config.vocab_size,
        }
    }

    /// The most tokens that a text may have.
    pub(crate) fn max_tokens(&self) -> usize {
        match self {
            Self::PostNorm(config) => config.max_tokens(),
            Self::ModernBert(config) => config.max_position_embeddings,
            Self::NomicBert(config) => config.max_position_embeddings,
            Self::Qwen3(config) => config.max_position_embeddings,
        }
    }

    /// What of the configuration the hidden states depend on beside the weights, for the
    /// fingerprint.
    pub(crate) fn facts(&self) -> String {
        match self {
            Self::PostNorm(config) => config.facts(),
            Self::ModernBert(config) => config.facts(),
            Self::NomicBert(config) => config.facts(),
            Self::Qwen3(config) => config.facts(),
        }
    }
}
