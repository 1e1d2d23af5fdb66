use std::borrow::Cow;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, Slice};
use rayon::prelude::*;

use crate::architecture::{self, Architecture};
use crate::batch::pieces_by_length;
use crate::checkpoint::Prompts;
use crate::dense::Dense;
use crate::fingerprint::Fingerprint;
use crate::modules::HeadModule;
use crate::normalize::normalize_rows;
use crate::pooling::Pooling;
use crate::tokenize::{Settings, TextTokenizer, Tokenized};
use crate::workers::Workers;
use crate::{Checkpoint, EncoderOptions, Error, Precision, Result, TokenBatch};

/// A loaded checkpoint: texts in, embeddings out.
///
/// All methods take `&self`, and an encoder may be shared between threads. On a CPU, an embedding
/// depends on the text alone: not, bit for bit, on the other texts of a call, their order, the
/// batch size or the number of threads.
#[derive(Debug)]
pub struct Encoder {
    model: String,
    precision: Precision,
    tokenizer: TextTokenizer,
    architecture: Box<dyn Architecture>,
    pooling: Pooling,
    head: Vec<Head>,
    prompts: Prompts,
    prompt_tokens: PromptTokens,
    dim: usize,
    max_tokens: usize,
    max_batch_tokens: usize,
    workers: Workers,
    fingerprint: String,
}

/// A module behind the pooling, loaded.
#[derive(Debug)]
enum Head {
    Dense(Dense),
    Normalize,
}

/// The lengths of the two prompts, in tokens.
#[derive(Debug)]
struct PromptTokens {
    query: usize,
    document: usize,
}

/// Which prompt goes before a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// What is asked.
    Query,
    /// What is searched.
    Document,
}

/// How far an encoder has come; handed to the callback of
/// [`encode_with`](Encoder::encode_with).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Texts embedded.
    pub done: usize,
    /// Texts asked for.
    pub total: usize,
}

/// Why a run ended early, in numbers of its own texts.
enum Stop {
    Error(Error),
    NotFinite { text: usize },
    Cancelled { done: usize },
}

impl Stop {
    /// The error for the caller, among whose `total` texts the run began at `start`.
    fn at(self, start: usize, total: usize) -> Error {
        match self {
            Self::Error(error) => error,
            Self::NotFinite { text } => Error::NotFinite { text: start + text },
            Self::Cancelled { done } => Error::Cancelled {
                done: start + done,
                total,
            },
        }
    }
}

/// What was cut off because texts were longer than the model reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Truncation {
    /// Texts that lost tokens.
    pub texts: usize,
    /// Tokens that were lost.
    pub tokens: usize,
    /// Tokens of all texts, those cut off included and special tokens left out.
    pub of_tokens: usize,
}

impl Truncation {
    /// Counts over texts, each given by the tokens that were cut off and by those that are left, of
    /// which so many are special.
    pub(crate) fn of(texts: impl Iterator<Item = (usize, usize)>, special_tokens: usize) -> Self {
        texts.fold(Self::default(), |sum, (cut, left)| Self {
            texts: sum.texts + usize::from(cut > 0),
            tokens: sum.tokens + cut,
            of_tokens: sum.of_tokens + cut + left - special_tokens,
        })
    }
}

impl std::ops::AddAssign for Truncation {
    fn add_assign(&mut self, other: Self) {
        self.texts += other.texts;
        self.tokens += other.tokens;
        self.of_tokens += other.of_tokens;
    }
}

/// Embeddings, with what was cut off to make them.
#[derive(Clone, Debug)]
pub struct Embeddings {
    /// `[n, dim]`, row i for text i.
    pub rows: Array2<f32>,
    /// What was cut off.
    pub truncation: Truncation,
}

