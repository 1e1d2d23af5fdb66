use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use crate::architecture::Transformer;
use crate::config::Json;
use crate::modules::{InputModule, ModuleChain, PostPoolingModule, Routes};
use crate::pooling::Pooling;
use crate::weights::{self, WeightsFiles};
use crate::{Error, Result, Role, regular_file};

/// A checkpoint in the layout of sentence-transformers: a folder whose configuration has been read
/// and checked.
///
/// Opening a checkpoint reads the configuration only. [`Encoder::load`](crate::Encoder::load), or
/// [`Reranker::load`](crate::Reranker::load) for a cross-encoder, reads the weights and the
/// tokenizer. Files are optional if they are optional for sentence-transformers:
///
/// | file | if it is missing |
/// |---|---|
/// | `config.json`, `tokenizer.json` | an error |
/// | `model.safetensors` | `model.safetensors.index.json` and the files that it names, `pytorch_model.bin`, or `pytorch_model.bin.index.json`; an error without any |
/// | `adapter_config.json`, `adapter_model.safetensors` | the weights as they are |
/// | `modules.json` | the transformer, then mean pooling |
/// | `1_Pooling/config.json` | an error if `modules.json` names it |
/// | `sentence_bert_config.json` | `tokenizer_config.json` and the number of positions limit the tokens |
/// | `config_sentence_transformers.json` | no prompts |
#[derive(Clone, Debug)]
pub struct Checkpoint {
    dir: PathBuf,
    name: String,
    query: Arc<Route>,
    /// The same as `query`, unless the checkpoint has other modules for documents.
    document: Arc<Route>,
    pub(crate) prompts: Prompts,
    pub(crate) truncate_dim: Option<usize>,
    /// Whether the checkpoint declares itself a cross-encoder, which older ones do not.
    pub(crate) is_cross_encoder: bool,
}

/// The modules that texts of a role go through, with their configurations.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) input: Input,
    /// The modules after the pooling, in order.
    pub(crate) post_pooling: Vec<PostPoolingModule>,
}

/// The modules of a route that turn a text into a row.
#[derive(Debug)]
pub(crate) enum Input {
    /// A transformer, and the pooling of its hidden states.
    Transformer(TransformerModule, Pooling),
}

/// A transformer in its folder, with its tokenizer and limits.
#[derive(Debug)]
pub(crate) struct TransformerModule {
    folder: PathBuf,
    /// The folder of `config.json` and of the weights: another one if `folder` has an adapter alone.
    model_folder: PathBuf,
    pub(crate) transformer: Transformer,
    pub(crate) weights: WeightsFiles,
    pub(crate) max_tokens: usize,
    pub(crate) do_lower_case: bool,
}

/// The prompts that precede queries and documents.
///
/// The `Debug` form is part of fingerprints and must not change.
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
    /// A float, because some checkpoints use 1e30 for "no limit".
    model_max_length: Option<f64>,
}

/// The settings in `config_sentence_transformers.json`.
#[derive(Default, Deserialize)]
struct SentenceTransformersConfig {
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
    /// Returns [`Error::MissingFile`], [`Error::Io`] or [`Error::Malformed`] if a required file is
    /// missing, cannot be read or is not JSON; [`Error::NotAFile`] or [`Error::TooLarge`] if it is a
    /// folder, a named pipe or a device, or too large for a configuration; and
    /// [`Error::Unsupported`] if the architecture, an activation, the pooling, a module or a prompt
    /// is not supported.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self> {
        let dir = dir.into();
        // Without `modules.json`, sentence-transformers ignores its other files too.
        let has_modules = dir.join("modules.json").is_file();
        let settings = if has_modules {
            SentenceTransformersConfig::read(&dir)?
        } else {
            SentenceTransformersConfig::default()
        };
        let is_cross_encoder = settings.model_type.as_deref() == Some("CrossEncoder");
        let routes = if is_cross_encoder {
            Routes::read_cross_encoder(&dir)?
        } else {
            Routes::read(&dir)?
        };
        let document = Arc::new(Route::read(&dir, routes.document, has_modules)?);
        let query = match routes.query {
            Some(modules) => Arc::new(Route::read(&dir, modules, has_modules)?),
            None => Arc::clone(&document),
        };
        Ok(Self {
            prompts: Prompts::from_config(&dir, &settings)?,
            truncate_dim: settings.truncate_dim,
            name: dir.display().to_string(),
            dir,
            query,
            document,
            is_cross_encoder,
        })
    }

    /// Sets the name of the checkpoint. Default: the path of its folder.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the path of the folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the maximum number of tokens that the model reads of a text, special tokens included.
    pub fn max_tokens(&self) -> usize {
        match &self.document.input {
            Input::Transformer(module, _) => module.max_tokens,
        }
    }

    /// Returns the modules for texts of a role.
    pub(crate) fn route(&self, role: Role) -> &Route {
        match role {
            Role::Query => &self.query,
            Role::Document => &self.document,
        }
    }

    /// Returns the transformer, which a cross-encoder has.
    pub(crate) fn transformer_module(&self) -> &TransformerModule {
        match &self.document.input {
            Input::Transformer(module, _) => module,
        }
    }

    /// Returns whether queries and documents go through the same modules.
    pub(crate) fn has_one_route(&self) -> bool {
        Arc::ptr_eq(&self.query, &self.document)
    }

    pub(crate) fn sentence_transformers_config_path(&self) -> PathBuf {
        self.dir.join(SENTENCE_TRANSFORMERS_CONFIG)
    }
}

