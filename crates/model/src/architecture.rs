use std::fmt;

use ndarray::Array2;

use crate::{Result, TokenBatch};

/// A transformer that runs: tokens in, hidden states out.
///
/// Everything before (tokens) and behind (pooling, normalization, truncation) is written once
/// and outside. An implementation computes each sequence as if it were alone: its hidden states
/// do not depend, bit for bit, on its neighbours in the batch.
pub(crate) trait Architecture: fmt::Debug + Send + Sync {
    /// Runs the packed batch; the result is `[T, hidden_size]`, row t for token t.
    fn forward(&self, batch: &TokenBatch) -> Result<Array2<f32>>;
}
