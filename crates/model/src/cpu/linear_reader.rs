use std::ops::Range;

use cognate_kernels::{LinearShape, ReadLayers};

use super::description::{LinearTensors, TensorRows};
use crate::weights::{TensorReader, Weights};
use crate::{Error, Result};

/// A linear layer of a description, with its shape.
pub(super) struct LinearPart<'a> {
    pub(super) tensors: &'a LinearTensors,
    pub(super) shape: LinearShape,
    /// The number of outputs, from the first one on, that are queries and must be multiplied by the
    /// scale of the reader.
    pub(super) scaled_outputs: usize,
}

/// Reads the weights of linear layers in blocks of rows.
pub(super) struct LinearReader<'a> {
    weights: &'a Weights,
    linears: &'a [LinearPart<'a>],
    /// The factor of the queries.
    scale: f32,
    /// The tensor that is being read, because its next rows are often wanted next.
    current: Option<Current<'a>>,
}

struct Current<'a> {
    /// The name of the tensor, without its ending.
    name: &'a str,
    reader: TensorReader<'a>,
}

impl<'a> LinearReader<'a> {
    pub(super) fn new(weights: &'a Weights, linears: &'a [LinearPart<'a>], scale: f32) -> Self {
        Self {
            weights,
            linears,
            scale,
            current: None,
        }
    }

    /// Reads what is left of the last tensor, so that its hash is known.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.current
            .take()
            .map_or(Ok(()), |current| current.reader.finish())
    }

    /// Reads rows of a tensor.
    fn rows(&mut self, tensor: &'a TensorRows, rows: Range<usize>, out: &mut [f32]) -> Result<()> {
        let inputs = out.len() / rows.len().max(1);
        let start = rows.start * inputs;
        let continues = self.current.as_ref().is_some_and(|current| {
            current.name == tensor.name && current.reader.position() <= start
        });
        if !continues {
            self.finish()?;
        }
        let current = match &mut self.current {
            Some(current) => current,
            none => {
                let name = format!("{}.weight", tensor.name);
                none.insert(Current {
                    name: &tensor.name,
                    reader: self.weights.reader(&name, &[tensor.of, inputs])?,
                })
            }
        };
        current.reader.skip_to(start)?;
        current.reader.read(out)
    }
}

impl ReadLayers for &mut LinearReader<'_> {
    type Error = Error;

    fn weights(&mut self, layer: usize, outputs: Range<usize>, weights: &mut [f32]) -> Result<()> {
        let linears = self.linears;
        let LinearPart {
            tensors,
            shape,
            scaled_outputs,
        } = &linears[layer];
        let inputs = shape.inputs;
        // The first output that a tensor has.
        let mut first = 0;
        for tensor in &tensors.parts {
            let end = first + tensor.rows.len();
            let wanted = outputs.start.max(first)..outputs.end.min(end);
            if !wanted.is_empty() {
                let offset = |output: usize| tensor.rows.start + output - first;
                let out =
                    (wanted.start - outputs.start) * inputs..(wanted.end - outputs.start) * inputs;
                let rows = offset(wanted.start)..offset(wanted.end);
                self.rows(tensor, rows, &mut weights[out])?;
            }
            first = end;
        }
        let scaled = scaled_outputs
            .saturating_sub(outputs.start)
            .min(outputs.len());
        for x in &mut weights[..scaled * inputs] {
            *x *= self.scale;
        }
        Ok(())
    }

    fn bias(&mut self, layer: usize, bias: &mut [f32]) -> Result<()> {
        let LinearPart {
            tensors,
            scaled_outputs,
            ..
        } = &self.linears[layer];
        if !tensors.has_bias {
            return Ok(());
        }
        let mut first = 0;
        for tensor in &tensors.parts {
            let name = format!("{}.bias", tensor.name);
            let values = self.weights.tensor(&name, &[tensor.of])?;
            let end = first + tensor.rows.len();
            bias[first..end].copy_from_slice(&values[tensor.rows.clone()]);
            first = end;
        }
        for x in &mut bias[..*scaled_outputs] {
            *x *= self.scale;
        }
        Ok(())
    }
}
