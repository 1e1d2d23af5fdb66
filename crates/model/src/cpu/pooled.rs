//! The hidden states of single tokens, for poolings that read no others.

use ndarray::Array2;

use super::layer::Layer;
use super::{AttentionUnit, CpuTransformer};
use crate::{Result, TokenBatch};

impl CpuTransformer {
    /// Returns the last hidden states of some tokens of a batch, `[rows, hidden_size]`.
    ///
    /// `rows` are ascending indices of tokens of the batch; a token may be asked for twice. The last
    /// layer computes keys and values of all tokens, and everything else of these tokens alone.
    /// Every row has the bits that [`forward`](crate::backend::Backend::forward) gives it.
    pub(super) fn forward_rows(
        &self,
        before: &[Layer],
        last: &Layer,
        batch: &TokenBatch,
        rows: &[usize],
        threads: usize,
    ) -> Result<Array2<f32>> {
        self.check(batch)?;
        let (width, heads) = (self.description.hidden_size, self.description.heads);
        let (qkv_width, context_width) = (heads.qkv_width(), heads.query_width());
        let tokens = batch.ids().len();
        let mut hidden = Array2::zeros((rows.len(), width));
        let Some(selected) = hidden.as_slice_mut().filter(|_| tokens > 0) else {
            return Ok(hidden);
        };
        let angles = self.angles(batch);
        let plan = self.plan(batch, &angles, threads);
        self.batch_buffers.with(|buffers| {
            let mut x = std::mem::take(&mut buffers.hidden);
            let states = x.first(tokens * width);
            self.embeddings.embed(self.cpu, batch, width, states);
            for layer in before {
                self.run_layer(layer, plan, states, buffers);
            }
            let qkv = buffers.qkv.first(tokens * qkv_width);
            self.project(last, plan, states, qkv);
            let context = buffers.context.first(rows.len() * context_width);
            let outputs = context.chunks_mut(context_width);
            let units = sequences_of(batch.offsets(), rows)
                .zip(rows)
                .zip(outputs)
                .map(|(((start, end), &row), out)| AttentionUnit {
                    qkv: &qkv[start * qkv_width..end * qkv_width],
                    queries: row - start..row - start + 1,
                    out,
                });
            self.attend_units(&last.attention, plan.row_threads, units.collect());
            for (&row, selected) in rows.iter().zip(selected.chunks_mut(width)) {
                selected.copy_from_slice(&states[row * width..][..width]);
            }
            self.finish(last, plan, context, selected);
            buffers.hidden = x;
        });
        if let Some(norm) = &self.final_norm {
            norm.apply(self.cpu, selected);
        }
        Ok(hidden)
    }
}

/// Returns the bounds of the sequence of each row; `rows` are ascending.
fn sequences_of<'a>(
    offsets: &'a [usize],
    rows: &'a [usize],
) -> impl Iterator<Item = (usize, usize)> + 'a {
    let mut sequence = 0;
    rows.iter().map(move |&row| {
        while offsets[sequence + 1] <= row {
            sequence += 1;
        }
        (offsets[sequence], offsets[sequence + 1])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_belong_to_the_sequence_that_covers_them() {
        let found: Vec<_> = sequences_of(&[0, 3, 3, 4, 9], &[0, 2, 3, 4, 8]).collect();
        assert_eq!(found, [(0, 3), (0, 3), (3, 4), (4, 9), (4, 9)]);
    }
}
