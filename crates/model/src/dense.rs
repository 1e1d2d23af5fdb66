use cognate_kernels::Cpu;
use ndarray::{Array2, ArrayView2};

use crate::activation::Activation;
use crate::modules::DenseConfig;
use crate::weights::WeightsFile;
use crate::{Error, Result};

/// A linear layer with an activation: a module after the pooling, or a layer of a cross-encoder's
/// head.
#[derive(Debug)]
pub(crate) struct Dense {
    /// `[out_features, in_features]`, row-major.
    weight: Vec<f32>,
    /// `[out_features]`.
    bias: Vec<f32>,
    in_features: usize,
    activation: Activation,
    residual: Residual,
}

/// What is added to the output of a linear layer.
#[derive(Debug)]
enum Residual {
    None,
    Input,
    /// A projection of the input, by `[out_features, in_features]`.
    Projection(Vec<f32>),
}

impl Dense {
    /// Loads a module from its safetensors file.
    pub(crate) fn load(config: &DenseConfig) -> Result<Self> {
        let weights = WeightsFile::open(config.weights.clone())?;
        let (rows, columns) = (config.out_features, config.in_features);
        let mut names = vec!["linear.weight"];
        if config.bias {
            names.push("linear.bias");
        }
        if config.projects_residual() {
            names.push("residual.weight");
        }
        weights.only(&names)?;
        Ok(Self {
            weight: weights.tensor("linear.weight", &[rows, columns])?,
            bias: if config.bias {
                weights.tensor("linear.bias", &[rows])?
            } else {
                vec![0.0; rows]
            },
            in_features: columns,
            activation: config.activation,
            residual: if config.projects_residual() {
                Residual::Projection(weights.tensor("residual.weight", &[rows, columns])?)
            } else if config.use_residual {
                Residual::Input
            } else {
                Residual::None
            },
        })
    }

    /// Loads the layer `name`, `[out_features, in_features]`, from the weights of a model.
    pub(crate) fn from_model(
        weights: &WeightsFile,
        name: &str,
        [out_features, in_features]: [usize; 2],
        activation: Activation,
    ) -> Result<Self> {
        let shape = [out_features, in_features];
        Ok(Self {
            weight: weights.tensor(&format!("{name}.weight"), &shape)?,
            bias: weights.tensor(&format!("{name}.bias"), &[out_features])?,
            in_features,
            activation,
            residual: Residual::None,
        })
    }

    /// Returns the number of values of an output row.
    pub(crate) fn out_features(&self) -> usize {
        self.bias.len()
    }

    /// Maps rows, `[n, in_features]`, to `[n, out_features]`.
    pub(crate) fn apply(&self, rows: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        if rows.ncols() != self.in_features {
            let (expected, found) = (self.in_features, rows.ncols());
            return Err(Error::Shape {
                what: "columns before a dense module",
                expected,
                found,
            });
        }
        let cpu = Cpu::detect();
        let mut mapped = Array2::zeros((rows.nrows(), self.out_features()));
        for (row, mut to) in rows.outer_iter().zip(mapped.outer_iter_mut()) {
            let row = row.to_vec();
            let weights = self.weight.chunks_exact(self.in_features);
            for ((to, weight), bias) in to.iter_mut().zip(weights).zip(&self.bias) {
                *to = self.activation.apply(cpu.dot(weight, &row) + bias);
            }
            match &self.residual {
                Residual::None => {}
                Residual::Input => to.iter_mut().zip(&row).for_each(|(to, value)| *to += value),
                Residual::Projection(weight) => {
                    let weights = weight.chunks_exact(self.in_features);
                    for (to, weight) in to.iter_mut().zip(weights) {
                        *to += cpu.dot(weight, &row);
                    }
                }
            }
        }
        Ok(mapped)
    }
}