impl Encoder {
    /// Loads the weights and the tokenizer of `checkpoint`.
    ///
    /// # Errors
    ///
    /// Weights or tokenizer that are missing, cut short or of another shape than the
    /// configuration says; an option that does not fit; a device that is not there.
    pub fn load(checkpoint: &Checkpoint, options: EncoderOptions) -> Result<Self> {
        if checkpoint.is_cross_encoder {
            return Err(Error::Unsupported {
                path: checkpoint.whole_config_path(),
                field: "model_type".to_owned(),
                found: "CrossEncoder".to_owned(),
                expected: "`SentenceTransformer` for embeddings".to_owned(),
            });
        }
        let max_tokens = options.checked_max_tokens(checkpoint)?;
        let workers = options.workers()?;

        let truncate_dim = options.truncate_dim.or(checkpoint.truncate_dim);
        let mut fingerprint = Fingerprint::new(checkpoint, max_tokens, truncate_dim);
        let tokenizer_bytes = read(&checkpoint.tokenizer_path())?;
        fingerprint.update(&tokenizer_bytes);
        let settings = Settings::read(checkpoint)?;
        fingerprint.update(format!("{settings:?}").as_bytes());
        // The tokenizer takes about as long as the weights.
        let (tokenizer, loaded) = workers.together(|| {
            rayon::join(
                || TextTokenizer::load(checkpoint, &settings, &tokenizer_bytes, max_tokens),
                || architecture::load(checkpoint, options.device, options.precision),
            )
        });
        let (tokenizer, (architecture, weights)) = (tokenizer?, loaded?);
        fingerprint.update(&weights);
        let max_batch_tokens = options
            .max_batch_tokens
            .unwrap_or_else(|| architecture.batch_tokens());

        let pooling = checkpoint.modules.pooling.clone();
        let mut dim = pooling.dim(checkpoint.transformer.hidden_size());
        let mut head = Vec::new();
        for module in &checkpoint.modules.head {
            head.push(match module {
                HeadModule::Normalize => Head::Normalize,
                HeadModule::Dense(config) => {
                    let bytes = read(&config.weights)?;
                    fingerprint.update(&bytes);
                    let dense = Dense::load(config, &bytes).map_err(|source| Error::Weights {
                        path: config.weights.clone(),
                        bytes: bytes.len() as u64,
                        source,
                    })?;
                    dim = dense.out_features();
                    Head::Dense(dense)
                }
            });
        }
        if let Some(shorter) = truncate_dim {
            if !(1..=dim).contains(&shorter) {
                return Err(invalid("truncate_dim", shorter, format!("1 to {dim}")));
            }
            dim = shorter;
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
            architecture,
            pooling,
            head,
            prompts,
            prompt_tokens,
            dim,
            max_tokens,
            max_batch_tokens,
            workers,
            fingerprint: fingerprint.finish(),
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

    /// The number of values of an embedding.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Tokens of a text that are read, special tokens included.
    pub fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// Names what the embeddings depend on: weights, tokenizer, pooling, prompts and the options
    /// that change values. Two encoders with one fingerprint give comparable embeddings.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Embeds queries; `[n, dim]`, row i for text i.
    ///
    /// # Errors
    ///
    /// Those of [`encode_with`](Self::encode_with), except cancellation.
    pub fn encode_queries<S: AsRef<str> + Sync>(&self, texts: &[S]) -> Result<Array2<f32>> {
        let mut go_on = |_| ControlFlow::Continue(());
        Ok(self.encode_with(Role::Query, texts, &mut go_on)?.rows)
    }

    /// Embeds documents; `[n, dim]`, row i for text i.
    ///
    /// # Errors
    ///
    /// Those of [`encode_with`](Self::encode_with), except cancellation.
    pub fn encode_documents<S: AsRef<str> + Sync>(&self, texts: &[S]) -> Result<Array2<f32>> {
        let mut go_on = |_| ControlFlow::Continue(());
        Ok(self.encode_with(Role::Document, texts, &mut go_on)?.rows)
    }

    /// Embeds texts, telling `progress` how far it is, and reports what was cut off.
    ///
    /// The callback runs on the calling thread, now and then. When it breaks, the work stops
    /// after the pieces under way.
    ///
    /// # Errors
    ///
    /// [`Error::Cancelled`] when the callback breaks; [`Error::Forward`] when the device fails;
    /// [`Error::NotFinite`] when weights or device give an embedding that is no number.
    ///
    /// # Complexity
    ///
    /// Linear in the number of tokens, and quadratic in the tokens of one text, which the
    /// checkpoint bounds.
    pub fn encode_with<S: AsRef<str> + Sync>(
        &self,
        role: Role,
        texts: &[S],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Embeddings> {
        let prompt = self.prompt(role);
        let prompt_tokens = match role {
            Role::Query => self.prompt_tokens.query,
            Role::Document => self.prompt_tokens.document,
        };
        let total = texts.len();
        let window = self.architecture.texts_ahead().unwrap_or(total).max(1);
        let tokenize = |start: usize| {
            let texts = &texts[start..total.min(start + window)];
            self.tokenize_all(prompt, texts, start)
        };
        let mut rows = Array2::zeros((total, self.dim));
        let mut truncation = Truncation::default();
        let mut tokenized = tokenize(0)?;
        for start in (0..total).step_by(window) {
            let counts = tokenized.iter().map(|text| (text.cut, text.ids.len()));
            truncation += Truncation::of(counts, self.tokenizer.special_tokens());
            let next = start + window;
            let end = total.min(next);
            let mut here = rows.slice_axis_mut(Axis(0), Slice::from(start..end));
            let mut progress = |done| {
                progress(Progress {
                    done: start + done,
                    total,
                })
            };
            let (following, outcome) = self.workers.beside(
                || (next < total).then(|| tokenize(next)),
                || self.run(&tokenized, prompt_tokens, &mut here, &mut progress),
            );
            outcome.map_err(|stop| stop.at(start, total))?;
            tokenized = following.flatten().transpose()?.unwrap_or_default();
        }
        Ok(Embeddings { rows, truncation })
    }

    /// Runs texts that are tokenized; `rows` is `[n, dim]`, row i for text i. `progress` is told how
    /// many are done.
    fn run(
        &self,
        tokenized: &[Tokenized],
        prompt_tokens: usize,
        rows: &mut ArrayViewMut2<'_, f32>,
        progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<(), Stop> {
        let lengths: Vec<_> = tokenized.iter().map(|text| text.ids.len()).collect();
        let pieces = pieces_by_length(&lengths, self.max_batch_tokens);
        let mut done = 0;
        let mut outcome = Ok(());
        self.workers.each(
            pieces.len(),
            self.architecture.one_batch_a_thread(),
            |piece, threads| {
                let sequences = pieces[piece]
                    .iter()
                    .map(|&text| tokenized[text].ids.as_slice());
                let batch = TokenBatch::from_sequences(sequences);
                let pooling = &self.pooling;
                let rows = self
                    .architecture
                    .pooled(&batch, pooling, prompt_tokens, threads)?;
                self.finish(rows)
            },
            |piece, result| {
                let embedded = match result {
                    Ok(embedded) => embedded,
                    Err(error) => {
                        outcome = Err(Stop::Error(error));
                        return ControlFlow::Break(());
                    }
                };
                for (&text, row) in pieces[piece].iter().zip(embedded.outer_iter()) {
                    if row.iter().any(|value| !value.is_finite()) {
                        outcome = Err(Stop::NotFinite { text });
                        return ControlFlow::Break(());
                    }
                    rows.row_mut(text).assign(&row);
                }
                done += pieces[piece].len();
                let answer = progress(done);
                if answer.is_break() {
                    outcome = Err(Stop::Cancelled { done });
                }
                answer
            },
        );
        outcome
    }

    /// The part of `text` that its embedding depends on: all of it, or what comes before the limit
    /// of tokens.
    ///
    /// # Errors
    ///
    /// [`Error::Tokenize`] when the tokenizer refuses the text.
    pub fn part_read<'t>(&self, role: Role, text: &'t str) -> Result<&'t str> {
        let prompt = self.prompt(role);
        let end = self.tokenizer.bytes_read(prompt, text)?;
        Ok(text.get(..end).unwrap_or(text))
    }

    fn prompt(&self, role: Role) -> &str {
        match role {
            Role::Query => &self.prompts.query,
            Role::Document => &self.prompts.document,
        }
    }

    /// The tokens of `texts`, with the prompt of their role: the first stage of an encoding.
    ///
    /// # Errors
    ///
    /// [`Error::Tokenize`] when the tokenizer refuses a text.
    pub fn tokenize<S: AsRef<str> + Sync>(&self, role: Role, texts: &[S]) -> Result<TokenBatch> {
        let tokenized = self.tokenize_all(self.prompt(role), texts, 0)?;
        Ok(TokenBatch::from_sequences(
            tokenized.iter().map(|text| text.ids.as_slice()),
        ))
    }

    /// The last hidden states `[T, hidden_size]` of packed tokens: the second stage.
    ///
    /// # Errors
    ///
    /// [`Error::Forward`] when an id is not in the vocabulary, a text has more tokens than the
    /// model has positions, or the device fails.
    pub fn hidden_states(&self, batch: &TokenBatch) -> Result<Array2<f32>> {
        let threads = self.workers.threads();
        self.workers
            .together(|| self.architecture.forward(batch, threads))
    }

    /// One row for each text from its hidden states `[T, hidden_size]`, before the modules
    /// behind the pooling: the third stage. Every token counts.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] when the hidden states are not of this batch, or a text has no token.
    pub fn pool(&self, hidden: ArrayView2<'_, f32>, batch: &TokenBatch) -> Result<Array2<f32>> {
        self.pooling.apply(hidden, batch, 0)
    }

    /// Tokenizes texts, the first of which is number `start` of those asked for.
    fn tokenize_all<S: AsRef<str> + Sync>(
        &self,
        prompt: &str,
        texts: &[S],
        start: usize,
    ) -> Result<Vec<Tokenized>> {
        let tokenize =
            |(at, text): (usize, &S)| self.tokenizer.tokenize(prompt, text.as_ref(), start + at);
        self.workers
            .together(|| texts.par_iter().enumerate().map(tokenize).collect())
    }

    /// Runs the modules behind the pooling and cuts to the dimension.
    fn finish(&self, mut rows: Array2<f32>) -> Result<Array2<f32>> {
        for module in &self.head {
            match module {
                Head::Dense(dense) => rows = dense.apply(rows.view())?,
                Head::Normalize => normalize_rows(&mut rows),
            }
        }
        if self.dim < rows.len_of(Axis(1)) {
            rows = rows.slice_axis(Axis(1), Slice::from(..self.dim)).to_owned();
        }
        Ok(rows)
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(Error::io("read", path))
}

fn invalid<'a>(
    option: &'static str,
    found: impl ToString,
    expected: impl Into<Cow<'a, str>>,
) -> Error {
    let expected = expected.into().into_owned();
    Error::InvalidOption {
        option,
        found: found.to_string(),
        expected,
    }
}
