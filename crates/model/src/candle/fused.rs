//! Conversions from the layers of candle to the kernels for NVIDIA GPUs.

use candle_core::{Device, Result, Tensor, bail};
use candle_nn::Linear;
use cognate_kernels::cuda;

use super::layers::{Activation, LayerNorm};
use super::output::Output;
use crate::TokenBatch;
use crate::config::HiddenAct;
use crate::pooling::PoolingMode;

pub(crate) fn norm(norm: &LayerNorm) -> cuda::Norm<'_> {
    cuda::Norm {
        scale: &norm.scale,
        shift: &norm.shift,
        epsilon: norm.epsilon,
    }
}

pub(crate) fn activation(activation: Activation) -> Result<cuda::Activation> {
    match activation {
        Activation::Hidden(HiddenAct::Gelu) => Ok(cuda::Activation::Gelu),
        Activation::Hidden(HiddenAct::GeluTanh) => Ok(cuda::Activation::GeluTanh),
        Activation::Hidden(HiddenAct::Relu) => Ok(cuda::Activation::Relu),
        Activation::Silu => bail!("no kernel for SiLU"),
    }
}

/// Multiplies `x` by the weight of a linear layer.
///
/// Returns the product together with the bias of the layer, which is not yet added.
pub(crate) fn product<'a>(layer: &'a Linear, x: &Tensor) -> Result<(Tensor, &'a Tensor)> {
    let Some(bias) = layer.bias() else {
        bail!("a linear layer without a bias");
    };
    Ok((x.matmul(&layer.weight().t()?)?, bias))
}

/// Returns the number of tokens of each text.
pub(crate) fn lengths(batch: &TokenBatch) -> Vec<u32> {
    let length = |ids: &[u32]| u32::try_from(ids.len()).unwrap_or(u32::MAX);
    batch.sequences().map(length).collect()
}

/// Pools the hidden states of each text of `output` into one row of f32, on the device.
pub(super) fn pool(
    output: &Output,
    batch: &TokenBatch,
    modes: &[PoolingMode],
    skip: usize,
    device: &Device,
) -> Result<Tensor> {
    let all = lengths(batch);
    let lengths = output.texts.iter().map(|&text| all[text]).collect();
    let number = |&row: &usize| u32::try_from(row).map_err(candle_core::Error::wrap);
    let starts = output.starts.iter().map(number).collect::<Result<_>>()?;
    let sequences = cuda::Sequences::new(starts, lengths, device)?;
    let modes: Vec<_> = modes.iter().copied().map(mode).collect();
    cuda::pool(&output.states, &sequences, &modes, skip)
}

fn mode(mode: PoolingMode) -> cuda::PoolingMode {
    match mode {
        PoolingMode::Cls => cuda::PoolingMode::Cls,
        PoolingMode::Max => cuda::PoolingMode::Max,
        PoolingMode::Mean => cuda::PoolingMode::Mean,
        PoolingMode::MeanSqrtLen => cuda::PoolingMode::MeanSqrtLen,
        PoolingMode::WeightedMean => cuda::PoolingMode::WeightedMean,
        PoolingMode::LastToken => cuda::PoolingMode::LastToken,
    }
}
