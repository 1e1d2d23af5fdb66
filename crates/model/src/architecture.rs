use std::fmt;

use cognate_kernels::Cpu;
use ndarray::Array2;

use crate::candle::CandleEncoder;
use crate::config::TransformerConfig;
use crate::native::PostNormEncoder;
use crate::pooling::Pooling;
use crate::weights::WeightsFile;
use crate::{Checkpoint, Device, Error, Precision, Result, TokenBatch};

/// A transformer that runs: tokens in, hidden states out.
///
/// Everything before (tokens) and behind (pooling, normalization, truncation) is written once
/// and outside. On a CPU, an implementation computes each sequence as if it were alone: its hidden
/// states do not depend, bit for bit, on its neighbours in the batch nor on the number of threads.
pub(crate) trait Architecture: fmt::Debug + Send + Sync {
    /// Runs the packed batch; the result is `[T, hidden_size]`, row t for token t.
    ///
    /// `threads` says how many threads of the current pool this one batch may use; 1 where
    /// others run batches of their own beside it.
    fn forward(&self, batch: &TokenBatch, threads: usize) -> Result<Array2<f32>>;

    /// Runs the packed batch and turns the hidden states of each text into one row, `[B, dim]`.
    ///
    /// By itself this is [`forward`](Self::forward) and then the pooling; a device that pools by
    /// itself saves the way of all hidden states from it.
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

    /// Whether one batch should run on each thread, rather than all threads on each batch.
    fn one_batch_a_thread(&self) -> bool;

    /// How many texts are tokenized while those before them run, where it is not the processor that
    /// runs them.
    fn texts_ahead(&self) -> Option<usize> {
        None
    }

    /// Tokens of a batch that run well, when the caller does not say.
    fn batch_tokens(&self) -> usize;
}

/// Loads the transformer of `checkpoint`, on the current pool; returns beside it what the
/// fingerprint is to know of the weights.
pub(crate) fn load(
    checkpoint: &Checkpoint,
    device: Device,
    precision: Precision,
) -> Result<(Box<dyn Architecture>, Vec<u8>)> {
    let transformer = &checkpoint.transformer;
    let supported: &[Precision] = match (device, transformer) {
        (Device::Cpu, TransformerConfig::PostNorm(_)) => &[Precision::F32, Precision::Int8],
        (Device::Cpu, _) => &[Precision::F32],
        (Device::Cuda(_) | Device::Metal(_), _) => {
            &[Precision::F32, Precision::F16, Precision::BF16]
        }
    };
    if !supported.contains(&precision) {
        return Err(unsupported(precision, device, supported));
    }
    let weights = WeightsFile::open(checkpoint.weights_path())?;
    match transformer {
        TransformerConfig::PostNorm(config) if device == Device::Cpu => {
            let int8 = precision == Precision::Int8;
            let (encoder, digest) = PostNormEncoder::load(Cpu::detect(), config, weights, int8)?;
            Ok((Box::new(encoder), digest))
        }
        _ => {
            let (encoder, digest) = CandleEncoder::load(transformer, weights, device, precision)?;
            Ok((Box::new(encoder), digest))
        }
    }
}

fn unsupported(precision: Precision, device: Device, supported: &[Precision]) -> Error {
    let names: Vec<_> = supported
        .iter()
        .map(|precision| format!("`{precision}`"))
        .collect();
    let several = if names.len() > 1 { "one of " } else { "" };
    Error::InvalidOption {
        option: "precision",
        found: format!("`{precision}`"),
        expected: format!("{several}{} on `{device}`", names.join(", ")),
    }
}
