//! Transformers on candle, and the building blocks that architectures are written with.

use std::fmt;

use candle_core::{DType, Tensor};
use ndarray::Array2;
#[cfg(feature = "cuda")]
use ndarray::ArrayView1;

use crate::backend::Backend;
use crate::config::Sizes;
#[cfg(feature = "cuda")]
use crate::pooling::Pooling;
use crate::weights::Weights;
use crate::{Device, Error, Precision, Result, TokenBatch};

mod attention;
#[cfg(feature = "cuda")]
pub(crate) mod fused;
mod layers;
mod model;
mod output;
mod padded;
mod rotary;
mod tensors;

pub(crate) use attention::{AttentionMask, MaskKind, split_heads};
pub(crate) use layers::{Activation, Gated, LayerNorm, RmsNorm};
pub(crate) use model::Model;
use output::Output;
pub(crate) use padded::PaddedBatch;
pub(crate) use rotary::Rotary;
pub(crate) use tensors::Tensors;

/// A transformer on candle, for GPUs.
///
/// Sequences of similar length go together, padded to the longest one. On an NVIDIA GPU, the BERT
/// family has kernels of its own, which run all texts together without padding. The tests run this
/// implementation on the CPU too, and compare the CPU kernels with it.
pub(crate) struct CandleEncoder {
    model: Box<dyn Model>,
    device: candle_core::Device,
    sizes: Sizes,
}

impl CandleEncoder {
    /// The batch sizes, in tokens, that run well.
    const BATCH_TOKENS: usize = 16_384;
    const PACKED_BATCH_TOKENS: usize = 65_536;
    const PREFETCH_TEXTS: usize = 2048;

    /// Reads the weights to `device` with `load`.
    ///
    /// Returns the encoder together with the digest of the tensors read, for the fingerprint.
    pub(crate) fn load(
        sizes: Sizes,
        weights: Weights,
        device: Device,
        precision: Precision,
        load: impl FnOnce(&Tensors) -> Result<Box<dyn Model>>,
    ) -> Result<(Self, Vec<u8>)> {
        let dtype = match precision {
            Precision::F16 => DType::F16,
            Precision::BF16 => DType::BF16,
            // The caller refuses int8, which candle does not run.
            Precision::F32 | Precision::Int8 => DType::F32,
        };
        let tensors = Tensors::new(weights, device, dtype)?;
        let encoder = Self {
            model: load(&tensors)?,
            device: tensors.device().clone(),
            sizes,
        };
        Ok((encoder, tensors.digest()))
    }

    /// Runs all texts of a batch that have a token, in one run or several, and passes the hidden
    /// states of each run to `consume`.
    fn run(
        &self,
        batch: &TokenBatch,
        mut consume: impl FnMut(Output) -> candle_core::Result<()>,
    ) -> Result<()> {
        batch.check(self.sizes.vocab_size, self.sizes.max_tokens, 1)?;
        let lengths: Vec<_> = batch.sequences().map(<[u32]>::len).collect();
        if lengths.iter().all(|&length| length == 0) {
            return Ok(());
        }
        if self.model.supports_packed() {
            let texts: Vec<usize> = (0..lengths.len())
                .filter(|&text| lengths[text] > 0)
                .collect();
            let starts = texts.iter().map(|&text| batch.offsets()[text]).collect();
            let states = self.model.forward_packed(batch);
            return states
                .and_then(|states| {
                    consume(Output {
                        states,
                        texts,
                        starts,
                    })
                })
                .map_err(Error::forward);
        }
        for texts in group_by_length(&lengths) {
            if lengths[texts[0]] == 0 {
                continue;
            }
            let sequence =
                |&text: &usize| &batch.ids()[batch.offsets()[text]..batch.offsets()[text + 1]];
            let sequences: Vec<_> = texts.iter().map(sequence).collect();
            let padded = PaddedBatch::new(&sequences, &self.device);
            let starts = (0..texts.len()).map(|row| row * padded.longest()).collect();
            self.model
                .forward(&padded)
                .and_then(|states| {
                    consume(Output {
                        states,
                        texts,
                        starts,
                    })
                })
                .map_err(Error::forward)?;
        }
        Ok(())
    }
}

/// Copies a tensor `[rows, width]` to the host, as f32.
fn copy_to_host(rows: &Tensor) -> candle_core::Result<Vec<f32>> {
    rows.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()
}

impl Backend for CandleEncoder {
    fn forward(&self, batch: &TokenBatch, _threads: usize) -> Result<Array2<f32>> {
        let (tokens, width) = (batch.ids().len(), self.sizes.hidden_size);
        let mut hidden = vec![0.0; tokens * width];
        self.run(batch, |output| {
            let states = copy_to_host(&output.states)?;
            for (start, text) in output.starts.into_iter().zip(output.texts) {
                let (first, end) = (batch.offsets()[text], batch.offsets()[text + 1]);
                let rows = &mut hidden[first * width..end * width];
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
        let dim = pooling.dim(self.sizes.hidden_size);
        let mut rows = Array2::zeros((batch.len(), dim));
        self.run(batch, |output| {
            let skip = pooling.skipped(prompt_tokens);
            let pooled = fused::pool(&output, batch, &pooling.modes, skip, &self.device)?;
            for (row, text) in copy_to_host(&pooled)?.chunks(dim).zip(output.texts) {
                rows.row_mut(text).assign(&ArrayView1::from(row));
            }
            Ok(())
        })?;
        Ok(rows)
    }

    /// Returns `false`: a GPU runs one batch at a time.
    fn parallel_over_batches(&self) -> bool {
        false
    }

    fn prefetch_texts(&self) -> Option<usize> {
        Some(Self::PREFETCH_TEXTS)
    }

    fn batch_tokens(&self) -> usize {
        if self.model.supports_packed() {
            Self::PACKED_BATCH_TOKENS
        } else {
            Self::BATCH_TOKENS
        }
    }
}

impl fmt::Debug for CandleEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CandleEncoder")
            .field("device", &self.device)
            .field("sizes", &self.sizes)
            .finish_non_exhaustive()
    }
}

/// Groups sequences of similar length, so that none is padded by more than a third of its length
/// or by more than a few tokens.
fn group_by_length(lengths: &[usize]) -> Vec<Vec<usize>> {
    const FEW_TOKENS: usize = 8;
    let fits = |length: usize, longest: usize| {
        length > 0 && longest <= (length + length / 3).max(length + FEW_TOKENS)
    };
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&text| std::cmp::Reverse(lengths[text]));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for text in order {
        match groups.last_mut() {
            Some(group) if fits(lengths[text], lengths[group[0]]) => group.push(text),
            _ => groups.push(vec![text]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_of_similar_length_are_grouped() {
        let lengths = [0, 100, 75, 74, 7, 15, 8, 0, 1];
        assert_eq!(
            group_by_length(&lengths),
            [
                vec![1, 2],
                vec![3],
                vec![5, 6, 4],
                vec![8],
                vec![0],
                vec![7]
            ]
        );
    }
}
