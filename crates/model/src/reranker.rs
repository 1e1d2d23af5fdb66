use std::ops::ControlFlow;

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use crate::activation::Activation;
use crate::backend::Backend;
use crate::batch::batches_by_length;
use crate::cross_encoder::CrossEncoderConfig;
use crate::dense::Dense;
use crate::pooling::Pooling;
use crate::tokenize::{PairTokenizer, Settings, TokenizedPair};
use crate::weights::Weights;
use crate::workers::Workers;
use crate::{
    Checkpoint, Device, Error, Precision, Progress, RerankerOptions, Result, TokenBatch, Truncation,
};

/// A loaded cross-encoder: a query and documents in, one score for each document out.
///
/// A cross-encoder reads a query and a document together (<https://arxiv.org/abs/1901.04085>). Its
/// score is a better measure of relevance than the similarity of two embeddings, but each pair needs
/// a run of the model: it is meant to reorder the first hits of a search, not to search.
///
/// The scores are those of the `CrossEncoder` of sentence-transformers for the same checkpoint,
/// which must be a BERT, RoBERTa, XLM-RoBERTa, CamemBERT, MPNet, DistilBERT, GTE or DeBERTa (version 2
/// or 3) with one label. Higher is better. Scores are comparable for one query and one checkpoint only; their range is that of
/// the checkpoint's activation: 0 to 1 for a sigmoid, unbounded if there is none.
///
/// All methods take `&self`, and threads may share a reranker. A score depends on its pair alone: it
/// does not change, bit for bit, with the other documents of a call, their order, the batch size or
/// the number of threads.
///
/// ```no_run
/// use cognate_model::{ModelSource, Reranker, RerankerOptions};
///
/// let model = ModelSource::from_env()?.resolve("cross-encoder/ms-marco-MiniLM-L6-v2")?;
/// let reranker = Reranker::load(&model.open()?, RerankerOptions::default())?;
/// let scores = reranker.scores(
///     "how do cells divide",
///     &["Mitosis, the division of a cell", "A planet around another star"],
/// )?;
/// assert!(scores[0] > scores[1]);
/// # Ok::<(), cognate_model::Error>(())
/// ```
#[derive(Debug)]
pub struct Reranker {
    model: String,
    precision: Precision,
    tokenizer: PairTokenizer,
    backend: Box<dyn Backend>,
    first_token: Pooling,
    pooler: Dense,
    classifier: Dense,
    activation: Activation,
    max_tokens: usize,
    max_batch_tokens: usize,
    workers: Workers,
}

/// Scores, together with a report of what was truncated.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PairScores {
    /// `[n]`, score i for document i.
    pub scores: Vec<f32>,
    /// What was truncated because pairs were longer than the model reads.
    pub truncation: Truncation,
}

impl Reranker {
    /// Loads the weights and the tokenizer of `checkpoint`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Unsupported`] if the checkpoint is not a cross-encoder with one label, or
    /// its architecture, activation or prompt is not supported; [`Error::InvalidOption`] if an
    /// option does not fit the checkpoint; and [`Error::Io`], [`Error::Malformed`],
    /// [`Error::Weights`] or [`Error::Tensor`] if the tokenizer or the weights cannot be read or do
    /// not match the configuration.
    pub fn load(checkpoint: &Checkpoint, options: RerankerOptions) -> Result<Self> {
        let RerankerOptions(options) = options;
        let config = CrossEncoderConfig::read(checkpoint)?;
        let module = checkpoint.transformer_module()?;
        let limit = options.limits(module)?.general;
        let max_tokens = limit.tokens;
        let workers = options.workers()?;
        let bytes = module.read_tokenizer()?;
        let settings = Settings::read(module, &bytes)?;
        // Loading the tokenizer takes about as long as loading the weights.
        let (tokenizer, loaded) = workers.install(|| {
            rayon::join(
                || PairTokenizer::load(module, &settings, &bytes, &limit),
                || {
                    let weights = &module.weights;
                    let transformer = &module.transformer;
                    let cache = options.weights_cache.as_deref();
                    transformer.load(weights, Device::Cpu, options.precision, cache)
                },
            )
        });
        let (tokenizer, (backend, _)) = (tokenizer?, loaded?);

        let width = module.transformer.config.sizes().hidden_size;
        let head = config.head;
        let weights = Weights::open(&module.weights)?;
        let pooler = Dense::from_model(&weights, head.pooler, [width, width], head.activation)?;
        let identity = Activation::Identity;
        let classifier = Dense::from_model(&weights, head.classifier, [1, width], identity)?;

        tracing::debug!(
            model = checkpoint.name(),
            max_tokens,
            threads = workers.threads(),
            "reranker loaded"
        );
        Ok(Self {
            model: checkpoint.name().to_owned(),
            precision: options.precision,
            tokenizer,
            max_batch_tokens: options
                .max_batch_tokens
                .unwrap_or_else(|| backend.batch_tokens()),
            backend,
            first_token: Pooling::first_token(),
            pooler,
            classifier,
            activation: config.activation,
            max_tokens,
            workers,
        })
    }

    /// Returns the name of the checkpoint.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Returns the number format of the arithmetic.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Returns the maximum number of tokens that are read of a pair, special tokens included.
    pub fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// Waits until packed weights have been written to the folder of
    /// [`RerankerOptions::weights_cache`], which happens on a thread of its own after loading.
    ///
    /// Dropping the reranker waits too. A program that exits without dropping it should call this
    /// method, because the file would be written in vain.
    pub fn wait_for_weights_cache(&self) {
        self.backend.wait_for_weights_cache();
    }

