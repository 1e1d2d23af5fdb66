use crate::{Device, Precision};

/// How an [`Encoder`](crate::Encoder) runs its checkpoint.
///
/// The defaults give what sentence-transformers gives.
///
/// ```
/// use cognate_model::EncoderOptions;
///
/// let options = EncoderOptions::default().max_tokens(128).threads(4);
/// ```
#[derive(Clone, Debug, Default)]
pub struct EncoderOptions {
    pub(crate) device: Device,
    pub(crate) precision: Precision,
    pub(crate) max_tokens: Option<usize>,
    pub(crate) max_batch_tokens: Option<usize>,
    pub(crate) threads: Option<usize>,
    pub(crate) truncate_dim: Option<usize>,
}

impl EncoderOptions {
    /// Where to run. Default: the CPU.
    #[must_use]
    pub fn device(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    /// The number format. Default: [`Precision::F32`]; [`Precision::Int8`] runs the BERT family
    /// on a CPU, [`Precision::F16`] and [`Precision::BF16`] run on a GPU.
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// Tokens of a text that are read, special tokens included; the rest is cut off and
    /// reported. Default: what the checkpoint says. At most its number of positions.
    #[must_use]
    pub fn max_tokens(mut self, tokens: usize) -> Self {
        self.max_tokens = Some(tokens);
        self
    }

    /// Tokens that go through the model in one piece. Default: 1,024 at most on a CPU, 16,384 on a
    /// GPU. Changes speed and memory, and on a CPU never a result.
    #[must_use]
    pub fn max_batch_tokens(mut self, tokens: usize) -> Self {
        self.max_batch_tokens = Some(tokens);
        self
    }

    /// Threads of the CPU. Default: as many as the machine has. Never changes a result.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Keeps the first values of each embedding only, for checkpoints trained that way
    /// (Matryoshka, <https://arxiv.org/abs/2205.13147>). Default: all.
    ///
    /// As in sentence-transformers, the shortened rows are not normalized again.
    #[must_use]
    pub fn truncate_dim(mut self, dim: usize) -> Self {
        self.truncate_dim = Some(dim);
        self
    }
}
