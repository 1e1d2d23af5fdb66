use candle_core::Tensor;

/// The hidden states of some texts of a batch, on the device.
pub(super) struct Output {
    /// `[rows, hidden_size]`
    pub(super) states: Tensor,
    /// The indices of the texts in the batch.
    pub(super) texts: Vec<usize>,
    /// The first row of each text in `states`.
    pub(super) starts: Vec<usize>,
}
