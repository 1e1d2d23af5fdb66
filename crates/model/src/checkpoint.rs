use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::architecture::Transformer;
use crate::modules::{InputModule, ModuleChain, PostPoolingModule, Routes};
use crate::pooling::Pooling;
use crate::weights::{self, WeightsFiles};
use crate::{Error, Result, Role, regular_file, static_embedding};

mod average;
mod keyword_arguments;
mod prompts;
mod sentence_config;
mod token_limits;
mod tokenizer_config;

pub(crate) use prompts::Prompts;
use prompts::{SENTENCE_TRANSFORMERS_CONFIG, SentenceTransformersConfig};
use sentence_config::SentenceConfig;
pub(crate) use token_limits::{TokenLimit, TokenLimits};

/// A checkpoint in the layout of sentence-transformers: a folder whose configuration has been read
/// and checked.
///
/// Opening a checkpoint reads the configuration only. [`Encoder::load`](crate::Encoder::load), or
/// [`Reranker::load`](crate::Reranker::load) for a cross-encoder, reads the weights and the
/// tokenizer. Files are optional if they are optional for sentence-transformers:
///
/// | file | if it is missing |
/// |---|---|
/// | `config.json` | an error |
/// | `tokenizer.json` | `vocab.txt` is the vocabulary of a tokenizer of BERT, DistilBERT or MPNet |
/// | `model.safetensors` | `model.safetensors.index.json` and the files that it names, `pytorch_model.bin`, or `pytorch_model.bin.index.json`; an error without any |
/// | `adapter_config.json`, `adapter_model.safetensors` | the weights as they are |
/// | `modules.json` | the transformer, then mean pooling |
/// | `1_Pooling/config.json` | an error if `modules.json` names it |
/// | `sentence_bert_config.json` | `tokenizer_config.json` and the number of positions limit the tokens |
/// | `config_sentence_transformers.json` | no prompts |
///
/// All settings in these files that change an embedding are followed, or refused by name. Without
/// `modules.json`, a language model (`Qwen3ForCausalLM`) gives the hidden state of its last token
/// instead of the mean, as in sentence-transformers.
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
    notes: Vec<String>,
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
    Transformer(Box<TransformerModule>, Pooling),
    /// A table of token embeddings, whose rows are averaged.
    Static(StaticModule),
}

/// A static embedding in its folder, with its tokenizer.
#[derive(Debug)]
pub(crate) struct StaticModule {
    folder: PathBuf,
    /// The file of the table.
    weights: PathBuf,
    /// What a user should know of its number format.
    notes: Vec<String>,
}

