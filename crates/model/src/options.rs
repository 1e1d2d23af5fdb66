use std::thread::available_parallelism;

use crate::workers::Workers;
use crate::{Checkpoint, Device, Error, Precision, Result};

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

    /// The tokens of a text, where they fit the positions of `checkpoint`.
    pub(crate) fn checked_max_tokens(&self, checkpoint: &Checkpoint) -> Result<usize> {
        let max_tokens = self.max_tokens.unwrap_or(checkpoint.max_tokens);
        let positions = checkpoint.transformer.max_tokens();
        if max_tokens > positions {
            return Err(Error::InvalidOption {
                option: "max_tokens",
                found: max_tokens.to_string(),
                expected: format!("at most {positions}"),
            });
        }
        Ok(max_tokens)
    }

    /// The threads, where these and the batches are some.
    pub(crate) fn workers(&self) -> Result<Workers> {
        let threads = self
            .threads
            .unwrap_or_else(|| available_parallelism().map_or(1, usize::from));
        for (option, value) in [
            ("threads", threads),
            ("max_batch_tokens", self.max_batch_tokens.unwrap_or(1)),
        ] {
            if value == 0 {
                return Err(Error::InvalidOption {
                    option,
                    found: "0".to_owned(),
                    expected: "at least 1".to_owned(),
                });
            }
        }
        Workers::new(threads)
    }
}

/// How a [`Reranker`](crate::Reranker) runs its checkpoint, on the CPU.
///
/// The defaults give what the `CrossEncoder` of sentence-transformers gives.
///
/// ```
/// use cognate_model::{Precision, RerankerOptions};
///
/// let options = RerankerOptions::default().precision(Precision::Int8).threads(4);
/// ```
#[derive(Clone, Debug, Default)]
pub struct RerankerOptions(pub(crate) EncoderOptions);

impl RerankerOptions {
    /// The number format: [`Precision::F32`] or [`Precision::Int8`]. Default: the first.
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Self {
        self.0 = self.0.precision(precision);
        self
    }

    /// Tokens of a pair that are read, special tokens included; the rest is cut off and reported.
    /// Default: what the checkpoint says. At most its number of positions.
    #[must_use]
    pub fn max_tokens(mut self, tokens: usize) -> Self {
        self.0 = self.0.max_tokens(tokens);
        self
    }

    /// Tokens that go through the model in one piece. Default: 256. Changes speed and memory, and
    /// never a result.
    #[must_use]
    pub fn max_batch_tokens(mut self, tokens: usize) -> Self {
        self.0 = self.0.max_batch_tokens(tokens);
        self
    }

    /// Threads of the CPU. Default: as many as the machine has. Never changes a result.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.0 = self.0.threads(threads);
        self
    }
}
