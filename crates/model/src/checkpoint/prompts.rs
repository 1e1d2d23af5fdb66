use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::config::Json;
use crate::{Error, Result};

pub(super) const SENTENCE_TRANSFORMERS_CONFIG: &str = "config_sentence_transformers.json";

/// The prompts that precede queries and documents.
///
/// The `Debug` form is part of fingerprints and must not change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prompts {
    pub(crate) query: String,
    pub(crate) document: String,
}

/// The greatest length of a prompt. A prompt precedes every text, and what is longer than the model
/// reads would leave no room for the text.
const MAX_PROMPT_BYTES: usize = 32 << 10;

/// The settings in `config_sentence_transformers.json`.
#[derive(Default, Deserialize)]
pub(super) struct SentenceTransformersConfig {
    pub(super) model_type: Option<String>,
    #[serde(default)]
    prompts: BTreeMap<String, String>,
    pub(super) truncate_dim: Option<usize>,
}

impl SentenceTransformersConfig {
    pub(super) fn read(dir: &Path) -> Result<Self> {
        let config = Json::<Self>::read_optional(
            dir.join(SENTENCE_TRANSFORMERS_CONFIG),
            "the settings of sentence-transformers, in JSON",
        )?;
        let Some(json) = config else {
            return Ok(Self::default());
        };
        match json.value.model_type.as_deref() {
            None | Some("SentenceTransformer" | "CrossEncoder") => Ok(json.value),
            Some(found) => {
                let expected = "one of `SentenceTransformer`, `CrossEncoder`";
                Err(json.unsupported("model_type", found, expected))
            }
        }
    }
}

impl Prompts {
    /// Returns the prompts that `encode_query` and `encode_document` of sentence-transformers use.
    ///
    /// `default_prompt_name` is ignored, because it applies only to calls without a role.
    pub(super) fn from_config(dir: &Path, config: &SentenceTransformersConfig) -> Result<Self> {
        let prompt = |name: &str| {
            let prompt = config.prompts.get(name).cloned().unwrap_or_default();
            if prompt.len() > MAX_PROMPT_BYTES {
                return Err(Error::Unsupported {
                    path: dir.join(SENTENCE_TRANSFORMERS_CONFIG),
                    field: format!("length of the prompt `{name}` in bytes"),
                    found: prompt.len().to_string(),
                    expected: format!("at most {MAX_PROMPT_BYTES}"),
                });
            }
            Ok(prompt)
        };
        Ok(Self {
            query: prompt("query")?,
            document: prompt("document")?,
        })
    }
}
