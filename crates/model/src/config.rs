use std::path::Path;

use serde::Deserialize;

mod hidden_act;
mod json;
mod post_norm;
mod tensor_names;

pub(crate) use hidden_act::HiddenAct;
pub(crate) use json::Json;
pub(crate) use post_norm::{Family, PostNormConfig};
pub(crate) use tensor_names::{TensorNames, WORDS};

use crate::Result;

/// A transformer, as `config.json` describes it.
#[derive(Clone, Debug)]
pub(crate) enum TransformerConfig {
    PostNorm(PostNormConfig),
}

/// What `config.json` says it is.
#[derive(Deserialize)]
struct Identity {
    model_type: Option<String>,
    #[serde(default)]
    architectures: Vec<String>,
}

/// The transformers that run: `model_type`, the start of the class names, the kind.
const KINDS: [(&str, &str, Kind); 6] = [
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
];

#[derive(Clone, Copy)]
enum Kind {
    PostNorm(Family),
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
        match kind {
            Kind::PostNorm(family) => {
                let json = Json::read(path.to_owned(), EXPECTED)?;
                PostNormConfig::of(family, &json).map(Self::PostNorm)
            }
        }
    }

    /// The width of a hidden state.
    pub(crate) fn hidden_size(&self) -> usize {
        match self {
            Self::PostNorm(config) => config.hidden_size,
        }
    }

    /// The most tokens that a text may have.
    pub(crate) fn max_tokens(&self) -> usize {
        match self {
            Self::PostNorm(config) => config.max_tokens(),
        }
    }

    /// What of the configuration the hidden states depend on beside the weights, for the
    /// fingerprint.
    pub(crate) fn facts(&self) -> String {
        match self {
            Self::PostNorm(config) => config.facts(),
        }
    }
}
