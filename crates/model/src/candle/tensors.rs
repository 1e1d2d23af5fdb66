use candle_core::{DType, Shape, Tensor};
use candle_nn::Linear;

use super::layers::{LayerNorm, RmsNorm};
use crate::error::BoxError;
use crate::weights::Weights;
use crate::{Device, Error, Result};

/// Reads the tensors of a checkpoint to a device, in one number format.
pub(crate) struct Tensors {
    weights: Weights,
    /// The device as the caller named it, for error messages.
    named_device: Device,
    device: candle_core::Device,
    /// The number format of everything except norms.
    dtype: DType,
}

impl Tensors {
    pub(super) fn new(weights: Weights, named_device: Device, dtype: DType) -> Result<Self> {
        Ok(Self {
            weights,
            named_device,
            device: named_device.open()?,
            dtype,
        })
    }

    pub(crate) fn device(&self) -> &candle_core::Device {
        &self.device
    }

    /// Returns the digest of the tensors read so far, for the fingerprint.
    pub(super) fn digest(&self) -> Vec<u8> {
        self.weights.digest()
    }

    /// Turns an error of candle while loading into an error of the device.
    pub(crate) fn on_device<T>(&self, result: candle_core::Result<T>) -> Result<T> {
        result.map_err(|source| Error::Device {
            device: self.named_device.to_string(),
            source: BoxError::from(source),
        })
    }

    /// Reads the values of a tensor to the host, row-major.
    pub(crate) fn values(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        self.weights.tensor(name, shape)
    }

    /// Reads a tensor in the number format of the model.
    pub(crate) fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor> {
        self.stacked(&[name.to_owned()], shape)
    }

    /// Reads a tensor in f32, whatever the number format of the model.
    fn tensor_f32(&self, name: &str, shape: &[usize]) -> Result<Tensor> {
        let values = self.values(name, shape)?;
        self.on_device(Tensor::from_vec(values, shape, &self.device))
    }

    /// Reads tensors of one `shape` and stacks their rows.
    fn stacked(&self, names: &[String], shape: &[usize]) -> Result<Tensor> {
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
        self.tensor_from_values(values, shape)
    }

    /// Builds a tensor from row-major values, in the number format of the model.
    ///
    /// The values are converted before they move, so that the device never holds them in f32.
    pub(crate) fn tensor_from_values(
        &self,
        values: Vec<f32>,
        shape: impl Into<Shape>,
    ) -> Result<Tensor> {
        self.on_device(
            Tensor::from_vec(values, shape.into(), &candle_core::Device::Cpu)
                .and_then(|values| values.to_dtype(self.dtype)?.to_device(&self.device)),
        )
    }

    /// Reads a linear layer that has a bias.
    pub(crate) fn linear(&self, name: &str, outputs: usize, inputs: usize) -> Result<Linear> {
        self.fused_linear(&[name.to_owned()], outputs, inputs)
    }

    /// Reads linear layers that share their input, each with `outputs` outputs and a bias, as one
    /// layer.
    pub(crate) fn fused_linear(
        &self,
        names: &[String],
        outputs: usize,
        inputs: usize,
    ) -> Result<Linear> {
        let with_ending = |ending: &str| -> Vec<String> {
            let full_name = |name: &String| format!("{name}.{ending}");
            names.iter().map(full_name).collect()
        };
        let weight = self.stacked(&with_ending("weight"), &[outputs, inputs])?;
        let bias = self.stacked(&with_ending("bias"), &[outputs])?;
        Ok(Linear::new(weight, Some(bias)))
    }

    /// Reads a linear layer that has no bias.
    pub(crate) fn linear_without_bias(
        &self,
        name: &str,
        outputs: usize,
        inputs: usize,
    ) -> Result<Linear> {
        let weight = self.tensor(&format!("{name}.weight"), &[outputs, inputs])?;
        Ok(Linear::new(weight, None))
    }

    /// Reads a layer norm.
    pub(crate) fn layer_norm(&self, name: &str, width: usize, epsilon: f32) -> Result<LayerNorm> {
        // Checkpoints converted from TensorFlow use the names `gamma` and `beta`.
        let (scale, shift) = if self.weights.has(&format!("{name}.gamma")) {
            ("gamma", "beta")
        } else {
            ("weight", "bias")
        };
        Ok(LayerNorm {
            scale: self.tensor_f32(&format!("{name}.{scale}"), &[width])?,
            shift: self.tensor_f32(&format!("{name}.{shift}"), &[width])?,
            epsilon,
        })
    }

    /// Reads a layer norm that has no bias.
    pub(crate) fn layer_norm_without_bias(
        &self,
        name: &str,
        width: usize,
        epsilon: f32,
    ) -> Result<LayerNorm> {
        let scale = self.tensor_f32(&format!("{name}.weight"), &[width])?;
        let shift = self.on_device(scale.zeros_like())?;
        Ok(LayerNorm {
            scale,
            shift,
            epsilon,
        })
    }

    /// Reads a root mean square norm.
    pub(crate) fn rms_norm(&self, name: &str, width: usize, epsilon: f32) -> Result<RmsNorm> {
        Ok(RmsNorm {
            scale: self.tensor_f32(&format!("{name}.weight"), &[width])?,
            epsilon,
        })
    }

    /// Loads all layers, one after the other, so that only one is on the host at a time.
    pub(crate) fn layers<L>(
        &self,
        count: usize,
        load: impl FnMut(usize) -> Result<L>,
    ) -> Result<Vec<L>> {
        (0..count).map(load).collect()
    }
}
