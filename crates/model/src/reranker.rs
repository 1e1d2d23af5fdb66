use std::fs;
use std::ops::ControlFlow;

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use crate::architecture::{self, Architecture};
use crate::batch::pieces_by_length;
use crate::config::{Family, TensorNames};
use crate::cross_encoder::CrossEncoderConfig;
use crate::dense::Dense;
use crate::modules::Activation;
use crate::pooling::Pooling;
use crate::tokenize::{PairTokenizer, Settings, TokenizedPair};
use crate::weights::WeightsFile;
use crate::workers::Workers;
use crate::{
    Checkpoint, Device, Error, Precision, Progress, RerankerOptions, Result, TokenBatch, Truncation,
};

/// A loaded cross-encoder: a query and documents in, a score for each document out.
///
/// A cross-encoder reads a query and a document together (<https://arxiv.org/abs/1901.04085>).
/// That tells better than the distance of two embeddings how well the one answers the other, and
/// takes a run of the model for each pair: it is for putting the first hits of a search in order,
/// not for searching.
///
/// The scores are those of the `CrossEncoder` of sentence-transformers, of the same checkpoint: of
/// a BERT, RoBERTa, XLM-RoBERTa, CamemBERT, MPNet or DistilBERT with one label. They are higher for
/// better answers, and comparable for one query and one checkpoint only: their range is that of the
/// checkpoint's activation, 0 to 1 for a sigmoid, any number for none.
///
/// All methods take `&self`, and a reranker may be shared between threads. A score depends on its
/// pair alone: not, bit for bit, on the other documents of a call, their order, the batch size or
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
    architecture: Box<dyn Architecture>,
    first_token: Pooling,
    pooler: Dense,
    classifier: Dense,
    activation: Activation,
    max_tokens: usize,
    max_batch_tokens: usize,
    workers: Workers,
}

/// Scores, with what was cut off to make them.
#[derive(Clone, Debug, PartialEq)]
pub struct PairScores {
    /// `[n]`, the score of document i at i.
    pub scores: Vec<f32>,
    /// What was cut off because pairs were longer than the model reads.
    pub truncation: Truncation,
}

