use ndarray::Array2;

use crate::modules::LayerNormConfig;
use crate::weights::WeightsFile;
use crate::{Error, Result};

/// A layer normalization (<https://arxiv.org/abs/1607.06450>) of embeddings: a module after the
/// pooling.
#[derive(Debug)]
pub(crate) struct LayerNorm {
    /// `[dimension]`.
    weight: Vec<f32>,
    /// `[dimension]`.
    bias: Vec<f32>,
}

/// What is added to a variance, the default of torch.
const EPSILON: f64 = 1e-5;

impl LayerNorm {
    /// Loads a module from its safetensors file.
    pub(crate) fn load(config: &LayerNormConfig) -> Result<Self> {
        let weights = WeightsFile::open(config.weights.clone())?;
        weights.only(&["norm.weight", "norm.bias"])?;
        let shape = [config.dimension];
        Ok(Self {
            weight: weights.tensor("norm.weight", &shape)?,
            bias: weights.tensor("norm.bias", &shape)?,
        })
    }

    /// Normalizes each row, `[n, dimension]`.
    pub(crate) fn apply(&self, rows: &mut Array2<f32>) -> Result<()> {
        if rows.ncols() != self.weight.len() {
            return Err(Error::Shape {
                what: "columns before a layer normalization",
                expected: self.weight.len(),
                found: rows.ncols(),
            });
        }
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let count = rows.ncols() as f64;
        for mut row in rows.outer_iter_mut() {
            let mean = row.iter().copied().map(f64::from).sum::<f64>() / count;
            let squares = row.iter().map(|&value| (f64::from(value) - mean).powi(2));
            let deviation = (squares.sum::<f64>() / count + EPSILON).sqrt();
            for ((value, &weight), &bias) in row.iter_mut().zip(&self.weight).zip(&self.bias) {
                let normalized = (f64::from(*value) - mean) / deviation;
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "the result is f32, rounded once"
                )]
                let scaled = (normalized * f64::from(weight) + f64::from(bias)) as f32;
                *value = scaled;
            }
        }
        Ok(())
    }
}
