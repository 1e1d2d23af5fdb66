use std::ops::Range;

use cognate_kernels::{AlignedBuffer, Cpu, Epilogue, Linear, QuantizedLinear, QuantizedRows};
use rayon::prelude::*;

/// A linear layer in the number format that the caller chose.
#[derive(Debug)]
pub(super) enum Projection {
    F32(Linear),
    /// With what it takes to quantize its input.
    Int8(Cpu, QuantizedLinear),
}

/// The input of a product, in its number format.
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

    /// `x` is `[n, inputs]`, `y` is `[n, outputs]`; `rows` is memory for x in 8 bits.
    pub(super) fn apply(
        &self,
        x: &[f32],
        rows: &mut QuantizedRows,
        epilogue: Epilogue<'_>,
        y: &mut [f32],
    ) {
        self.apply_to(0..self.outputs(), self.input(x, rows), epilogue, y);
    }

    /// The same, with the outputs shared out between `threads` of the current pool: the same bits.
    /// `parts` is memory for them, before they are put side by side.
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
        let (before, added) = match epilogue {
            Epilogue::Add(other) => (Epilogue::Identity, Some(other)),
            other => (other, None),
        };
        let ranges = match self {
            Self::F32(linear) => linear.split_outputs(threads),
            Self::Int8(_, linear) => linear.split_outputs(threads),
        };
        let input = self.input(x, rows);
        let mut rest = parts.first(y.len());
        let mut work = Vec::with_capacity(ranges.len());
        for range in ranges {
            let (part, behind) = rest.split_at_mut(count * range.len());
            rest = behind;
            work.push((range, part));
        }
        work.par_iter_mut()
            .for_each(|(range, part)| self.apply_to(range.clone(), input, before, part));
        for (range, part) in &work {
            for (row, part) in part.chunks_exact(range.len()).enumerate() {
                let at = row * self.outputs() + range.start;
                let y = &mut y[at..at + range.len()];
                y.copy_from_slice(part);
                if let Some(added) = added {
                    for (y, added) in y.iter_mut().zip(&added[at..]) {
                        *y += added;
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
            _ => unreachable!("the input was made by this projection"),
        }
    }
}
