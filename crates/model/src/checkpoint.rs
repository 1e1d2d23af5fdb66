use std::path::{Path, PathBuf};

use crate::architecture::Transformer;
use crate::modules::Modules;
use crate::{Result, regular_file};

mod prompts;
mod sentence_config;

pub(crate) use prompts::Prompts;
use prompts::{SENTENCE_TRANSFORMERS_CONFIG, SentenceTransformersConfig};
use sentence_config::{SentenceConfig, default_max_tokens};

/// A checkpoint in the layout of sentence-transformers: a folder whose configuration has been read
/// and checked.
///
/// Opening a checkpoint reads the configuration only. [`Encoder::load`](crate::Encoder::load), or
/// [`Reranker::load`](crate::Reranker::load) for a cross-encoder, reads the weights and the
/// tokenizer. Files are optional if they are optional for sentence-transformers:
///
/// | file | if it is missing |
/// |---|---|
/// | `config.json`, `tokenizer.json`, `model.safetensors` | an error |
/// | `modules.json` | the transformer, then mean pooling |
/// | `1_Pooling/config.json` | an error if `modules.json` names it |
/// | `sentence_bert_config.json` | `tokenizer_config.json` and the number of positions limit the tokens |
/// | `config_sentence_transformers.json` | no prompts |
#[derive(Clone, Debug)]
pub struct Checkpoint {
    dir: PathBuf,
    name: String,
    pub(crate) transformer: Transformer,
    pub(crate) modules: Modules,
    pub(crate) prompts: Prompts,
    pub(crate) max_tokens: usize,
    pub(crate) do_lower_case: bool,
    pub(crate) truncate_dim: Option<usize>,
    /// Whether the checkpoint declares itself a cross-encoder, which older ones do not.
    pub(crate) is_cross_encoder: bool,
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
        let modules = if is_cross_encoder {
            Modules::read_cross_encoder(&dir)?
        } else {
            Modules::read(&dir)?
        };
        let folder = dir.join(&modules.transformer);
        let transformer = Transformer::read(&folder.join("config.json"))?;
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
            prompts: Prompts::from_config(&dir, &settings)?,
            truncate_dim: settings.truncate_dim,
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
            regular_file::require(&path, expected)?;
        }
        Ok(checkpoint)
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
        self.max_tokens
    }

    pub(crate) fn config_path(&self) -> PathBuf {
        self.transformer_file("config.json")
    }

    pub(crate) fn sentence_transformers_config_path(&self) -> PathBuf {
        self.dir.join(SENTENCE_TRANSFORMERS_CONFIG)
    }

    pub(crate) fn weights_path(&self) -> PathBuf {
        self.transformer_file("model.safetensors")
    }

    pub(crate) fn tokenizer_path(&self) -> PathBuf {
        self.transformer_file("tokenizer.json")
    }

    /// Reads the file of the tokenizer.
    pub(crate) fn read_tokenizer(&self) -> Result<Vec<u8>> {
        regular_file::read(&self.tokenizer_path(), MAX_TOKENIZER_BYTES)
    }

    pub(crate) fn tokenizer_config_path(&self) -> PathBuf {
        self.transformer_file("tokenizer_config.json")
    }

    fn transformer_file(&self, name: &str) -> PathBuf {
        self.dir.join(&self.modules.transformer).join(name)
    }
}

/// The greatest length of `tokenizer.json` in bytes, with room for vocabularies of many languages.
pub(crate) const MAX_TOKENIZER_BYTES: u64 = 128 << 20;
