use std::path::PathBuf;
use std::thread::available_parallelism;

use crate::checkpoint::TransformerModule;
use crate::workers::Workers;
use crate::{Device, Error, Precision, Result};

/// How an [`Encoder`](crate::Encoder) runs its checkpoint.
///
/// The defaults give the embeddings of sentence-transformers.
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
    pub(crate) weights_cache: Option<PathBuf>,
}

impl EncoderOptions {
    /// Sets the device that runs the model. Default: [`Device::Cpu`].
    #[must_use]
    pub fn device(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    /// Sets the number format of the arithmetic. Default: [`Precision::F32`].
    ///
    /// [`Precision::Int8`] runs on a CPU, [`Precision::F16`] and [`Precision::BF16`] on a GPU.
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// Sets the maximum number of tokens that are read of a text, special tokens included; further
    /// tokens are truncated and counted. Default: the limit of the checkpoint. At most the number
    /// of positions of the model.
    #[must_use]
    pub fn max_tokens(mut self, tokens: usize) -> Self {
        self.max_tokens = Some(tokens);
        self
    }

    /// Sets the maximum number of tokens in a batch; a longer text is a batch of its own.
    ///
    /// Default: 256 on a CPU, 16,384 on a GPU, and 65,536 for the BERT family on an NVIDIA GPU,
    /// where it runs without padding. The batch size changes speed and memory use, and on a CPU
    /// never a result.
    #[must_use]
    pub fn max_batch_tokens(mut self, tokens: usize) -> Self {
        self.max_batch_tokens = Some(tokens);
        self
    }

    /// Sets the number of CPU threads. Default: one per available core. The number of threads never
    /// changes a result.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Keeps only the first `dim` values of each embedding, for checkpoints trained with Matryoshka
    /// representation learning (<https://arxiv.org/abs/2205.13147>). Default: the `truncate_dim` of
    /// the checkpoint, or all values.
    ///
    /// As in sentence-transformers, truncated rows are not normalized again.
    #[must_use]
    pub fn truncate_dim(mut self, dim: usize) -> Self {
        self.truncate_dim = Some(dim);
        self
    }

    /// Keeps the weights in `folder` as the CPU kernels need them, so that later processes map them
    /// instead of reading and packing the weights of the checkpoint, and share their memory. A thread
    /// of its own writes them after loading. Default: nothing is written. [`ModelSource::weights_cache`](crate::ModelSource::weights_cache) is the
    /// folder that the command `cognate` uses.
    ///
    /// A file of the folder is used for weights with the same path, size, modification time and, on
    /// Unix, inode and time of the last status change, and after its checksums have been compared. If
    /// it does not fit, is damaged, or cannot be written, the weights are packed again. The folder is
    /// as trusted as the checkpoint: its files must come from processes of the same user, which replace
    /// them and never change them.
    ///
    /// The folder has at most 8 files, of 2 GiB each and 4 GiB together; writing a file removes the
    /// oldest ones beyond that, and those whose weights were changed or removed.
    #[must_use]
    pub fn weights_cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.weights_cache = Some(folder.into());
        self
    }

    /// Returns the maximum number of tokens in a text, and refuses more than `checkpoint` has
    /// positions for.
    pub(crate) fn checked_max_tokens(&self, checkpoint: &TransformerModule) -> Result<usize> {
        let max_tokens = self.max_tokens.unwrap_or(checkpoint.max_tokens);
        let positions = checkpoint.transformer.config.sizes().max_tokens;
        if max_tokens > positions {
            return Err(Error::InvalidOption {
                option: "max_tokens",
                found: max_tokens.to_string(),
                expected: format!("at most {positions}"),
            });
        }
        Ok(max_tokens)
    }

    /// Starts the threads, and refuses 0 threads and empty batches.
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
/// The defaults give the scores of the `CrossEncoder` of sentence-transformers.
///
/// ```
/// use cognate_model::{Precision, RerankerOptions};
///
/// let options = RerankerOptions::default().precision(Precision::Int8).threads(4);
/// ```
#[derive(Clone, Debug, Default)]
pub struct RerankerOptions(pub(crate) EncoderOptions);

impl RerankerOptions {
    /// Sets the number format of the arithmetic: [`Precision::F32`] or [`Precision::Int8`].
    /// Default: [`Precision::F32`].
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Self {
        self.0 = self.0.precision(precision);
        self
    }

    /// Sets the maximum number of tokens that are read of a pair, special tokens included; further
    /// tokens are truncated and counted. Default: the limit of the checkpoint. At most the number
    /// of positions of the model.
    #[must_use]
    pub fn max_tokens(mut self, tokens: usize) -> Self {
        self.0 = self.0.max_tokens(tokens);
        self
    }

    /// Sets the maximum number of tokens in a batch; a longer pair is a batch of its own.
    /// Default: 256. The batch size changes speed and memory use, and never a result.
    #[must_use]
    pub fn max_batch_tokens(mut self, tokens: usize) -> Self {
        self.0 = self.0.max_batch_tokens(tokens);
        self
    }

    /// Sets the number of CPU threads. Default: one per available core. The number of threads never
    /// changes a result.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.0 = self.0.threads(threads);
        self
    }

    /// Keeps packed weights in `folder`, like
    /// [`EncoderOptions::weights_cache`]. Default: nothing is written.
    #[must_use]
    pub fn weights_cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.0 = self.0.weights_cache(folder);
        self
    }
}
