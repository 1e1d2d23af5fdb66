use std::path::Path;
use std::sync::Arc;

use super::route::{Input, Model, PostPooling, Route};
use super::{Encoder, TokensByRole};
use crate::checkpoint::{self, StaticModule, TokenLimit, TokenLimits, TransformerModule};
use crate::dense::Dense;
use crate::fingerprint::Fingerprint;
use crate::layer_norm::LayerNorm;
use crate::modules::PostPoolingModule;
use crate::pooling::Pooling;
use crate::static_embedding::StaticEmbedding;
use crate::tokenize::{FastWordPiece, Settings, TextTokenizer};
use crate::workers::Workers;
use crate::{Checkpoint, EncoderOptions, Error, Result, Role, regular_file};

impl Encoder {
    /// Loads the weights and the tokenizer of `checkpoint`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Unsupported`] for a cross-encoder, which
    /// [`Reranker`](crate::Reranker) loads; [`Error::InvalidOption`] if an option does not fit the
    /// checkpoint; [`Error::Device`] if the device cannot be used; and [`Error::Io`],
    /// [`Error::Malformed`], [`Error::Weights`] or [`Error::Tensor`] if the tokenizer or the
    /// weights cannot be read or do not match the configuration.
    pub fn load(checkpoint: &Checkpoint, options: EncoderOptions) -> Result<Self> {
        if checkpoint.is_cross_encoder {
            return Err(Error::Unsupported {
                path: checkpoint.sentence_transformers_config_path(),
                field: "model_type".to_owned(),
                found: "CrossEncoder".to_owned(),
                expected: "`SentenceTransformer` for embeddings".to_owned(),
            });
        }
        let workers = options.workers()?;
        let loader = Loader {
            checkpoint,
            options: &options,
            workers: &workers,
        };
        let input = loader.load_input(checkpoint.route(Role::Document))?;
        let (document, mut fingerprint) = loader.load_route(Role::Document, &input)?;
        let document = Arc::new(document);
        let query = if checkpoint.has_one_route() {
            Arc::clone(&document)
        } else {
            let modules = checkpoint.route(Role::Query);
            let other = if modules.shares_input(checkpoint.route(Role::Document)) {
                input
            } else {
                loader.load_input(modules)?
            };
            let (query, query_fingerprint) = loader.load_route(Role::Query, &other)?;
            fingerprint = Fingerprint::of_routes(&query_fingerprint, &fingerprint);
            Arc::new(query)
        };
        if query.dim != document.dim {
            return Err(Error::Unsupported {
                path: checkpoint.dir().join("modules.json"),
                field: "dimensions of queries and documents".to_owned(),
                found: format!("{} and {}", query.dim, document.dim),
                expected: "the same number".to_owned(),
            });
        }
        let dim = loader.truncate_dim().unwrap_or(document.dim);

        tracing::debug!(
            model = checkpoint.name(),
            dim,
            max_tokens = document.limits.document.tokens,
            threads = workers.threads(),
            "encoder loaded"
        );
        let prompts = checkpoint.prompts.clone();
        let prompt_tokens = TokensByRole {
            query: query.input.tokenizer.prompt_tokens(&prompts.query)?,
            document: document.input.tokenizer.prompt_tokens(&prompts.document)?,
        };
        let max_tokens = TokensByRole {
            query: query.limits.query.tokens,
            document: document.limits.document.tokens,
        };
        for (role, route) in [(Role::Query, &query), (Role::Document, &document)] {
            let (found, limit) = (prompt_tokens.of(role), max_tokens.of(role));
            if route.pooling.leaves_nothing(found, limit) {
                return Err(Error::Unsupported {
                    path: checkpoint.sentence_transformers_config_path(),
                    field: format!("prompts.{role}"),
                    found: format!("a prompt of {found} tokens"),
                    expected: format!(
                        "fewer than the {limit} that are read of a {role}, because the pooling leaves \
                         out the prompt (`include_prompt` is false)"
                    ),
                });
            }
        }
        Ok(Self {
            model: checkpoint.name().to_owned(),
            precision: options.precision,
            query,
            document,
            notes: checkpoint.notes().to_vec(),
            prompts,
            prompt_tokens,
            max_tokens,
            dim,
            workers,
            fingerprint,
        })
    }
}

/// Loads the routes of a checkpoint.
struct Loader<'a> {
    checkpoint: &'a Checkpoint,
    options: &'a EncoderOptions,
    workers: &'a Workers,
}

/// A loaded input, with what the fingerprint hashes of its files.
struct LoadedInput {
    input: Arc<Input>,
    parts: Vec<Vec<u8>>,
    /// The number of values of a hidden state.
    dim: usize,
    limits: TokenLimits,
}

