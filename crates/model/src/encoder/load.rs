use std::sync::Arc;

use super::route::{Input, PostPooling, Route};
use super::{Encoder, PromptTokens};
use crate::checkpoint::{self, TransformerModule};
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
            max_tokens = document.input.max_tokens,
            threads = workers.threads(),
            "encoder loaded"
        );
        let prompts = checkpoint.prompts.clone();
        let prompt_tokens = PromptTokens {
            query: query.input.tokenizer.prompt_tokens(&prompts.query)?,
            document: document.input.tokenizer.prompt_tokens(&prompts.document)?,
        };
        Ok(Self {
            model: checkpoint.name().to_owned(),
            precision: options.precision,
            query,
            document,
            prompts,
            prompt_tokens,
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
        let max_tokens = options.checked_max_tokens(module)?;
        let tokenizer_bytes = module.read_tokenizer()?;
        let settings = Settings::read(module, &tokenizer_bytes)?;
        // Loading the tokenizer takes about as long as loading the weights.
        let (tokenizer, loaded) = self.workers.install(|| {
            rayon::join(
                || TextTokenizer::load(module, &settings, &tokenizer_bytes, max_tokens),
                || {
                    let weights = module.weights_path();
                    let transformer = &module.transformer;
                    let cache = options.weights_cache.as_deref();
                    transformer.load(weights, options.device, options.precision, cache)
                },
            )
        });
        let (tokenizer, (backend, weights_digest)) = (tokenizer?, loaded?);
        let settings = settings.fingerprint_fields().into_bytes();
        let mut parts = vec![tokenizer_bytes, settings, weights_digest];
        let rebuilt = tokenizer.fingerprint_fields();
        if !rebuilt.is_empty() {
            parts.push(rebuilt.as_bytes().to_vec());
        }
        Ok(LoadedInput {
            input: Arc::new(Input {
                tokenizer,
                max_tokens,
                max_batch_tokens: options
                    .max_batch_tokens
                    .unwrap_or_else(|| backend.batch_tokens()),
                backend,
            }),
            parts,
        })
    }

    /// Loads the modules after the pooling, and returns the route together with its fingerprint.
    fn load_route(&self, role: Role, loaded: &LoadedInput) -> Result<(Route, String)> {
        let modules = self.checkpoint.route(role);
        let input = Arc::clone(&loaded.input);
        let truncate_dim = self.truncate_dim();
        let mut fingerprint =
            Fingerprint::new(self.checkpoint, modules, input.max_tokens, truncate_dim);
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
            input,
            pooling: pooling.clone(),
            post_pooling,
            dim,
        };
        Ok((route, fingerprint.finish()))
    }
}