    /// Scores the relevance of each document to the query, and returns `[n]`, score i for document
    /// i. Higher is better.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`scores_with`](Self::scores_with), except cancellation.
    pub fn scores<S: AsRef<str> + Sync>(&self, query: &str, documents: &[S]) -> Result<Vec<f32>> {
        let mut proceed = |_| ControlFlow::Continue(());
        Ok(self.scores_with(query, documents, &mut proceed)?.scores)
    }

    /// Scores documents, reports progress, and counts what was truncated.
    ///
    /// `progress` is called on the calling thread after each batch. If it returns
    /// [`ControlFlow::Break`], no further batch is started, and the call fails once the running
    /// batches have ended.
    ///
    /// # Errors
    ///
    /// Returns [`Error::TokenizeQuery`] or [`Error::Tokenize`] if the tokenizer rejects a text,
    /// [`Error::Cancelled`] if `progress` breaks, and [`Error::ScoreNotFinite`] if a score is
    /// infinite or not a number.
    ///
    /// # Complexity
    ///
    /// Linear in the number of documents. For each pair, linear in the number of tokens times the
    /// square of the hidden size, and quadratic in the number of tokens, which the checkpoint
    /// limits.
    pub fn scores_with<S: AsRef<str> + Sync>(
        &self,
        query: &str,
        documents: &[S],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<PairScores> {
        let pairs = self.tokenize_all(query, documents)?;
        let counts = pairs.iter().map(|pair| (pair.truncated, pair.ids.len()));
        let truncation = Truncation::count(counts, self.tokenizer.special_tokens());

        let total = documents.len();
        let lengths: Vec<_> = pairs.iter().map(|pair| pair.ids.len()).collect();
        let batches = batches_by_length(&lengths, self.max_batch_tokens);
        let mut scores = vec![0.0; total];
        let mut done = 0;
        let mut outcome = Ok(());
        self.workers.for_each_batch(
            batches.len(),
            self.backend.parallel_over_batches(),
            |batch, threads| {
                let packed = pack(batches[batch].iter().map(|&pair| &pairs[pair]))?;
                let first = self
                    .backend
                    .pooled(&packed, &self.first_token, 0, threads)?;
                let pooled = self.pooler.apply(first.view())?;
                self.logits(pooled.view())
            },
            |batch, logits| {
                let logits = match logits {
                    Ok(logits) => logits,
                    Err(error) => {
                        outcome = Err(error);
                        return ControlFlow::Break(());
                    }
                };
                for (&document, logit) in batches[batch].iter().zip(logits) {
                    let score = self.activation.apply(logit);
                    if !score.is_finite() {
                        outcome = Err(Error::ScoreNotFinite { document });
                        return ControlFlow::Break(());
                    }
                    scores[document] = score;
                }
                done += batches[batch].len();
                let flow = progress(Progress { done, total });
                if flow.is_break() {
                    outcome = Err(Error::Cancelled { done, total });
                }
                flow
            },
        );
        outcome.map(|()| PairScores { scores, truncation })
    }

    /// Tokenizes the query with each document in turn: the first stage of scoring.
    ///
    /// # Errors
    ///
    /// Returns [`Error::TokenizeQuery`] or [`Error::Tokenize`] if the tokenizer rejects a text.
    pub fn tokenize<S: AsRef<str> + Sync>(
        &self,
        query: &str,
        documents: &[S],
    ) -> Result<TokenBatch> {
        pack(self.tokenize_all(query, documents)?.iter())
    }

    /// Computes the last hidden states of packed tokens, `[T, hidden_size]`: the second stage.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Shape`] if the model has no embedding for a token id or a token type, or a
    /// pair has more tokens than the model has positions.
    pub fn hidden_states(&self, batch: &TokenBatch) -> Result<Array2<f32>> {
        let threads = self.workers.threads();
        self.workers
            .install(|| self.backend.forward(batch, threads))
    }

    /// Applies the first layer of the head to hidden states, `[T, hidden_size]`, and returns one row
    /// for each pair, `[n, hidden_size]`: the third stage.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Shape`] if the hidden states are not those of this batch, or a pair has no
    /// token.
    pub fn pool(&self, hidden: ArrayView2<'_, f32>, batch: &TokenBatch) -> Result<Array2<f32>> {
        let first = self.first_token.apply(hidden, batch, 0)?;
        self.pooler.apply(first.view())
    }

    /// Applies the second layer of the head to pooled rows, `[n, hidden_size]`, and returns the logit
    /// of each pair: the fourth stage. The checkpoint's activation turns a logit into a score.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Shape`] if the rows are not as wide as the model.
    pub fn logits(&self, pooled: ArrayView2<'_, f32>) -> Result<Vec<f32>> {
        Ok(self.classifier.apply(pooled)?.into_raw_vec_and_offset().0)
    }

    fn tokenize_all<S: AsRef<str> + Sync>(
        &self,
        query: &str,
        documents: &[S],
    ) -> Result<Vec<TokenizedPair>> {
        let query = self.tokenizer.query(query)?;
        let pair = |(index, text): (usize, &S)| self.tokenizer.pair(&query, text.as_ref(), index);
        self.workers
            .install(|| documents.par_iter().enumerate().map(pair).collect())
    }
}

/// Packs the tokens and token types of pairs.
fn pack<'a>(pairs: impl Iterator<Item = &'a TokenizedPair> + Clone) -> Result<TokenBatch> {
    let token_types: Vec<u32> = pairs
        .clone()
        .flat_map(|pair| pair.token_types.iter().copied())
        .collect();
    let batch = TokenBatch::from_sequences(pairs.map(|pair| pair.ids.as_slice()));
    if token_types.is_empty() {
        return Ok(batch);
    }
    batch.with_token_types(token_types)
}
