use std::ops::ControlFlow;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2, Axis, Slice};
use rayon::prelude::*;

use crate::checkpoint::Prompts;
use crate::tokenize::TokenizedText;
use crate::workers::Workers;
use crate::{Error, Precision, Progress, Result, Role, TokenBatch, Truncation};

mod load;
mod route;
mod run;
mod run_static;

use route::{Model, Route};

/// A loaded checkpoint: texts in, embeddings out.
///
/// All methods take `&self`, and threads may share an encoder. On a CPU, an embedding depends on
/// its text alone: it does not change, bit for bit, with the other texts of a call, their order,
/// the batch size or the number of threads.
#[derive(Debug)]
pub struct Encoder {
    model: String,
    precision: Precision,
    query: Arc<Route>,
    /// The same as `query`, unless the checkpoint has other modules for documents.
    document: Arc<Route>,
    prompts: Prompts,
    /// The length of the prompts.
    prompt_tokens: TokensByRole,
    /// The maximum length of texts, special tokens included.
    max_tokens: TokensByRole,
    dim: usize,
    workers: Workers,
    fingerprint: String,
    notes: Vec<String>,
}

/// A number of tokens for each role.
#[derive(Clone, Copy, Debug)]
struct TokensByRole {
    query: usize,
    document: usize,
}

impl TokensByRole {
    fn of(self, role: Role) -> usize {
        match role {
            Role::Query => self.query,
            Role::Document => self.document,
        }
    }
}

/// Embeddings, together with a report of what was truncated.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Embeddings {
    /// `[n, dim]`, row i for text i.
    pub rows: Array2<f32>,
    /// What was truncated because texts were longer than the model reads.
    pub truncation: Truncation,
}

impl Encoder {
    /// Returns the name of the checkpoint.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Returns the number format of the arithmetic.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Returns the number of values in an embedding.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Returns the number of calls at the same time that make full use of the device: the number of
    /// threads on a CPU, where a call with few texts does not keep all of them busy, and 1 on a
    /// GPU.
    pub fn parallel_calls(&self) -> usize {
        let is_on_cpu = match &self.query.input.model {
            Model::Static { .. } => true,
            Model::Transformer { backend, .. } => backend.prefetch_texts().is_none(),
        };
        if is_on_cpu { self.workers.threads() } else { 1 }
    }

    /// Returns the maximum number of tokens that are read of a document, special tokens included:
    /// `usize::MAX` if a static embedding has no limit.
    pub fn max_tokens(&self) -> usize {
        self.max_tokens_of(Role::Document)
    }

    /// Returns the maximum number of tokens that are read of a text with this role, special tokens
    /// included.
    pub fn max_tokens_of(&self, role: Role) -> usize {
        self.max_tokens.of(role)
    }

    /// Returns the [notes](crate::Checkpoint::notes) on the checkpoint.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Returns a hash of everything that the embeddings depend on: weights, tokenizer, pooling,
    /// prompts and the options that change values.
    ///
    /// The embeddings of two encoders with the same fingerprint are comparable.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Waits until packed weights have been written to the folder of
    /// [`EncoderOptions::weights_cache`](crate::EncoderOptions::weights_cache), which happens on a thread of its own after loading.
    ///
    /// Dropping the encoder waits too. A program that exits without dropping it should call this
    /// method, because the file would be written in vain.
    pub fn wait_for_weights_cache(&self) {
        self.query.input.wait_for_weights_cache();
        self.document.input.wait_for_weights_cache();
    }

    /// Embeds queries and returns `[n, dim]`, row i for text i.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`encode_with`](Self::encode_with), except cancellation.
    pub fn encode_queries<S: AsRef<str> + Sync>(&self, texts: &[S]) -> Result<Array2<f32>> {
        let mut proceed = |_| ControlFlow::Continue(());
        Ok(self.encode_with(Role::Query, texts, &mut proceed)?.rows)
    }

    /// Embeds documents and returns `[n, dim]`, row i for text i.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`encode_with`](Self::encode_with), except cancellation.
    pub fn encode_documents<S: AsRef<str> + Sync>(&self, texts: &[S]) -> Result<Array2<f32>> {
        let mut proceed = |_| ControlFlow::Continue(());
        Ok(self.encode_with(Role::Document, texts, &mut proceed)?.rows)
    }

