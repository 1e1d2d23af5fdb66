use std::path::Path;

use serde::Deserialize;

use crate::Result;
use crate::architecture::Transformer;
use crate::config::Json;

/// The settings of a transformer module.
#[derive(Default, Deserialize)]
pub(super) struct SentenceConfig {
    pub(super) max_seq_length: Option<usize>,
    #[serde(default)]
    pub(super) do_lower_case: bool,
}

/// The file names that the settings of a transformer module may have, in the order in which they
/// are tried.
const SENTENCE_CONFIGS: [&str; 7] = [
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_camembert_config.json",
    "sentence_albert_config.json",
    "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",
];

impl SentenceConfig {
    pub(super) fn read(folder: &Path) -> Result<Self> {
        const EXPECTED: &str = "the settings of a transformer module, in JSON";
        for name in SENTENCE_CONFIGS {
            if let Some(json) = Json::<Self>::read_optional(folder.join(name), EXPECTED)? {
                return Ok(json.value);
            }
        }
        Ok(Self::default())
    }
}

#[derive(Deserialize)]
struct TokenizerConfig {
    /// A float, because some checkpoints use 1e30 for "no limit".
    model_max_length: Option<f64>,
}

/// Returns the smaller of the tokenizer's limit and the model's number of positions, as
/// sentence-transformers does.
pub(super) fn default_max_tokens(folder: &Path, transformer: &Transformer) -> Result<usize> {
    let config = Json::<TokenizerConfig>::read_optional(
        folder.join("tokenizer_config.json"),
        "the settings of a tokenizer, in JSON",
    )?;
    let limit = config
        .and_then(|json| json.value.model_max_length)
        .unwrap_or(f64::INFINITY);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float cast saturates, and the minimum bounds it"
    )]
    let limit = limit as usize;
    Ok(limit.min(transformer.config.sizes().max_tokens))
}
