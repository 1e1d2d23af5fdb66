use std::fmt;
use std::ops::Range;

use candle_core::{DType, Tensor};
use ndarray::Array2;

use crate::architecture::Architecture;
use crate::config::{TensorNames, TransformerConfig, WORDS};
use crate::weights::WeightsFile;
use crate::{Device, Error, Precision, Result, TokenBatch};

mod attention;
mod layers;
mod modern_bert;
mod nomic_bert;
mod padded;
mod post_norm;
mod qwen3;
mod rotary;
mod tensors;

use modern_bert::ModernBert;
use nomic_bert::NomicBert;
use padded::Padded;
use post_norm::PostNorm;
use qwen3::Qwen3;
use tensors::Tensors;

/// A transformer on candle: for GPUs, and for what this library has no kernels for.
///
/// On a CPU each sequence goes through the model by itself. One sequence is enough work for a
/// matrix product there, and without padding the result does not depend on the batch. On a GPU,
/// sequences of about one length go together, padded to the longest.
pub(crate) struct CandleEncoder {
    model: Box<dyn Model>,
    device: candle_core::Device,
    vocab_size: usize,
    max_tokens: usize,
    hidden_size: usize,
    padded: bool,
}

/// The layers of one architecture.
trait Model: Send + Sync {
    /// The last hidden states, `[B * longest, hidden_size]`; those of padding are arbitrary.
    fn forward(&self, batch: &Padded<'_>) -> candle_core::Result<Tensor>;
}

impl CandleEncoder {
    /// Tokens of a batch that run well, where texts do not go one by one.
    const GPU_BATCH_TOKENS: usize = 16_384;
    const CPU_BATCH_TOKENS: usize = 1024;

    /// Reads the weights to `device`; returns beside the encoder what was read, for the
    /// fingerprint.
    pub(crate) fn load(
        config: &TransformerConfig,
        weights: WeightsFile,
        device: Device,
        precision: Precision,
    ) -> Result<(Self, Vec<u8>)> {
        let dtype = match precision {
            Precision::F16 => DType::F16,
            Precision::BF16 => DType::BF16,
            // Int8 does not come here.
            Precision::F32 | Precision::Int8 => DType::F32,
        };
        let (prefixes, words) = match config {
            TransformerConfig::PostNorm(config) => (TensorNames::of(config.family).prefixes, WORDS),
            TransformerConfig::ModernBert(_) => (ModernBert::PREFIXES, ModernBert::WORDS),
            TransformerConfig::NomicBert(_) => (NomicBert::PREFIXES, WORDS),
            TransformerConfig::Qwen3(_) => (Qwen3::PREFIXES, Qwen3::WORDS),
        };
        let tensors = Tensors::new(weights.with_prefix(prefixes, words), device, dtype)?;
        let model: Box<dyn Model> = match config {
            TransformerConfig::PostNorm(config) => Box::new(PostNorm::load(config, &tensors)?),
            TransformerConfig::ModernBert(config) => Box::new(ModernBert::load(config, &tensors)?),
            TransformerConfig::NomicBert(config) => Box::new(NomicBert::load(config, &tensors)?),
            TransformerConfig::Qwen3(config) => Box::new(Qwen3::load(config, &tensors)?),
        };
        let encoder = Self {
            model,
            device: tensors.device().clone(),
            vocab_size: config.vocab_size(),
            max_tokens: config.max_tokens(),
            hidden_size: config.hidden_size(),
            padded: device != Device::Cpu,
        };
        Ok((encoder, tensors.digest()))
    }

    /// Runs some sequences together and puts their rows where they belong.
    fn run(&self, batch: &TokenBatch, group: &[usize], hidden: &mut [f32]) -> Result<()> {
        let bounds = |at: usize| batch.offsets()[at]..batch.offsets()[at + 1];
        let sequences: Vec<_> = group.iter().map(|&at| &batch.ids()[bounds(at)]).collect();
        let padded = Padded::new(&sequences, &self.device);
        let states = self
            .model
            .forward(&padded)
            .and_then(|states| states.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>())
            .map_err(Error::forward)?;
        let width = self.hidden_size;
        let expected = group.len() * padded.longest() * width;
        if states.len() != expected {
            return Err(Error::Shape {
                what: "values of hidden states",
                expected,
                found: states.len(),
            });
        }
        for (states, &at) in states.chunks(padded.longest() * width).zip(group) {
            let Range { start, end } = bounds(at);
            let rows = &mut hidden[start * width..end * width];
            rows.copy_from_slice(&states[..rows.len()]);
        }
        Ok(())
    }
}

impl Architecture for CandleEncoder {
    fn forward(&self, batch: &TokenBatch, _threads: usize) -> Result<Array2<f32>> {
        batch.check(self.vocab_size, self.max_tokens, 1)?;
        let tokens = batch.ids().len();
        let mut hidden = vec![0.0; tokens * self.hidden_size];
        let lengths: Vec<_> = batch.sequences().map(<[u32]>::len).collect();
        let groups = if self.padded {
            by_length(&lengths)
        } else {
            (0..lengths.len()).map(|at| vec![at]).collect()
        };
        for group in groups {
            if lengths[group[0]] > 0 {
                self.run(batch, &group, &mut hidden)?;
            }
        }
        Array2::from_shape_vec((tokens, self.hidden_size), hidden).map_err(Error::forward)
    }

    /// Candle's own threads share each product.
    fn one_batch_a_thread(&self) -> bool {
        false
    }

    fn batch_tokens(&self) -> usize {
        if self.padded {
            Self::GPU_BATCH_TOKENS
        } else {
            Self::CPU_BATCH_TOKENS
        }
    }
}

impl fmt::Debug for CandleEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CandleEncoder")
            .field("device", &self.device)
            .field("hidden_size", &self.hidden_size)
            .finish_non_exhaustive()
    }
}

/// Puts sequences together that are about as long: none is padded by more than a third of its
/// length, or a few tokens.
fn by_length(lengths: &[usize]) -> Vec<Vec<usize>> {
    const FEW: usize = 8;
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    let fits = |length: usize, longest: usize| {
        length > 0 && longest <= (length + length / 3).max(length + FEW)
    };
    order.sort_by_key(|&at| std::cmp::Reverse(lengths[at]));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for at in order {
        match groups.last_mut() {
            Some(group) if fits(lengths[at], lengths[group[0]]) => group.push(at),
            _ => groups.push(vec![at]),
        }
    }
    groups
}

#[cfg(test)]
mod tests;
