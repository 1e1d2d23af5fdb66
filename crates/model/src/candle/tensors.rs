use candle_core::{DType, Tensor};
use candle_nn::Linear;
use rayon::prelude::*;

use super::layers::{LayerNorm, RmsNorm};
use crate::error::BoxError;
use crate::weights::WeightsFile;
use crate::{Device, Error, Result};

/// Reads the tensors of a checkpoint to a device, in one number format.
pub(super) struct Tensors {
    weights: WeightsFile,
    place: Device,
    device: candle_core::Device,
    /// The number format of all but norms.
    dtype: DType,
}

impl Tensors {
    pub(super) fn new(weights: WeightsFile, place: Device, dtype: DType) -> Result<Self> {
        Ok(Self {
            weights,
            place,
            device: place.open()?,
            dtype,
        })
    }

    pub(super) fn device(&self) -> &candle_core::Device {
        &self.device
    }

    /// What was read, for the fingerprint.
    pub(super) fn digest(&self) -> Vec<u8> {
        self.weights.digest()
    }

    /// Builds what is not there yet on the device.
    pub(super) fn on_device<T>(&self, built: candle_core::Result<T>) -> Result<T> {
        built.map_err(|source| Error::Device {
            device: self.place.to_string(),
            source: BoxError::from(source),
        })
    }

    /// The values of a tensor, row-major.
    pub(super) fn values(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        self.weights.tensor(name, shape)
    }

    /// A tensor in f32, whatever the number format of the rest.
    pub(super) fn f32(&self, name: &str, shape: &[usize]) -> Result<Tensor> {
        let values = self.values(name, shape)?;
        self.on_device(Tensor::from_vec(values, shape, &self.device))
    }

    pub(super) fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor> {
        self.rows(&[name.to_owned()], shape)
    }

    /// Tensors of one `shape`, one below the other.
    fn rows(&self, names: &[String], shape: &[usize]) -> Result<Tensor> {
        let mut values = Vec::new();
        for name in names {
            let more = self.values(name, shape)?;
            if values.is_empty() {
                values = more;
            } else {
                values.extend(more);
            }
        }
        let mut shape = shape.to_vec();
        shape[0] *= names.len();
        self.of_values(values, shape)
    }

    /// A tensor of values, row-major, in the number format of the rest. They are rounded before they
    /// move, so that the device never holds them in f32.
    pub(super) fn of_values(
        &self,
        values: Vec<f32>,
        shape: impl Into<candle_core::Shape>,
    ) -> Result<Tensor> {
        self.on_device(
            Tensor::from_vec(values, shape.into(), &candle_core::Device::Cpu)
                .and_then(|values| values.to_dtype(self.dtype)?.to_device(&self.device)),
        )
    }

    /// A linear layer with its bias.
    pub(super) fn linear(&self, name: &str, outputs: usize, inputs: usize) -> Result<Linear> {
        self.fused(&[name.to_owned()], outputs, inputs)
    }

    /// Linear layers of one input as one, each with `outputs` outputs and a bias.
    pub(super) fn fused(&self, names: &[String], outputs: usize, inputs: usize) -> Result<Linear> {
        let ending = |ending: &str| -> Vec<String> {
            let named = |name: &String| format!("{name}.{ending}");
            names.iter().map(named).collect()
        };
        let weight = self.rows(&ending("weight"), &[outputs, inputs])?;
        let bias = self.rows(&ending("bias"), &[outputs])?;
        Ok(Linear::new(weight, Some(bias)))
    }

    /// A linear layer that has no bias.
    pub(super) fn plain_linear(&self, name: &str, outputs: usize, inputs: usize) -> Result<Linear> {
        let weight = self.tensor(&format!("{name}.weight"), &[outputs, inputs])?;
        Ok(Linear::new(weight, None))
    }

    pub(super) fn layer_norm(&self, name: &str, width: usize, epsilon: f32) -> Result<LayerNorm> {
        // Checkpoints converted from TensorFlow have these names.
        let (scale, shift) = if self.weights.has(&format!("{name}.gamma")) {
            ("gamma", "beta")
        } else {
            ("weight", "bias")
        };
        Ok(LayerNorm {
            scale: self.f32(&format!("{name}.{scale}"), &[width])?,
            shift: self.f32(&format!("{name}.{shift}"), &[width])?,
            epsilon,
        })
    }

    /// A layer norm that shifts nothing.
    pub(super) fn plain_layer_norm(
        &self,
        name: &str,
        width: usize,
        epsilon: f32,
    ) -> Result<LayerNorm> {
        let scale = self.f32(&format!("{name}.weight"), &[width])?;
        let shift = self.on_device(scale.zeros_like())?;
        Ok(LayerNorm {
            scale,
            shift,
            epsilon,
        })
    }

    pub(super) fn rms_norm(&self, name: &str, width: usize, epsilon: f32) -> Result<RmsNorm> {
        Ok(RmsNorm {
            scale: self.f32(&format!("{name}.weight"), &[width])?,
            epsilon,
        })
    }

    /// All layers, in parallel where the device is the CPU.
    pub(super) fn layers<L: Send>(
        &self,
        count: usize,
        load: impl Fn(usize) -> Result<L> + Send + Sync,
    ) -> Result<Vec<L>> {
        if self.device.is_cpu() {
            (0..count).into_par_iter().map(load).collect()
        } else {
            (0..count).map(load).collect()
        }
    }
}
