use cognate_kernels::{AlignedBuffer, Cpu, Epilogue, Linear};
use rayon::prelude::*;

/// A linear layer in the number format that the caller chose.
#[derive(Debug)]
pub(super) enum Projection {
    F32(Linear),
}

/// Memory for rows in the number format of the products.
#[derive(Debug, Default)]
pub(super) struct Quantized {}

impl Projection {
    /// Packs `weights`, `[outputs, inputs]`, and `bias`, `[outputs]`.
    pub(super) fn new(cpu: Cpu, weights: &[f32], bias: &[f32], inputs: usize) -> Self {
        Self::F32(Linear::new(cpu, weights, bias, inputs))
    }

    pub(super) fn outputs(&self) -> usize {
        match self {
            Self::F32(linear) => linear.outputs(),
        }
    }

    /// `x` is `[n, inputs]`, `y` is `[n, outputs]`.
    pub(super) fn apply(
        &self,
        x: &[f32],
        _quantized: &mut Quantized,
        epilogue: Epilogue<'_>,
        y: &mut [f32],
    ) {
        match self {
            Self::F32(linear) => linear.apply(x, epilogue, y),
        }
    }

    /// The same, with the outputs shared out between `threads` of the current pool. `parts` is
    /// memory for them, before they are put side by side.
    pub(super) fn apply_by_columns(
        &self,
        threads: usize,
        x: &[f32],
        _quantized: &mut Quantized,
        epilogue: Epilogue<'_>,
        parts: &mut AlignedBuffer,
        y: &mut [f32],
    ) {
        let rows = y.len() / self.outputs();
        let (before, added) = match epilogue {
            Epilogue::Add(other) => (Epilogue::Plain, Some(other)),
            other => (other, None),
        };
        let ranges = match self {
            Self::F32(linear) => linear.split_outputs(threads),
        };
        let mut rest = parts.first(y.len());
        let mut work = Vec::with_capacity(ranges.len());
        for range in ranges {
            let (part, behind) = rest.split_at_mut(rows * range.len());
            rest = behind;
            work.push((range, part));
        }
        work.par_iter_mut().for_each(|(range, part)| match self {
            Self::F32(linear) => linear.apply_to(range.clone(), x, before, part),
        });
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
}
