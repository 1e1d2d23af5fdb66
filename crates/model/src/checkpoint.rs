use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::architecture::Transformer;
use crate::modules::{InputModule, ModuleChain, PostPoolingModule, Routes};
use crate::pooling::Pooling;
use crate::{Result, Role, regular_file};

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
/// | `config.json`, `model.safetensors` | an error |
/// | `tokenizer.json` | `vocab.txt` is the vocabulary of a tokenizer of BERT, DistilBERT or MPNet |
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
    tokenizer: PathBuf,
    pub(crate) transformer: Transformer,
    pub(crate) max_tokens: usize,
    pub(crate) do_lower_case: bool,
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
        let module = Self {
            do_lower_case: sentence.do_lower_case,
            tokenizer: tokenizer_file(&folder)?,
            folder,
            transformer,
            max_tokens,
        };
        regular_file::require(&module.weights_path(), "weights in the safetensors format")?;
        Ok(module)
    }

    pub(crate) fn config_path(&self) -> PathBuf {
        self.folder.join("config.json")
    }

    pub(crate) fn weights_path(&self) -> PathBuf {
        self.folder.join("model.safetensors")
    }

    /// Returns the path of `tokenizer.json`, or of `vocab.txt` if there is no such file.
    pub(crate) fn tokenizer_path(&self) -> &Path {
        &self.tokenizer
    }

    /// Reads the file of the tokenizer.
    pub(crate) fn read_tokenizer(&self) -> Result<Vec<u8>> {
        regular_file::read(&self.tokenizer, MAX_TOKENIZER_BYTES)
    }

    pub(crate) fn tokenizer_config_path(&self) -> PathBuf {
        self.folder.join("tokenizer_config.json")
    }

    pub(crate) fn special_tokens_map_path(&self) -> PathBuf {
        self.folder.join("special_tokens_map.json")
    }

    pub(crate) fn added_tokens_path(&self) -> PathBuf {
        self.folder.join("added_tokens.json")
    }
}

/// Returns the path of the file with the vocabulary of the tokenizer, which must exist.
fn tokenizer_file(folder: &Path) -> Result<PathBuf> {
    const EXPECTED: &str = "a tokenizer in the format of the tokenizers library, or the vocabulary `vocab.txt` of BERT";
    const CONVERTIBLE: &str = "a tokenizer in the format of the tokenizers library, which Python's transformers makes of \
         the other files with `AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)`";
    const OTHER_FORMATS: [&str; 5] = [
        "sentencepiece.bpe.model",
        "spiece.model",
        "spm.model",
        "tokenizer.model",
        "vocab.json",
    ];
    let exists = |file: &str| std::fs::metadata(folder.join(file)).is_ok();
    let file = if !exists("tokenizer.json") && exists("vocab.txt") {
        "vocab.txt"
    } else {
        "tokenizer.json"
    };
    let is_convertible = OTHER_FORMATS.iter().any(|file| exists(file));
    let expected = if is_convertible {
        CONVERTIBLE
    } else {
        EXPECTED
    };
    let path = folder.join(file);
    regular_file::require(&path, expected)?;
    Ok(path)
}

/// The greatest length of `tokenizer.json` in bytes, with room for vocabularies of many languages.
pub(crate) const MAX_TOKENIZER_BYTES: u64 = 128 << 20;
