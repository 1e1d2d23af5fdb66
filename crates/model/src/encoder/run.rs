use std::ops::ControlFlow;

use ndarray::ArrayViewMut2;

use super::Encoder;
use crate::batch::batches_by_length;
use crate::tokenize::TokenizedText;
use crate::{Error, Role, TokenBatch};

/// Why a run over some of the texts of a call ended early; indices and counts start at the first
/// text of the run.
pub(super) enum Stop {
    Error(Error),
    NotFinite { text: usize },
    Cancelled { done: usize },
}

impl Stop {
    /// Returns the error for the caller, whose `total` texts the run covered from text `start` on.
    pub(super) fn into_error(self, start: usize, total: usize) -> Error {
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

impl Encoder {
    /// Embeds tokenized texts into `rows`, `[n, dim]`, row i for text i; `progress` gets the number
    /// of texts that are done.
    pub(super) fn run(
        &self,
        role: Role,
        tokenized: &[TokenizedText],
        rows: &mut ArrayViewMut2<'_, f32>,
        progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<(), Stop> {
        let route = self.route(role);
        let input = &route.input;
        let prompt_tokens = match role {
            Role::Query => self.prompt_tokens.query,
            Role::Document => self.prompt_tokens.document,
        };
        let lengths: Vec<_> = tokenized.iter().map(|text| text.ids.len()).collect();
        let batches = batches_by_length(&lengths, input.max_batch_tokens);
        let mut done = 0;
        let mut outcome = Ok(());
        self.workers.for_each_batch(
            batches.len(),
            input.backend.parallel_over_batches(),
            |batch, threads| {
                let sequences = batches[batch]
                    .iter()
                    .map(|&text| tokenized[text].ids.as_slice());
                let packed = TokenBatch::from_sequences(sequences);
                let pooled =
                    input
                        .backend
                        .pooled(&packed, &route.pooling, prompt_tokens, threads)?;
                route.finish(pooled, self.dim)
            },
            |batch, result| {
                let embedded = match result {
                    Ok(embedded) => embedded,
                    Err(error) => {
                        outcome = Err(Stop::Error(error));
                        return ControlFlow::Break(());
                    }
                };
                for (&text, row) in batches[batch].iter().zip(embedded.outer_iter()) {
                    if row.iter().any(|value| !value.is_finite()) {
                        outcome = Err(Stop::NotFinite { text });
                        return ControlFlow::Break(());
                    }
                    rows.row_mut(text).assign(&row);
                }
                done += batches[batch].len();
                let flow = progress(done);
                if flow.is_break() {
                    outcome = Err(Stop::Cancelled { done });
                }
                flow
            },
        );
        outcome
    }
}
