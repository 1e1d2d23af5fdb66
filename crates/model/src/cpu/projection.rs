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

/// The input of a projection, in the number format of its weights.
#[derive(Clone, Copy)]
enum Input<'a> {
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

    /// Maps `x`, `[n, inputs]`, to `y`, `[n, outputs]`; `rows` is a scratch buffer for quantized
    /// rows of `x`.
    pub(super) fn apply(
        &self,
        x: &[f32],
        rows: &mut QuantizedRows,
        epilogue: Epilogue<'_>,
        y: &mut [f32],
    ) {
        self.apply_to(0..self.outputs(), self.input(x, rows), epilogue, y);
    }

    /// Computes the same bits as [`apply`](Self::apply), with the outputs divided among `threads` of
    /// the current thread pool; `parts` is a scratch buffer for the outputs of each thread.
    pub(super) fn apply_by_columns(
        &self,
        threads: usize,
        x: &[f32],
        rows: &mut QuantizedRows,
        epilogue: Epilogue<'_>,
        parts: &mut AlignedBuffer,
        y: &mut [f32],
    ) {
        let count = y.len() / self.outputs();
        let (first_epilogue, residual) = match epilogue {
            Epilogue::Add(other) => (Epilogue::Identity, Some(other)),
            other => (other, None),
        };
        let ranges = match self {
            Self::F32(linear) => linear.split_outputs(threads),
            Self::Int8(_, linear) => linear.split_outputs(threads),
        };
        let input = self.input(x, rows);
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
                if let Some(residual) = residual {
                    for (y, residual) in y.iter_mut().zip(&residual[start..]) {
                        *y += residual;
                    }
                }
            }
        }
    }

    fn input<'a>(&self, x: &'a [f32], rows: &'a mut QuantizedRows) -> Input<'a> {
        match self {
            Self::F32(_) => Input::F32(x),
            Self::Int8(cpu, linear) => {
                cpu.quantize(x, linear.inputs(), rows);
                Input::Int8(rows)
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
            _ => unreachable!("`input` returns the format of its own projection"),
        }
    }
}