/// A transformer in its folder, with its tokenizer and limits.
#[derive(Clone, Debug)]
pub(crate) struct TransformerModule {
    folder: PathBuf,
    /// The folder of `config.json` and of the weights: another one if `folder` has an adapter alone.
    model_folder: PathBuf,
    tokenizer: PathBuf,
    pub(crate) transformer: Transformer,
    pub(crate) weights: WeightsFiles,
    pub(crate) limits: TokenLimits,
    pub(crate) do_lower_case: bool,
    /// What a user should know of settings that are followed in part.
    notes: Vec<String>,
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
        let use_of_folder = Use {
            has_modules,
            is_cross_encoder,
        };
        let document = Arc::new(Route::read(&dir, routes.document, use_of_folder)?);
        let query = match routes.query {
            Some(modules) => Arc::new(Route::read(&dir, modules, use_of_folder)?),
            None => Arc::clone(&document),
        };
        let mut notes = document.notes().to_vec();
        let of_queries = query.notes().iter();
        notes.extend(
            of_queries
                .filter(|note| !document.notes().contains(note))
                .cloned(),
        );
        Ok(Self {
            notes,
            prompts: Prompts::from_config(&dir, &settings)?,
            truncate_dim: settings.truncate_dim,
            name: dir.display().to_string(),
            dir,
            query,
            document,
            is_cross_encoder,
        })
    }

    /// Returns whether the checkpoint has a class that scores sequences, and no list of modules.
    pub(crate) fn is_bare_classifier(&self) -> bool {
        let is_classifier = match &self.document.input {
            Input::Transformer(module, _) => module.transformer.is_classifier,
            Input::Static(_) => false,
        };
        is_classifier && !self.dir.join("modules.json").is_file()
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
            Input::Transformer(module, _) => module.limits.document.tokens,
            Input::Static(_) => usize::MAX,
        }
    }

    /// Returns what a user should know about the checkpoint: settings that are followed in part, and
    /// the number format in which sentence-transformers would run it. One sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
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
    fn read(dir: &Path, modules: ModuleChain, use_of_folder: Use) -> Result<Self> {
        let input = match modules.input {
            InputModule::Transformer { folder, pooling } => {
                let module = TransformerModule::read(dir.join(folder), use_of_folder)?;
                let pooling = if !use_of_folder.has_modules && module.transformer.is_causal_lm {
                    Pooling::last_token()
                } else {
                    pooling
                };
                Input::Transformer(Box::new(module), pooling)
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
    /// Returns whether the same modules turn a text into hidden states as in `other`.
    pub(crate) fn shares_input(&self, other: &Self) -> bool {
        self.folder() == other.folder()
    }

    fn folder(&self) -> &Path {
        match &self.input {
            Input::Transformer(module, _) => &module.folder,
            Input::Static(module) => &module.folder,
        }
    }

    fn notes(&self) -> &[String] {
        match &self.input {
            Input::Transformer(module, _) => &module.notes,
            Input::Static(module) => &module.notes,
        }
    }
}

/// How sentence-transformers uses a folder with a transformer.
#[derive(Clone, Copy, Debug)]
struct Use {
    /// Whether `modules.json` lists the modules; without it, other settings of sentence-transformers
    /// are ignored, and the modules are chosen by the class of the transformer.
    has_modules: bool,
    is_cross_encoder: bool,
}

impl TransformerModule {
    /// Reads the configuration in `folder`.
    fn read(folder: PathBuf, use_of_folder: Use) -> Result<Self> {
        let Use {
            has_modules,
            is_cross_encoder,
        } = use_of_folder;
        let model_folder = weights::model_folder(&folder)?;
        let mut transformer = Transformer::read(&model_folder.join("config.json"))?;
        let sentence = if has_modules {
            SentenceConfig::read(&folder, is_cross_encoder)?
        } else {
            SentenceConfig::default()
        };
        let default = tokenizer_config::default_limit(&folder, &transformer, has_modules)?;
        let mut limits = sentence.limits(default);
        let mut notes = Vec::new();
        transformer.extend_positions(limits.longest());
        limits.lower_to(transformer.config.sizes().max_tokens, &mut notes);
        notes.extend(sentence.note_on_dtype(transformer.dtype.as_ref(), &model_folder));
        let weights = WeightsFiles::find(&folder, "weights in the safetensors format")?;
        notes.extend(weights.notes());
        let module = Self {
            do_lower_case: sentence.do_lower_case,
            weights,
            tokenizer: tokenizer_file(&folder)?,
            folder,
            model_folder,
            transformer,
            limits,
            notes,
        };
        Ok(module)
    }

    pub(crate) fn config_path(&self) -> PathBuf {
        self.model_folder.join("config.json")
    }

    /// Returns the path of `tokenizer.json`, or of `vocab.txt` where `tokenizer.json` is missing.
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

impl StaticModule {
    fn open(folder: PathBuf) -> Result<Self> {
        let expected = "a table of token embeddings in the safetensors format";
        let weights = weights::module_file(&folder, expected)?;
        let module = Self {
            notes: static_embedding::note_on_format(&weights)
                .into_iter()
                .collect(),
            folder,
            weights,
        };
        let expected = "a tokenizer in the format of the tokenizers library";
        regular_file::require(&module.tokenizer_path(), expected)?;
        Ok(module)
    }

    pub(crate) fn weights_path(&self) -> PathBuf {
        self.weights.clone()
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
