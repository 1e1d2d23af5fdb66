use candle_core::{D, DType, Module, Result, Tensor};
use candle_nn::Linear;
use candle_nn::ops;

use crate::config::HiddenAct;

/// A layer norm, computed in f32 whatever the number format of its input.
#[derive(Debug)]
pub(super) struct LayerNorm {
    /// `[width]`, in f32.
    pub(super) scale: Tensor,
    /// `[width]`, in f32.
    pub(super) shift: Tensor,
    pub(super) epsilon: f32,
}

impl LayerNorm {
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let wide = x.to_dtype(DType::F32)?;
        // Candle computes the variance as the mean of squares less the square of the mean, which
        // loses digits where the mean is large.
        let centred = wide.broadcast_sub(&wide.mean_keepdim(D::Minus1)?)?;
        ops::layer_norm(&centred, &self.scale, &self.shift, self.epsilon)?.to_dtype(x.dtype())
    }
}

/// A norm by the root of the mean square (<https://arxiv.org/abs/1910.07467>), computed in f32.
#[derive(Debug)]
pub(super) struct RmsNorm {
    /// `[width]`, in f32.
    pub(super) scale: Tensor,
    pub(super) epsilon: f32,
}

impl RmsNorm {
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        ops::rms_norm(&x.to_dtype(DType::F32)?, &self.scale, self.epsilon)?.to_dtype(x.dtype())
    }
}

/// A feed-forward part in which one projection goes through the activation and opens or shuts the
/// other (<https://arxiv.org/abs/2002.05202>).
#[derive(Debug)]
pub(super) struct Gated {
    pub(super) gate: Linear,
    pub(super) up: Linear,
    pub(super) down: Linear,
    pub(super) activation: Activation,
}

impl Gated {
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let gate = self.activation.forward(&self.gate.forward(x)?)?;
        self.down.forward(&(gate * self.up.forward(x)?)?)
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Activation {
    Hidden(HiddenAct),
    /// `x · σ(x)`
    Silu,
}

impl Activation {
    pub(super) fn forward(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Hidden(HiddenAct::Gelu) => x.gelu_erf(),
            Self::Hidden(HiddenAct::GeluTanh) => x.gelu(),
            Self::Hidden(HiddenAct::Relu) => x.relu(),
            Self::Silu => x.silu(),
        }
    }
}