impl Route {
    /// Reads the configurations of the modules of a checkpoint in `dir`.
    fn read(dir: &Path, modules: ModuleChain, has_modules: bool) -> Result<Self> {
        let input = match modules.input {
            InputModule::Transformer { folder, pooling } => {
                let module = TransformerModule::read(dir.join(folder), has_modules)?;
                Input::Transformer(module, pooling)
            }
        };
        Ok(Self {
            input,
            post_pooling: modules.post_pooling,
        })
    }
}

impl Route {
    /// Returns whether the modules that turn a text into hidden states are those of `other`.
    pub(crate) fn shares_input(&self, other: &Self) -> bool {
        let (Input::Transformer(own, _), Input::Transformer(others, _)) =
            (&self.input, &other.input);
        own.folder == others.folder
    }
}

impl TransformerModule {
    /// Reads the configuration in `folder`. Without `modules.json`, the settings of
    /// sentence-transformers are ignored.
    fn read(folder: PathBuf, has_modules: bool) -> Result<Self> {
        let model_folder = weights::model_folder(&folder)?;
        let transformer = Transformer::read(&model_folder.join("config.json"))?;
        let sentence = if has_modules {
            SentenceConfig::read(&folder)?
        } else {
            SentenceConfig::default()
        };
        let max_tokens = match sentence.max_seq_length {
            Some(tokens) => tokens,
            None => default_max_tokens(&folder, &transformer)?,
        };
        let module = Self {
            do_lower_case: sentence.do_lower_case,
            weights: WeightsFiles::find(&folder, "weights in the safetensors format")?,
            folder,
            model_folder,
            transformer,
            max_tokens,
        };
        let expected = "a tokenizer in the format of the tokenizers library";
        regular_file::require(&module.tokenizer_path(), expected)?;
        Ok(module)
    }

    pub(crate) fn config_path(&self) -> PathBuf {
        self.model_folder.join("config.json")
    }

    pub(crate) fn tokenizer_path(&self) -> PathBuf {
        self.folder.join("tokenizer.json")
    }

    /// Reads the file of the tokenizer.
    pub(crate) fn read_tokenizer(&self) -> Result<Vec<u8>> {
        regular_file::read(&self.tokenizer_path(), MAX_TOKENIZER_BYTES)
    }

    pub(crate) fn tokenizer_config_path(&self) -> PathBuf {
        self.folder.join("tokenizer_config.json")
    }
}

/// The greatest length of a prompt. A prompt precedes every text, and what is longer than the model
/// reads would leave no room for the text.
const MAX_PROMPT_BYTES: usize = 32 << 10;

/// The greatest length of `tokenizer.json` in bytes, with room for vocabularies of many languages.
pub(crate) const MAX_TOKENIZER_BYTES: u64 = 128 << 20;

const SENTENCE_TRANSFORMERS_CONFIG: &str = "config_sentence_transformers.json";

/// Returns the smaller of the tokenizer's limit and the model's number of positions, as
/// sentence-transformers does.
fn default_max_tokens(folder: &Path, transformer: &Transformer) -> Result<usize> {
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

impl SentenceTransformersConfig {
    fn read(dir: &Path) -> Result<Self> {
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
    fn from_config(dir: &Path, config: &SentenceTransformersConfig) -> Result<Self> {
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
