use cognate_kernels::{Cpu, SharedBuffer};

use super::norm::Norm;
use super::token_embeddings::TokenEmbeddings;
use crate::TokenBatch;
use crate::config::token_positions;

/// The input of the first layer: token embeddings, and what is added to them.
#[derive(Debug)]
pub(super) struct Embeddings {
    pub(super) tokens: TokenEmbeddings,
    pub(super) added: Option<AddedEmbeddings>,
    pub(super) norm: Option<Norm>,
}

/// The sum of each token type embedding and each position embedding.
#[derive(Debug)]
pub(super) struct AddedEmbeddings {
    /// `[types, positions, hidden_size]`; a model without token types has one type, and a model
    /// without position embeddings one position.
    pub(super) sums: SharedBuffer,
    /// The number of positions, and the padding token after which they are counted; `None` if the
    /// model has no position embeddings.
    pub(super) positions: Option<(usize, Option<u32>)>,
}

impl Embeddings {
    /// Computes the input of the first layer, `[T, hidden_size]`, in `hidden`, whatever it holds.
    ///
    /// All ids, positions and token types of the batch must have embeddings.
    pub(super) fn embed(&self, cpu: Cpu, batch: &TokenBatch, width: usize, hidden: &mut [f32]) {
        match &self.added {
            Some(added) => added.copy(batch, width, hidden),
            // Buffers are used again, and the token embeddings are added.
            None => hidden.fill(0.0),
        }
        for (&id, row) in batch.ids().iter().zip(hidden.chunks_exact_mut(width)) {
            self.tokens.add(id as usize, row);
        }
        if let Some(norm) = &self.norm {
            norm.apply(cpu, hidden);
        }
    }
}

impl AddedEmbeddings {
    fn copy(&self, batch: &TokenBatch, width: usize, hidden: &mut [f32]) {
        let mut token_types = batch.token_types().unwrap_or_default().iter();
        let mut rows = hidden.chunks_exact_mut(width);
        for ids in batch.sequences() {
            let positions = match self.positions {
                Some((_, pad_token_id)) => token_positions(ids, pad_token_id),
                None => vec![0; ids.len()],
            };
            for (position, row) in positions.into_iter().zip(&mut rows) {
                let token_type = token_types.next().map_or(0, |&id| id as usize);
                let index = token_type * self.positions.map_or(1, |(count, _)| count) + position;
                row.copy_from_slice(&self.sums[index * width..][..width]);
            }
        }
    }
}
