use std::fmt;

use ndarray::Array2;

use crate::pooling::Pooling;
use crate::{Result, TokenBatch};

/// A transformer loaded on a device: tokens in, hidden states out.
///
/// Tokenization before a backend, and pooling, normalization and truncation after it, are written
/// once, outside all backends. On a CPU, a backend computes each sequence independently: the hidden
/// states of a sequence do not depend, bit for bit, on the other sequences of the batch or on the
/// number of threads.
pub(crate) trait Backend: fmt::Debug + Send + Sync {
    /// Runs the packed batch and returns `[T, hidden_size]`, row t for token t.
    ///
    /// `threads` is the number of threads of the current pool that this batch may use: 1 if other
    /// threads run batches of their own at the same time.
    fn forward(&self, batch: &TokenBatch, threads: usize) -> Result<Array2<f32>>;

    /// Runs the packed batch and pools the hidden states of each text into one row, `[B, dim]`.
    ///
    /// The default calls [`forward`](Self::forward) and pools its result. A device that pools by
    /// itself overrides this method, so that the hidden states need not be copied to the host.
    fn pooled(
        &self,
        batch: &TokenBatch,
        pooling: &Pooling,
        prompt_tokens: usize,
        threads: usize,
    ) -> Result<Array2<f32>> {
        let hidden = self.forward(batch, threads)?;
        pooling.apply(hidden.view(), batch, prompt_tokens)
    }

    /// Returns whether each thread should run a batch of its own, rather than all threads share
    /// one batch.
    fn parallel_over_batches(&self) -> bool;

    /// Returns how many texts to tokenize while the previous ones run, or `None` if the model runs
    /// on the CPU, which tokenization would compete with.
    fn prefetch_texts(&self) -> Option<usize> {
        None
    }

    /// Returns the batch size, in tokens, to use if the caller does not choose one.
    fn batch_tokens(&self) -> usize;

    /// Waits until packed weights have been written to the cache, if they are being written.
    fn wait_for_weights_cache(&self) {}
}
