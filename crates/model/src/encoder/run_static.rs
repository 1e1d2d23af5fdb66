use std::ops::ControlFlow;

use ndarray::Array2;
use rayon::prelude::*;

use super::{Embeddings, Encoder};
use crate::static_embedding::StaticEmbedding;
use crate::tokenize::FastWordPiece;
use crate::{Error, Progress, Result, Role, Truncation};

/// The number of texts between two reports of progress.
const WINDOW: usize = 1 << 14;

/// The number of texts that a thread embeds at a time.
const CHUNK: usize = 64;

impl Encoder {
    /// Embeds texts by a table of token embeddings: each thread tokenizes some texts and averages the
    /// rows of their tokens.
    pub(super) fn run_static<S: AsRef<str> + Sync>(
        &self,
        role: Role,
        model: (&StaticEmbedding, Option<&FastWordPiece>),
        texts: &[S],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Embeddings> {
        let total = texts.len();
        let mut rows = Array2::zeros((total, self.dim));
        let mut truncation = Truncation::default();
        let all = rows.as_slice_mut().unwrap_or_default();
        let windows = texts.chunks(WINDOW).zip(all.chunks_mut(WINDOW * self.dim));
        for (window, (texts, rows)) in windows.enumerate() {
            let start = window * WINDOW;
            let chunks = texts.par_chunks(CHUNK);
            let chunks = chunks
                .zip(rows.par_chunks_mut(CHUNK * self.dim))
                .enumerate();
            let embed = |(chunk, (texts, rows)): (usize, (&[S], &mut [f32]))| {
                self.embed_static(role, model, texts, start + chunk * CHUNK, rows)
            };
            let outcomes: Vec<_> = self.workers.install(|| chunks.map(embed).collect());
            // The first error in the order of the texts, whichever thread was first.
            for outcome in outcomes {
                truncation += outcome?;
            }
            let done = start + texts.len();
            if progress(Progress { done, total }).is_break() {
                return Err(Error::Cancelled { done, total });
            }
        }
        Ok(Embeddings { rows, truncation })
    }

    /// Embeds texts, the first of which is text `start` of the call, into `rows`, `[n, dim]`.
    fn embed_static<S: AsRef<str>>(
        &self,
        role: Role,
        (table, fast): (&StaticEmbedding, Option<&FastWordPiece>),
        texts: &[S],
        start: usize,
        rows: &mut [f32],
    ) -> Result<Truncation> {
        let route = self.route(role);
        let (prompt, tokenizer) = (self.prompt(role), &route.input.tokenizer);
        let max_tokens = self.max_tokens_of(role);
        let mut means = Array2::zeros((texts.len(), table.dim()));
        let mut truncation = Truncation::default();
        let mut ids = Vec::new();
        let mut joined = String::new();
        let all = means.as_slice_mut().unwrap_or_default();
        for (text, (mean, index)) in texts
            .iter()
            .zip(all.chunks_exact_mut(table.dim()).zip(start..))
        {
            let truncated = if let Some(fast) = fast {
                let mut whole = text.as_ref();
                if !prompt.is_empty() {
                    joined.clear();
                    joined.push_str(prompt);
                    joined.push_str(whole);
                    whole = &joined;
                }
                ids.clear();
                fast.tokenize(tokenizer, whole, index, &mut ids)?;
                tokenizer.truncate(&mut ids, max_tokens)
            } else {
                let text = tokenizer.tokenize(prompt, text.as_ref(), max_tokens, index)?;
                ids = text.ids;
                text.truncated
            };
            truncation += Truncation::count([(truncated, ids.len())].into_iter(), 0);
            check(&ids, table.vocab_size())?;
            table.mean(&ids, mean);
        }
        let finished = route.finish(means, self.dim)?;
        let finished = finished.as_slice().unwrap_or_default();
        for (row, text) in finished.chunks_exact(self.dim).zip(start..) {
            // The largest magnitude, which is a maximum of integers and vectorizes well.
            let bits = row.iter().map(|value| value.abs().to_bits());
            if bits.fold(0, u32::max) >= f32::INFINITY.to_bits() {
                return Err(Error::NotFinite { text });
            }
        }
        rows.copy_from_slice(finished);
        Ok(truncation)
    }
}

/// Refuses token ids that have no row.
fn check(ids: &[u32], vocab_size: usize) -> Result<()> {
    match ids.iter().find(|&&id| id as usize >= vocab_size) {
        None => Ok(()),
        Some(&id) => Err(Error::Shape {
            what: "token id, largest",
            expected: vocab_size - 1,
            found: id as usize,
        }),
    }
}