    /// Embeds texts, reports progress, and counts what was truncated.
    ///
    /// `progress` is called on the calling thread after each batch, or after some thousand texts of a
    /// static embedding. If it returns
    /// [`ControlFlow::Break`], no further batch is started, and the call fails once the running
    /// batches have ended.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Cancelled`] if `progress` breaks, [`Error::Tokenize`] if the tokenizer
    /// rejects a text, [`Error::NothingToPool`] if the pooling leaves out the prompt and a text has no
    /// other tokens, [`Error::Forward`] if the device fails, and [`Error::NotFinite`] if an embedding
    /// holds a value that is infinite or not a number.
    ///
    /// # Complexity
    ///
    /// Linear in the number of tokens, and quadratic in the tokens of a single text, which the
    /// checkpoint limits.
    pub fn encode_with<S: AsRef<str> + Sync>(
        &self,
        role: Role,
        texts: &[S],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Embeddings> {
        let route = self.route(role);
        let (backend, max_batch_tokens) = match &route.input.model {
            Model::Static { table, fast } => {
                return self.run_static(role, (table, fast.as_deref()), texts, progress);
            }
            Model::Transformer {
                backend,
                max_batch_tokens,
            } => (&**backend, *max_batch_tokens),
        };
        let total = texts.len();
        let window = backend.prefetch_texts().unwrap_or(total).max(1);
        let tokenize = |start: usize| {
            let texts = &texts[start..total.min(start + window)];
            self.tokenize_all(role, texts, start)
        };
        let mut rows = Array2::zeros((total, self.dim));
        let mut truncation = Truncation::default();
        let mut tokenized = tokenize(0)?;
        for start in (0..total).step_by(window) {
            let counts = tokenized
                .iter()
                .map(|text| (text.truncated, text.ids.len()));
            truncation += Truncation::count(counts, route.input.tokenizer.special_tokens());
            let next = start + window;
            let end = total.min(next);
            let mut window_rows = rows.slice_axis_mut(Axis(0), Slice::from(start..end));
            let mut window_progress = |done| {
                progress(Progress {
                    done: start + done,
                    total,
                })
            };
            let (prefetched, outcome) = self.workers.join_with_caller(
                || (next < total).then(|| tokenize(next)),
                || {
                    let model = (backend, max_batch_tokens);
                    self.run(
                        role,
                        model,
                        &tokenized,
                        &mut window_rows,
                        &mut window_progress,
                    )
                },
            );
            outcome.map_err(|stop| stop.into_error(start, total))?;
            tokenized = prefetched.flatten().transpose()?.unwrap_or_default();
        }
        Ok(Embeddings { rows, truncation })
    }

    /// Returns the part of `text` that its embedding depends on: all of it, or the part within the
    /// limit of tokens, which is the end of the text if the tokenizer truncates on the left.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Tokenize`] if the tokenizer rejects the text.
    pub fn text_within_limit<'t>(&self, role: Role, text: &'t str) -> Result<&'t str> {
        let prompt = self.prompt(role);
        let tokenizer = &self.route(role).input.tokenizer;
        let part = tokenizer.bytes_within_limit(prompt, text, self.max_tokens_of(role))?;
        Ok(text.get(part).unwrap_or(text))
    }

    /// Tokenizes `texts` with the prompt of their role: the first stage of an encoding.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Tokenize`] if the tokenizer rejects a text, and [`Error::NothingToPool`] if the
    /// pooling leaves out the prompt and a text has no other tokens.
    pub fn tokenize<S: AsRef<str> + Sync>(&self, role: Role, texts: &[S]) -> Result<TokenBatch> {
        let tokenized = self.tokenize_all(role, texts, 0)?;
        Ok(TokenBatch::from_sequences(
            tokenized.iter().map(|text| text.ids.as_slice()),
        ))
    }

    /// Computes the last hidden states of packed tokens, `[T, hidden_size]`: the second stage. For a
    /// static embedding they are the rows of the tokens.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Shape`] if a token id is not in the vocabulary or a text has more tokens than
    /// the model has positions, [`Error::Forward`] if the device fails, and [`Error::SeveralRoutes`]
    /// if the checkpoint has different modules for queries and documents.
    pub fn hidden_states(&self, batch: &TokenBatch) -> Result<Array2<f32>> {
        let route = self.only_route("hidden_states")?;
        let threads = self.workers.threads();
        match &route.input.model {
            Model::Static { table, .. } => table.rows(batch),
            Model::Transformer { backend, .. } => {
                self.workers.install(|| backend.forward(batch, threads))
            }
        }
    }

    /// Pools hidden states, `[T, hidden_size]`, into one row for each text, before the modules
    /// after the pooling: the third stage.
    ///
    /// Every token counts, those of a prompt included.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Shape`] if the hidden states are not those of this batch, or a text has no
    /// token, and [`Error::SeveralRoutes`] if the checkpoint has different modules for queries and
    /// documents.
    pub fn pool(&self, hidden: ArrayView2<'_, f32>, batch: &TokenBatch) -> Result<Array2<f32>> {
        self.only_route("pool")?.pooling.apply(hidden, batch, 0)
    }

    fn route(&self, role: Role) -> &Route {
        match role {
            Role::Query => &self.query,
            Role::Document => &self.document,
        }
    }

    /// Returns the route of all texts; `stage` is the name of the method that needs it.
    fn only_route(&self, stage: &'static str) -> Result<&Route> {
        if Arc::ptr_eq(&self.query, &self.document) {
            return Ok(&self.document);
        }
        Err(Error::SeveralRoutes { stage })
    }

    fn prompt(&self, role: Role) -> &str {
        match role {
            Role::Query => &self.prompts.query,
            Role::Document => &self.prompts.document,
        }
    }

    /// Tokenizes texts, the first of which is text `start` of the call, for error messages.
    fn tokenize_all<S: AsRef<str> + Sync>(
        &self,
        role: Role,
        texts: &[S],
        start: usize,
    ) -> Result<Vec<TokenizedText>> {
        let route = self.route(role);
        let (prompt, tokenizer) = (self.prompt(role), &route.input.tokenizer);
        let (prompt_tokens, max_tokens) = (self.prompt_tokens.of(role), self.max_tokens.of(role));
        let tokenize = |(index, text): (usize, &S)| {
            let index = start + index;
            let tokenized = tokenizer.tokenize(prompt, text.as_ref(), max_tokens, index)?;
            let tokens = tokenized.ids.len();
            if route.pooling.leaves_nothing(prompt_tokens, tokens) {
                return Err(Error::NothingToPool {
                    text: index,
                    tokens,
                    prompt_tokens,
                });
            }
            Ok(tokenized)
        };
        self.workers
            .install(|| texts.par_iter().enumerate().map(tokenize).collect())
    }
}