impl Loader<'_> {
    /// Returns the dimension to which rows are truncated, if any.
    fn truncate_dim(&self) -> Option<usize> {
        self.options.truncate_dim.or(self.checkpoint.truncate_dim)
    }

    fn load_input(&self, modules: &checkpoint::Route) -> Result<LoadedInput> {
        match &modules.input {
            checkpoint::Input::Transformer(module, _) => self.load_transformer(module),
            checkpoint::Input::Static(module) => self.load_static(module),
        }
    }

    fn load_transformer(&self, module: &TransformerModule) -> Result<LoadedInput> {
        let options = self.options;
        let limits = options.limits(module)?;
        let tokenizer_bytes = module.read_tokenizer()?;
        let settings = Settings::read(module, &tokenizer_bytes)?;
        // Loading the tokenizer takes about as long as loading the weights.
        let (tokenizer, loaded) = self.workers.install(|| {
            rayon::join(
                || TextTokenizer::load(module, &settings, &tokenizer_bytes, &limits.general),
                || {
                    let weights = &module.weights;
                    let transformer = &module.transformer;
                    let cache = options.weights_cache.as_deref();
                    transformer.load(weights, options.device, options.precision, cache)
                },
            )
        });
        let (tokenizer, (backend, weights_digest)) = (tokenizer?, loaded?);
        for limit in [&limits.query, &limits.document] {
            limit.check(tokenizer.special_tokens(), "a text")?;
        }
        let settings = settings.fingerprint_fields().into_bytes();
        let mut parts = vec![tokenizer_bytes, settings, weights_digest];
        let rebuilt = tokenizer.fingerprint_fields();
        if !rebuilt.is_empty() {
            parts.push(rebuilt.as_bytes().to_vec());
        }
        Ok(LoadedInput {
            input: Arc::new(Input {
                tokenizer,
                model: Model::Transformer {
                    max_batch_tokens: options
                        .max_batch_tokens
                        .unwrap_or_else(|| backend.batch_tokens()),
                    backend,
                },
            }),
            parts,
            dim: module.transformer.config.sizes().hidden_size,
            limits,
        })
    }

    /// Loads a static embedding, which runs on the CPU on every device and in f32.
    fn load_static(&self, module: &StaticModule) -> Result<LoadedInput> {
        let options = self.options;
        let tokenizer_bytes = module.read_tokenizer()?;
        let path = module.tokenizer_path();
        let (tokenizer, loaded) = self.workers.install(|| {
            rayon::join(
                || TextTokenizer::plain(&path, &tokenizer_bytes, options.max_tokens),
                || StaticEmbedding::load(module.weights_path()),
            )
        });
        let (tokenizer, (table, weights_digest)) = (tokenizer?, loaded?);
        Ok(LoadedInput {
            dim: table.dim(),
            limits: TokenLimits::uniform(TokenLimit::of_option(tokenizer.max_tokens())),
            input: Arc::new(Input {
                model: Model::Static {
                    table,
                    fast: FastWordPiece::of(&tokenizer).map(Box::new),
                },
                tokenizer,
            }),
            parts: vec![tokenizer_bytes, weights_digest],
        })
    }

    /// Loads the modules after the pooling, and returns the route together with its fingerprint.
    fn load_route(&self, role: Role, loaded: &LoadedInput) -> Result<(Route, String)> {
        let modules = self.checkpoint.route(role);
        let input = Arc::clone(&loaded.input);
        let truncate_dim = self.truncate_dim();
        let max_tokens = loaded.limits.general.tokens;
        let mut fingerprint = Fingerprint::new(self.checkpoint, modules, max_tokens, truncate_dim);
        if let Some(fields) = loaded.limits.fingerprint_fields() {
            fingerprint.update(fields.as_bytes());
        }
        for part in &loaded.parts {
            fingerprint.update(part);
        }
        let pooling = match &modules.input {
            checkpoint::Input::Transformer(_, pooling) => pooling.clone(),
            checkpoint::Input::Static(_) => Pooling::mean(),
        };
        let mut dim = pooling.dim(loaded.dim);
        let mut post_pooling = Vec::new();
        for module in &modules.post_pooling {
            post_pooling.push(match module {
                PostPoolingModule::Normalize => PostPooling::Normalize,
                PostPoolingModule::Dense(config) => {
                    let bytes = regular_file::read(&config.weights, config.max_file_bytes())?;
                    fingerprint.update(&bytes);
                    let dense = Dense::load(config)?;
                    check_width(&config.weights, "linear.weight", config.in_features, dim)?;
                    dim = dense.out_features();
                    PostPooling::Dense(dense)
                }
                PostPoolingModule::LayerNorm(config) => {
                    let bytes = regular_file::read(&config.weights, config.max_file_bytes())?;
                    fingerprint.update(&bytes);
                    check_width(&config.weights, "norm.weight", config.dimension, dim)?;
                    PostPooling::LayerNorm(LayerNorm::load(config)?)
                }
            });
        }
        if let Some(truncated) = truncate_dim
            && !(1..=dim).contains(&truncated)
        {
            return Err(Error::InvalidOption {
                option: "truncate_dim",
                found: truncated.to_string(),
                expected: format!("1 to {dim}"),
            });
        }
        let route = Route {
            limits: loaded.limits.clone(),
            input,
            pooling,
            post_pooling,
            dim,
        };
        Ok((route, fingerprint.finish()))
    }
}

/// Refuses a module, given by the file and a tensor of its weights, that is made for rows of another
/// width than `dim`.
fn check_width(file: &Path, tensor: &str, width: usize, dim: usize) -> Result<()> {
    if width == dim {
        return Ok(());
    }
    Err(Error::Tensor {
        path: file.to_owned(),
        tensor: tensor.to_owned(),
        found: format!("a module for {width} values"),
        expected: format!("{dim}, the number that the module before it gives"),
    })
}
