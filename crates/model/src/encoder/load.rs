use super::{Encoder, PostPooling, PromptTokens};
use crate::dense::Dense;
use crate::fingerprint::Fingerprint;
use crate::modules::PostPoolingModule;
use crate::tokenize::{Settings, TextTokenizer};
use crate::{Checkpoint, EncoderOptions, Error, Result, regular_file};

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
        let max_tokens = options.checked_max_tokens(checkpoint)?;
        let workers = options.workers()?;

        let truncate_dim = options.truncate_dim.or(checkpoint.truncate_dim);
        let mut fingerprint = Fingerprint::new(checkpoint, max_tokens, truncate_dim);
        let tokenizer_bytes = checkpoint.read_tokenizer()?;
        fingerprint.update(&tokenizer_bytes);
        let settings = Settings::read(checkpoint)?;
        fingerprint.update(settings.fingerprint_fields().as_bytes());
        // Loading the tokenizer takes about as long as loading the weights.
        let (tokenizer, loaded) = workers.install(|| {
            rayon::join(
                || TextTokenizer::load(checkpoint, &settings, &tokenizer_bytes, max_tokens),
                || {
                    let weights = checkpoint.weights_path();
                    let transformer = &checkpoint.transformer;
                    let cache = options.weights_cache.as_deref();
                    transformer.load(weights, options.device, options.precision, cache)
                },
            )
        });
        let (tokenizer, (backend, weights_digest)) = (tokenizer?, loaded?);
        fingerprint.update(&weights_digest);
        let max_batch_tokens = options
            .max_batch_tokens
            .unwrap_or_else(|| backend.batch_tokens());

        let pooling = checkpoint.modules.pooling.clone();
        let mut dim = pooling.dim(checkpoint.transformer.config.sizes().hidden_size);
        let mut post_pooling = Vec::new();
        for module in &checkpoint.modules.post_pooling {
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
        if let Some(truncated) = truncate_dim {
            if !(1..=dim).contains(&truncated) {
                return Err(Error::InvalidOption {
                    option: "truncate_dim",
                    found: truncated.to_string(),
                    expected: format!("1 to {dim}"),
                });
            }
            dim = truncated;
        }

        tracing::debug!(
            model = checkpoint.name(),
            dim,
            max_tokens,
            threads = workers.threads(),
            "encoder loaded"
        );
        let prompts = checkpoint.prompts.clone();
        let prompt_tokens = PromptTokens {
            query: tokenizer.prompt_tokens(&prompts.query)?,
            document: tokenizer.prompt_tokens(&prompts.document)?,
        };
        Ok(Self {
            model: checkpoint.name().to_owned(),
            precision: options.precision,
            tokenizer,
            backend,
            pooling,
            post_pooling,
            prompts,
            prompt_tokens,
            dim,
            max_tokens,
            max_batch_tokens,
            workers,
            fingerprint: fingerprint.finish(),
        })
    }
}
