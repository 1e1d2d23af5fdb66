use candle_core::{Result, Tensor, bail};

use super::padded::PaddedBatch;
use crate::TokenBatch;

/// The layers of one architecture, loaded on a device.
pub(crate) trait Model: Send + Sync {
    /// Returns the last hidden states, `[B * longest, hidden_size]`; the rows of padding are
    /// arbitrary.
    fn forward(&self, batch: &PaddedBatch<'_>) -> Result<Tensor>;

    /// Returns whether [`forward_packed`](Self::forward_packed) runs on the device of the model.
    fn supports_packed(&self) -> bool {
        false
    }

    /// Returns the last hidden states of packed tokens, `[T, hidden_size]`.
    fn forward_packed(&self, _batch: &TokenBatch) -> Result<Tensor> {
        bail!("no kernels for packed tokens")
    }
}
