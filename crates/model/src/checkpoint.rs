use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::config::{Json, TransformerConfig};
use crate::modules::Modules;
use crate::{Error, Result};

/// A checkpoint in sentence-transformers layout: the files of a folder, read and checked.
///
/// Opening reads the configuration only; the weights and the tokenizer are read by
/// [`Encoder::load`](crate::Encoder::load), or by [`Reranker::load`](crate::Reranker::load) where
/// it is a cross-encoder. Optional files may be missing where sentence-transformers lets them be:
///
/// | file | without it |
/// |---|---|
/// | `config.json`, `tokenizer.json`, `model.safetensors` | an error |
/// | `modules.json` | the transformer, then mean pooling |
/// | `1_Pooling/config.json` | an error where `modules.json` names it |
/// | `sentence_bert_config.json` | length from `tokenizer_config.json` and the positions |
/// | `config_sentence_transformers.json` | no prompts |
#[derive(Clone, Debug)]
pub struct Checkpoint {
    dir: PathBuf,
    name: String,
    pub(crate) transformer: TransformerConfig,
    pub(crate) modules: Modules,
    pub(crate) prompts: Prompts,
    pub(crate) max_tokens: usize,
    pub(crate) do_lower_case: bool,
    pub(crate) truncate_dim: Option<usize>,
    /// Whether it says of itself that it scores pairs; older cross-encoders do not.
    pub(crate) is_cross_encoder: bool,
}

/// The texts set before queries and documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prompts {
    pub(crate) query: String,
    pub(crate) document: String,
}

#[derive(Default, Deserialize)]
struct SentenceConfig {
    max_seq_length: Option<usize>,
    #[serde(default)]
    do_lower_case: bool,
}

#[derive(Deserialize)]
struct TokenizerConfig {
    /// A float, because some checkpoints hold 1e30 for "no limit".
    model_max_length: Option<f64>,
}

/// What `config_sentence_transformers.json` says of the whole.
#[derive(Default, Deserialize)]
struct WholeConfig {
    model_type: Option<String>,
    #[serde(default)]
    prompts: BTreeMap<String, String>,
    truncate_dim: Option<usize>,
}

impl Checkpoint {
    /// Opens the checkpoint in `dir`.
    ///
    /// # Errors
    ///
    /// A file that must be there and is not, cannot be read or is not JSON; or an architecture,
    /// activation, pooling or module that is not supported, with its file, field and value.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self> {
        let dir = dir.into();
        // Without the list of modules, sentence-transformers reads none of its other files.
        let has_modules = dir.join("modules.json").is_file();
        let whole = if has_modules {
            WholeConfig::read(&dir)?
        } else {
            WholeConfig::default()
        };
        let is_cross_encoder = whole.model_type.as_deref() == Some("CrossEncoder");
        let modules = if is_cross_encoder {
            Modules::read_cross_encoder(&dir)?
        } else {
            Modules::read(&dir)?
        };
        let folder = dir.join(&modules.transformer);
        let transformer = TransformerConfig::read(&folder.join("config.json"))?;
        let sentence = if has_modules {
            SentenceConfig::read(&folder)?
        } else {
            SentenceConfig::default()
        };
        let max_tokens = match sentence.max_seq_length {
            Some(tokens) => tokens,
            None => default_max_tokens(&folder, &transformer)?,
        };
        let checkpoint = Self {
            prompts: Prompts::of(&whole),
            truncate_dim: whole.truncate_dim,
            do_lower_case: sentence.do_lower_case,
            name: dir.display().to_string(),
            dir,
            transformer,
            modules,
            max_tokens,
            is_cross_encoder,
        };
        for (path, expected) in [
            (
                checkpoint.tokenizer_path(),
                "a tokenizer in the format of the tokenizers library",
            ),
            (
                checkpoint.weights_path(),
                "weights in the safetensors format",
            ),
        ] {
            if !path.is_file() {
                return Err(Error::MissingFile { path, expected });
            }
        }
        Ok(checkpoint)
    }

    /// Gives the checkpoint the name by which it is known; before that it is called by its folder.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Tokens of a text that the model reads, special tokens included.
    pub fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    pub(crate) fn config_path(&self) -> PathBuf {
        self.transformer_file("config.json")
    }

    pub(crate) fn whole_config_path(&self) -> PathBuf {
        self.dir.join(WHOLE_CONFIG)
    }

    pub(crate) fn weights_path(&self) -> PathBuf {
        self.transformer_file("model.safetensors")
    }

    pub(crate) fn tokenizer_path(&self) -> PathBuf {
        self.transformer_file("tokenizer.json")
    }

    pub(crate) fn tokenizer_config_path(&self) -> PathBuf {
        self.transformer_file("tokenizer_config.json")
    }

    fn transformer_file(&self, name: &str) -> PathBuf {
        self.dir.join(&self.modules.transformer).join(name)
    }
}

const WHOLE_CONFIG: &str = "config_sentence_transformers.json";

/// The smaller of the tokenizer's limit and the model's positions, as sentence-transformers has it.
fn default_max_tokens(folder: &Path, transformer: &TransformerConfig) -> Result<usize> {
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
    Ok(limit.min(transformer.max_tokens()))
}

/// The names under which the settings of a transformer module are looked for, in this order.
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
    fn read(folder: &Path) -> Result<Self> {
        const EXPECTED: &str = "the settings of a transformer module, in JSON";
        for name in SENTENCE_CONFIGS {
            if let Some(json) = Json::<Self>::read_optional(folder.join(name), EXPECTED)? {
                return Ok(json.value);
            }
        }
        Ok(Self::default())
    }
}

impl WholeConfig {
    fn read(dir: &Path) -> Result<Self> {
        let config = Json::<Self>::read_optional(
            dir.join(WHOLE_CONFIG),
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
    /// `encode_query` and `encode_document` of sentence-transformers look up these two names;
    /// its `default_prompt_name` is for calls that name neither.
    fn of(config: &WholeConfig) -> Self {
        let prompt = |name| config.prompts.get(name).cloned().unwrap_or_default();
        Self {
            query: prompt("query"),
            document: prompt("document"),
        }
    }
}