impl Reranker {
    /// Loads the weights and the tokenizer of `checkpoint`.
    ///
    /// # Errors
    ///
    /// A checkpoint that is no cross-encoder of one label, or of an architecture, an activation or
    /// a prompt that is not supported; weights or tokenizer that are missing, cut short or of
    /// another shape than the configuration says; an option that does not fit.
    pub fn load(checkpoint: &Checkpoint, options: RerankerOptions) -> Result<Self> {
        let RerankerOptions(options) = options;
        let config = CrossEncoderConfig::read(checkpoint)?;
        let max_tokens = options.checked_max_tokens(checkpoint)?;
        let workers = options.workers()?;
        let path = checkpoint.tokenizer_path();
        let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
        let settings = Settings::read(checkpoint)?;
        // The tokenizer takes about as long as the weights.
        let (tokenizer, loaded) = workers.together(|| {
            rayon::join(
                || PairTokenizer::load(checkpoint, &settings, &bytes, max_tokens),
                || architecture::load(checkpoint, Device::Cpu, options.precision),
            )
        });
        let (tokenizer, (architecture, _)) = (tokenizer?, loaded?);

        let family = config.transformer.family;
        let (width, names) = (config.transformer.hidden_size, TensorNames::of(family));
        let weights = WeightsFile::open(checkpoint.weights_path())?;
        let between = match family {
            Family::Bert | Family::Roberta | Family::Mpnet => Activation::Tanh,
            Family::DistilBert => Activation::Relu,
        };
        let pooler = Dense::of_model(&weights, names.pooler, [width, width], between)?;
        let label = [1, width];
        let classifier = Dense::of_model(&weights, names.classifier, label, Activation::Identity)?;

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
                .unwrap_or_else(|| architecture.batch_tokens()),
            architecture,
            first_token: Pooling::first_token(),
            pooler,
            classifier,
            activation: config.activation,
            max_tokens,
            workers,
        })
    }

    /// The name of the checkpoint.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The number format of the arithmetic.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Tokens of a pair that are read, special tokens included.
    pub fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// Scores how well each document answers the query, higher is better; `[n]`, score i for
    /// document i.
    ///
    /// # Errors
    ///
    /// Those of [`scores_with`](Self::scores_with), except cancellation.
    pub fn scores<S: AsRef<str> + Sync>(&self, query: &str, documents: &[S]) -> Result<Vec<f32>> {
        let mut go_on = |_| ControlFlow::Continue(());
        Ok(self.scores_with(query, documents, &mut go_on)?.scores)
    }

    /// Scores documents, telling `progress` how far it is, and reports what was cut off.
    ///
    /// The callback runs on the calling thread, now and then. When it breaks, the work stops
    /// after the pieces under way.
    ///
    /// # Errors
    ///
    /// [`Error::TokenizeQuery`] and [`Error::Tokenize`] when the tokenizer refuses a text;
    /// [`Error::Cancelled`] when the callback breaks; [`Error::ScoreNotFinite`] when the weights
    /// give a score that is no number.
    ///
    /// # Complexity
    ///
    /// Linear in the number of documents; of a pair, linear in the width of the model squared times
    /// the tokens, and quadratic in the tokens, which the checkpoint bounds.
    pub fn scores_with<S: AsRef<str> + Sync>(
        &self,
        query: &str,
        documents: &[S],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<PairScores> {
        let pairs = self.tokenize_all(query, documents)?;
        let counts = pairs.iter().map(|pair| (pair.cut, pair.ids.len()));
        let truncation = Truncation::of(counts, self.tokenizer.special_tokens());

        let total = documents.len();
        let lengths: Vec<_> = pairs.iter().map(|pair| pair.ids.len()).collect();
        let pieces = pieces_by_length(&lengths, self.max_batch_tokens);
        let mut scores = vec![0.0; total];
        let mut done = 0;
        let mut outcome = Ok(());
        self.workers.each(
            pieces.len(),
            self.architecture.one_batch_a_thread(),
            |piece, threads| {
                let batch = batch_of(pieces[piece].iter().map(|&pair| &pairs[pair]))?;
                let hidden = self.architecture.forward(&batch, threads)?;
                let pooled = self.pool(hidden.view(), &batch)?;
                self.logits(pooled.view())
            },
            |piece, logits| {
                let logits = match logits {
                    Ok(logits) => logits,
                    Err(error) => {
                        outcome = Err(error);
                        return ControlFlow::Break(());
                    }
                };
                for (&document, logit) in pieces[piece].iter().zip(logits) {
                    let score = self.activation.apply(logit);
                    if !score.is_finite() {
                        outcome = Err(Error::ScoreNotFinite { document });
                        return ControlFlow::Break(());
                    }
                    scores[document] = score;
                }
                done += pieces[piece].len();
                let answer = progress(Progress { done, total });
                if answer.is_break() {
                    outcome = Err(Error::Cancelled { done, total });
                }
                answer
            },
        );
        outcome.map(|()| PairScores { scores, truncation })
    }

    /// The tokens of the query with each document in turn: the first stage of scoring.
    ///
    /// # Errors
    ///
    /// [`Error::TokenizeQuery`] and [`Error::Tokenize`] when the tokenizer refuses a text.
    pub fn tokenize<S: AsRef<str> + Sync>(
        &self,
        query: &str,
        documents: &[S],
    ) -> Result<TokenBatch> {
        batch_of(self.tokenize_all(query, documents)?.iter())
    }

    /// The last hidden states `[T, hidden_size]` of packed tokens: the second stage.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] when an id or a type is not in the vocabulary, or a pair has more tokens
    /// than the model has positions.
    pub fn hidden_states(&self, batch: &TokenBatch) -> Result<Array2<f32>> {
        let threads = self.workers.threads();
        self.workers
            .together(|| self.architecture.forward(batch, threads))
    }

    /// One row for each pair from its hidden states `[T, hidden_size]`, by the first layer of the
    /// head: the third stage. `[n, hidden_size]`.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] when the hidden states are not of this batch, or a pair has no token.
    pub fn pool(&self, hidden: ArrayView2<'_, f32>, batch: &TokenBatch) -> Result<Array2<f32>> {
        let first = self.first_token.apply(hidden, batch, 0)?;
        self.pooler.apply(first.view())
    }

    /// The logit of each pair from its pooled row, `[n, hidden_size]`, by the second layer of the
    /// head: the fourth stage. The scores are what the checkpoint's activation makes of them.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] when the rows are not as wide as the model.
    pub fn logits(&self, pooled: ArrayView2<'_, f32>) -> Result<Vec<f32>> {
        Ok(self.classifier.apply(pooled)?.into_raw_vec_and_offset().0)
    }

    fn tokenize_all<S: AsRef<str> + Sync>(
        &self,
        query: &str,
        documents: &[S],
    ) -> Result<Vec<TokenizedPair>> {
        let query = self.tokenizer.query(query)?;
        let pair = |(at, text): (usize, &S)| self.tokenizer.pair(&query, text.as_ref(), at);
        self.workers
            .together(|| documents.par_iter().enumerate().map(pair).collect())
    }
}

fn batch_of<'a>(pairs: impl Iterator<Item = &'a TokenizedPair> + Clone) -> Result<TokenBatch> {
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
