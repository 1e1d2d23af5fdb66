use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::architecture::Transformer;
use crate::modules::{InputModule, ModuleChain, PostPoolingModule, Routes};
use crate::pooling::Pooling;
use crate::{Error, Result, Role, regular_file};

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
    /// A table of token embeddings, whose rows are averaged.
    Static(StaticModule),
}

/// A static embedding in its folder, with its tokenizer.
#[derive(Debug)]
pub(crate) struct StaticModule {
    folder: PathBuf,
}

/// A transformer in its folder, with its tokenizer and limits.
#[derive(Debug)]
pub(crate) struct TransformerModule {
    folder: PathBuf,
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

    /// Returns the maximum number of tokens that the model reads of a document, special tokens
    /// included.
    ///
    /// It is `usize::MAX` for a static embedding, whose tokenizer may still have a limit.
    pub fn max_tokens(&self) -> usize {
        match &self.document.input {
            Input::Transformer(module, _) => module.max_tokens,
            Input::Static(_) => usize::MAX,
        }
    }

    /// Returns the modules for texts of a role.
    pub(crate) fn route(&self, role: Role) -> &Route {
        match role {
            Role::Query => &self.query,
            Role::Document => &self.document,
        }
    }

    /// Returns the transformer that scores a query and a document together.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Unsupported`] if the checkpoint has no transformer for documents.
    pub(crate) fn transformer_module(&self) -> Result<&TransformerModule> {
        match &self.document.input {
            Input::Transformer(module, _) => Ok(module),
            Input::Static(_) => Err(Error::Unsupported {
                path: self.dir.join("modules.json"),
                field: "module 0".to_owned(),
                found: "StaticEmbedding".to_owned(),
                expected: "`Transformer` for a cross-encoder".to_owned(),
            }),
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
            InputModule::StaticEmbedding { folder } => {
                Input::Static(StaticModule::open(dir.join(folder))?)
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
        self.folder() == other.folder()
    }

    fn folder(&self) -> &Path {
        match &self.input {
            Input::Transformer(module, _) => &module.folder,
            Input::Static(module) => &module.folder,
        }
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
            folder,
            transformer,
            max_tokens,
        };
        for (path, expected) in [
            (
                module.tokenizer_path(),
                "a tokenizer in the format of the tokenizers library",
            ),
            (module.weights_path(), "weights in the safetensors format"),
        ] {
            regular_file::require(&path, expected)?;
        }
        Ok(module)
    }

    pub(crate) fn config_path(&self) -> PathBuf {
        self.folder.join("config.json")
    }

    pub(crate) fn weights_path(&self) -> PathBuf {
        self.folder.join("model.safetensors")
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

impl StaticModule {
    fn open(folder: PathBuf) -> Result<Self> {
        let module = Self { folder };
        for (path, expected) in [
            (
                module.tokenizer_path(),
                "a tokenizer in the format of the tokenizers library",
            ),
            (
                module.weights_path(),
                "a table of token embeddings in the safetensors format",
            ),
        ] {
            regular_file::require(&path, expected)?;
        }
        Ok(module)
    }

    pub(crate) fn weights_path(&self) -> PathBuf {
        self.folder.join("model.safetensors")
    }

    pub(crate) fn tokenizer_path(&self) -> PathBuf {
        self.folder.join("tokenizer.json")
    }

    /// Reads the file of the tokenizer.
    pub(crate) fn read_tokenizer(&self) -> Result<Vec<u8>> {
        regular_file::read(&self.tokenizer_path(), MAX_TOKENIZER_BYTES)
    }
}

/// The greatest length of `tokenizer.json` in bytes, with room for vocabularies of many languages.
pub(crate) const MAX_TOKENIZER_BYTES: u64 = 128 << 20;
