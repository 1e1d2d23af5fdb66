use std::sync::Arc;

use super::route::{Input, PostPooling, Route};
use super::{Encoder, TokensByRole};
use crate::checkpoint::{self, TokenLimits, TransformerModule};
use crate::dense::Dense;
use crate::fingerprint::Fingerprint;
use crate::modules::PostPoolingModule;
use crate::tokenize::{Settings, TextTokenizer};
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
        }
    }

    fn load_transformer(&self, module: &TransformerModule) -> Result<LoadedInput> {
        let options = self.options;
        let limits = options.limits(module)?;
        let tokenizer_bytes = module.read_tokenizer()?;
        let settings = Settings::read(module)?;
        // Loading the tokenizer takes about as long as loading the weights.
        let (tokenizer, loaded) = self.workers.install(|| {
            rayon::join(
                || TextTokenizer::load(module, &settings, &tokenizer_bytes, &limits.general),
                || {
                    let weights = module.weights_path();
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
        Ok(LoadedInput {
            input: Arc::new(Input {
                tokenizer,
                max_batch_tokens: options
                    .max_batch_tokens
                    .unwrap_or_else(|| backend.batch_tokens()),
                backend,
            }),
            parts: vec![tokenizer_bytes, settings, weights_digest],
            limits,
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
        let checkpoint::Input::Transformer(module, pooling) = &modules.input;
        let mut dim = pooling.dim(module.transformer.config.sizes().hidden_size);
        let mut post_pooling = Vec::new();
        for module in &modules.post_pooling {
            post_pooling.push(match module {
                PostPoolingModule::Normalize => PostPooling::Normalize,
                PostPoolingModule::Dense(config) => {
                    let bytes = regular_file::read(&config.weights, config.max_file_bytes())?;
                    fingerprint.update(&bytes);
                    let dense = Dense::load(config)?;
                    dim = dense.out_features();
                    PostPooling::Dense(dense)
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
            pooling: pooling.clone(),
            post_pooling,
            dim,
        };
        Ok((route, fingerprint.finish()))
    }
}
