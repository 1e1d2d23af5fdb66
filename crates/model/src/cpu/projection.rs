use std::ops::Range;

use cognate_kernels::{AlignedBuffer, Cpu, Epilogue, Linear, QuantizedLinear, QuantizedRows};
use rayon::prelude::*;

/// A linear layer, in f32 or quantized.
#[derive(Debug)]
pub(super) enum Projection {
    F32(Linear),
    /// A quantized layer, with the kernels that quantize its input.
    Int8(Cpu, QuantizedLinear),
}

/// The input of projections, in the number format of their weights.
#[derive(Clone, Copy)]
pub(super) enum Input<'a> {
    F32(&'a [f32]),
    Int8(&'a QuantizedRows),
}

impl Projection {
    pub(super) fn outputs(&self) -> usize {
        match self {
            Self::F32(linear) => linear.outputs(),
            Self::Int8(_, linear) => linear.outputs(),
        }
    }

    /// Returns `x`, `[n, inputs]`, as the input of this projection and of others with as many
    /// inputs; `rows` is a scratch buffer for quantized rows of `x`.
    pub(super) fn input<'a>(&self, x: &'a [f32], rows: &'a mut QuantizedRows) -> Input<'a> {
        match self {
            Self::F32(_) => Input::F32(x),
            Self::Int8(cpu, linear) => {
                cpu.quantize(x, linear.inputs(), rows);
                Input::Int8(rows)
            }
        }
    }

    /// Maps `input`, `[n, inputs]`, to `y`, `[n, outputs]`.
    ///
    /// The outputs are divided among `threads` of the current thread pool, which does not change a
    /// bit of them; `parts` is a scratch buffer for the outputs of each thread.
    pub(super) fn apply(
        &self,
        threads: usize,
        input: Input<'_>,
        epilogue: Epilogue<'_>,
        parts: &mut AlignedBuffer,
        y: &mut [f32],
    ) {
        if threads == 1 {
            return self.apply_to(0..self.outputs(), input, epilogue, y);
        }
        let count = y.len() / self.outputs();
        // The matrix of an epilogue has rows as wide as `y`, wider than a part.
        let first_epilogue = match epilogue {
            Epilogue::Add(_) | Epilogue::Multiply(_) => Epilogue::Identity,
            other => other,
        };
        let ranges = match self {
            Self::F32(linear) => linear.split_outputs(threads),
            Self::Int8(_, linear) => linear.split_outputs(threads),
        };
        let mut remaining = parts.first(y.len());
        let mut work = Vec::with_capacity(ranges.len());
        for range in ranges {
            let (part, after) = remaining.split_at_mut(count * range.len());
            remaining = after;
            work.push((range, part));
        }
        work.par_iter_mut()
            .for_each(|(range, part)| self.apply_to(range.clone(), input, first_epilogue, part));
        for (range, part) in &work {
            for (row, part) in part.chunks_exact(range.len()).enumerate() {
                let start = row * self.outputs() + range.start;
                let y = &mut y[start..start + range.len()];
                y.copy_from_slice(part);
                match epilogue {
                    Epilogue::Add(other) => {
                        y.iter_mut().zip(&other[start..]).for_each(|(y, x)| *y += x);
                    }
                    Epilogue::Multiply(other) => {
                        y.iter_mut().zip(&other[start..]).for_each(|(y, x)| *y *= x);
                    }
                    _ => {}
                }
            }
        }
    }

    fn apply_to(
        &self,
        outputs: Range<usize>,
        input: Input<'_>,
        epilogue: Epilogue<'_>,
        y: &mut [f32],
    ) {
        match (self, input) {
            (Self::F32(linear), Input::F32(x)) => linear.apply_to(outputs, x, epilogue, y),
            (Self::Int8(_, linear), Input::Int8(x)) => linear.apply_to(outputs, x, epilogue, y),
            _ => unreachable!("all projections of a transformer have one number format"),
        }
    }
}
