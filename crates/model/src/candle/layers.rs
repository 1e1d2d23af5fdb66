use candle_core::{D, DType, Module, Result, Tensor};
use candle_nn::Linear;
use candle_nn::ops;

use crate::config::HiddenAct;

/// A layer norm, computed in f32 whatever the number format of its input.
#[derive(Debug)]
pub(crate) struct LayerNorm {
    /// `[width]`, in f32.
    pub(super) scale: Tensor,
    /// `[width]`, in f32.
    pub(super) shift: Tensor,
    pub(super) epsilon: f32,
}

impl LayerNorm {
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let in_f32 = x.to_dtype(DType::F32)?;
        // Candle computes the variance as the mean of the squares minus the square of the mean,
        // which loses digits if the mean is large.
        let centered = in_f32.broadcast_sub(&in_f32.mean_keepdim(D::Minus1)?)?;
        ops::layer_norm(&centered, &self.scale, &self.shift, self.epsilon)?.to_dtype(x.dtype())
    }
}

/// Root mean square normalization (<https://arxiv.org/abs/1910.07467>), computed in f32.
#[derive(Debug)]
pub(crate) struct RmsNorm {
    /// `[width]`, in f32.
    pub(super) scale: Tensor,
    pub(super) epsilon: f32,
}

impl RmsNorm {
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        ops::rms_norm(&x.to_dtype(DType::F32)?, &self.scale, self.epsilon)?.to_dtype(x.dtype())
    }
}

/// A gated feed-forward block: the activated output of `gate` multiplies that of `up`
/// (<https://arxiv.org/abs/2002.05202>).
#[derive(Debug)]
pub(crate) struct Gated {
    pub(crate) gate: Linear,
    pub(crate) up: Linear,
    pub(crate) down: Linear,
    pub(crate) activation: Activation,
}

impl Gated {
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let gate = self.activation.forward(&self.gate.forward(x)?)?;
        self.down.forward(&(gate * self.up.forward(x)?)?)
    }
}

/// The activation of a feed-forward block.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Activation {
    Hidden(HiddenAct),
    /// `x · σ(x)`
    Silu,
}

impl Activation {
    pub(crate) fn forward(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Hidden(HiddenAct::Gelu) => x.gelu_erf(),
            Self::Hidden(HiddenAct::GeluTanh) => x.gelu(),
            Self::Hidden(HiddenAct::Relu) => x.relu(),
            Self::Silu => x.silu(),
        }
    }
}
