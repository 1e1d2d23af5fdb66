use std::fmt;
use std::ops::Range;

use candle_core::{DType, Tensor};
use ndarray::Array2;
#[cfg(feature = "cuda")]
use ndarray::ArrayView1;

use crate::architecture::Architecture;
use crate::config::{TensorNames, TransformerConfig, WORDS};
#[cfg(feature = "cuda")]
use crate::pooling::Pooling;
use crate::weights::WeightsFile;
use crate::{Device, Error, Precision, Result, TokenBatch};

mod attention;
#[cfg(feature = "cuda")]
mod fused;
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
/// sequences of about one length go together, padded to the longest; on one of NVIDIA's the BERT
/// family has kernels of its own, by which all texts go together and nothing is padded.
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

    /// Whether there are kernels for packed tokens on the device of the model.
    fn packs(&self) -> bool {
        false
    }

    /// The last hidden states of packed tokens, `[T, hidden_size]`, where there are kernels for them.
    fn forward_packed(&self, _batch: &TokenBatch) -> candle_core::Result<Tensor> {
        candle_core::bail!("no kernels for packed tokens")
    }
}

/// Hidden states on the device, and where those of some texts are.
struct Run {
    /// `[rows, hidden_size]`
    states: Tensor,
    /// The places in the batch of the texts that were run.
    texts: Vec<usize>,
    /// The first row of each.
    starts: Vec<usize>,
}

impl CandleEncoder {
    /// Tokens of a batch that run well, where texts do not go one by one.
    const GPU_BATCH_TOKENS: usize = 16_384;
    const PACKED_BATCH_TOKENS: usize = 65_536;
    const CPU_BATCH_TOKENS: usize = 1024;
    const GPU_TEXTS_AHEAD: usize = 2048;

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

    /// Runs all texts of a batch that have a token, in one run or several, and hands on the hidden
    /// states of each run.
    fn run(
        &self,
        batch: &TokenBatch,
        mut each: impl FnMut(Run) -> candle_core::Result<()>,
    ) -> Result<()> {
        batch.check(self.vocab_size, self.max_tokens, 1)?;
        let lengths: Vec<_> = batch.sequences().map(<[u32]>::len).collect();
        if lengths.iter().all(|&length| length == 0) {
            return Ok(());
        }
        if self.model.packs() {
            let texts: Vec<usize> = (0..lengths.len()).filter(|&at| lengths[at] > 0).collect();
            let starts = texts.iter().map(|&at| batch.offsets()[at]).collect();
            let run = |states| {
                each(Run {
                    states,
                    texts,
                    starts,
                })
            };
            let states = self.model.forward_packed(batch);
            return states.and_then(run).map_err(Error::forward);
        }
        let groups = if self.padded {
            by_length(&lengths)
        } else {
            (0..lengths.len()).map(|at| vec![at]).collect()
        };
        for texts in groups {
            if lengths[texts[0]] == 0 {
                continue;
            }
            let sequence = |&at: &usize| &batch.ids()[batch.offsets()[at]..batch.offsets()[at + 1]];
            let sequences: Vec<_> = texts.iter().map(sequence).collect();
            let padded = Padded::new(&sequences, &self.device);
            let starts = (0..texts.len()).map(|row| row * padded.longest()).collect();
            let run = |states| {
                each(Run {
                    states,
                    texts,
                    starts,
                })
            };
            self.model
                .forward(&padded)
                .and_then(run)
                .map_err(Error::forward)?;
        }
        Ok(())
    }
}

/// The values of a tensor, `[rows, width]`, in memory.
fn download(rows: &Tensor) -> candle_core::Result<Vec<f32>> {
    rows.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()
}

impl Architecture for CandleEncoder {
    fn forward(&self, batch: &TokenBatch, _threads: usize) -> Result<Array2<f32>> {
        let (tokens, width) = (batch.ids().len(), self.hidden_size);
        let mut hidden = vec![0.0; tokens * width];
        self.run(batch, |run| {
            let states = download(&run.states)?;
            for (start, at) in run.starts.into_iter().zip(run.texts) {
                let Range { start: to, end } = batch.offsets()[at]..batch.offsets()[at + 1];
                let rows = &mut hidden[to * width..end * width];
                let Some(states) = states.get(start * width..start * width + rows.len()) else {
                    candle_core::bail!("{} values of hidden states", states.len());
                };
                rows.copy_from_slice(states);
            }
            Ok(())
        })?;
        Array2::from_shape_vec((tokens, width), hidden).map_err(Error::forward)
    }

    #[cfg(feature = "cuda")]
    fn pooled(
        &self,
        batch: &TokenBatch,
        pooling: &Pooling,
        prompt_tokens: usize,
        threads: usize,
    ) -> Result<Array2<f32>> {
        if !self.device.is_cuda() || batch.sequences().any(<[u32]>::is_empty) {
            let hidden = self.forward(batch, threads)?;
            return pooling.apply(hidden.view(), batch, prompt_tokens);
        }
        let dim = pooling.dim(self.hidden_size);
        let mut rows = Array2::zeros((batch.len(), dim));
        self.run(batch, |run| {
            let skip = pooling.skipped(prompt_tokens);
            let pooled = fused::pool(&run, batch, &pooling.modes, skip, &self.device)?;
            for (row, at) in download(&pooled)?.chunks(dim).zip(run.texts) {
                rows.row_mut(at).assign(&ArrayView1::from(row));
            }
            Ok(())
        })?;
        Ok(rows)
    }

    /// Candle's own threads share each product.
    fn one_batch_a_thread(&self) -> bool {
        false
    }

    fn texts_ahead(&self) -> Option<usize> {
        (!self.device.is_cpu()).then_some(Self::GPU_TEXTS_AHEAD)
    }

    fn batch_tokens(&self) -> usize {
        if self.model.packs() {
            Self::PACKED_BATCH_TOKENS
        } else if self.padded {
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
