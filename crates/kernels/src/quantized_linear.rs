//! The linear layer in 8 bits: exact sums of whole numbers, then the same as in f32.

#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use std::mem::take;
use std::ops::Range;

use bytemuck::{cast_slice, cast_slice_mut};

use crate::epilogue::{Epilogue, Output};
use crate::product::{Product, Tiles};
use crate::simd::{GROUP, IntegerKernel, Integers, LANES, PAIR_TOP};
use crate::tile::{Codes, Rows, tile};
use crate::weights::{PackedWeights, alone};
use crate::{AlignedBuffer, Cpu, LinearShape, QuantizedRows, Weights};

/// The greatest code of a weight; the least is its negative.
const TOP: f32 = 127.0;

/// A linear layer with weights of 8 bits, for rows that are quantized too.
///
/// Each output has its own scale: `w ≈ scale · code`, code from −127 to 127. The codes are packed
/// once for the processor the layer was made for, in panels as those of [`Linear`](crate::Linear).
#[derive(Clone, Debug)]
pub struct QuantizedLinear {
    cpu: Cpu,
    inputs: usize,
    outputs: usize,
    /// Words in which the codes of a row of x lie, the last one filled up with weights of 0.
    groups: usize,
    /// Codes, `[panels, groups, tile_columns, GROUP]`.
    panels: PackedWeights,
    /// `[panels, tile_columns]`
    scales: AlignedBuffer,
    /// `[panels, tile_columns]`
    bias: AlignedBuffer,
    /// Words, `[panels, tile_columns]`: minus the sum of an output's codes, as [`sum_pair`] cuts it.
    sums: AlignedBuffer,
}

impl QuantizedLinear {
    /// The most inputs that a layer may have: with so many, no sum of products leaves an `i32`,
    /// nor does any sum on the way to it. 2 · 255 · 127 · 32 768 is below 2³¹.
    pub const MAX_INPUTS: usize = 32_768;

    /// Quantizes and packs `weights`, `[outputs, inputs]`; `bias`, `[outputs]`, stays as it is.
    ///
    /// The error of a weight is at most `0.501 · scale`. The scale of an output is 1/127 of its
    /// largest weight, or 1/128 of the largest sum of two neighbours, inputs 2i and 2i + 1, if that
    /// is more: AVX2 sums the products of two bytes in 16 bits, and so does it exactly. A NaN or an
    /// infinity among the weights of an output makes the scale of it NaN, and so all that the layer
    /// computes for it.
    ///
    /// # Panics
    ///
    /// When `inputs` is 0 or above [`MAX_INPUTS`](Self::MAX_INPUTS), or `weights` has another size.
    pub fn new(cpu: Cpu, weights: &[f32], bias: &[f32], inputs: usize) -> Self {
        let (shape, read) = alone(weights, bias, inputs);
        let Ok([layer]) = Self::together(cpu, shape, read);
        layer
    }

    /// Packs layers that work one after the other into one piece of memory, as
    /// [`Linear::together`](crate::Linear::together) does.
    ///
    /// # Errors
    ///
    /// The first of `read`.
    ///
    /// # Panics
    ///
    /// As [`new`](Self::new).
    pub fn together<'a, const N: usize, E>(
        cpu: Cpu,
        shapes: [LinearShape; N],
        mut read: impl FnMut(usize) -> Result<Weights<'a>, E>,
    ) -> Result<[Self; N], E> {
        let columns = cpu.tile_columns();
        let padded = |shape: LinearShape| shape.outputs.next_multiple_of(columns);
        let mut parts = shapes.map(|shape| [padded(shape); 3].map(AlignedBuffer::zeroed));
        let sizes = shapes.map(|shape| padded(shape) * shape.inputs.div_ceil(GROUP));
        let panels = PackedWeights::together(sizes, |i, panels| {
            let (weights, shape) = (read(i)?, shapes[i]);
            shape.check(&weights);
            assert!(
                shape.inputs <= Self::MAX_INPUTS,
                "sums are exact up to {} inputs, found {}",
                Self::MAX_INPUTS,
                shape.inputs
            );
            let [scales, bias, sums] = &mut parts[i];
            bias.as_mut_slice()[..shape.outputs].copy_from_slice(&weights.bias);
            pack(
                &weights.values,
                shape.inputs,
                columns,
                cast_slice_mut(panels),
                scales.as_mut_slice(),
                cast_slice_mut(sums.as_mut_slice()),
            );
            Ok(())
        })?;
        Ok(std::array::from_fn(|i| {
            let [scales, bias, sums] = take(&mut parts[i]);
            Self {
                cpu,
                inputs: shapes[i].inputs,
                outputs: shapes[i].outputs,
                groups: shapes[i].inputs.div_ceil(GROUP),
                panels: panels[i].clone(),
                scales,
                bias,
                sums,
            }
        }))
    }

    /// Codes of a row of x.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Values of a row of y.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Computes `y = epilogue(x · Wᵀ + b)` for any number of rows: `x` is `[n, inputs]`, `y` is
    /// `[n, outputs]`.
    ///
    /// The products of `code − zero_point` and the weights' codes are summed exactly; the sum becomes
    /// the nearest f32, and one fused multiply-add with the product of both scales adds the bias. So
    /// a value depends on its own row of x alone, and on no level of the processor. A row whose
    /// scale is NaN gives NaN.
    ///
    /// Against the layer before quantization the error of a value is at most
    /// `0.501 · (scale · Σ|w| + weight_scale · Σ|x|) + 0.252 · inputs · scale · weight_scale`,
    /// besides the rounding of f32.
    ///
    /// # Panics
    ///
    /// When the sizes do not fit.
    ///
    /// # Complexity
    ///
    /// `n · inputs · outputs` products.
    pub fn apply(&self, x: &QuantizedRows, epilogue: Epilogue<'_>, y: &mut [f32]) {
        self.apply_to(0..self.outputs, x, epilogue, y);
    }

    /// Cuts the outputs into at most `parts` ranges of nearly the same size, for
    /// [`apply_to`](Self::apply_to): at borders of panels.
    pub fn split_outputs(&self, parts: usize) -> Vec<Range<usize>> {
        self.cpu.split_outputs(self.outputs, parts)
    }

    /// Computes some of the outputs, a range that [`split_outputs`](Self::split_outputs) gave: the
    /// same bits as [`apply`](Self::apply). `y` is `[n, outputs.len()]`.
    ///
    /// # Panics
    ///
    /// When the sizes do not fit, or the range does not start and end where panels do.
    pub fn apply_to(
        &self,
        outputs: Range<usize>,
        x: &QuantizedRows,
        epilogue: Epilogue<'_>,
        y: &mut [f32],
    ) {
        self.cpu.check_outputs(&outputs, self.outputs);
        let rows = x.rows();
        assert!(rows == 0 || x.dim() == self.inputs, "x must be [n, inputs]");
        self.cpu.run_integers(Product {
            tiles: QuantizedTiles { layer: self, x },
            rows,
            depth: self.groups,
            out: Output::new(y, rows, outputs.len(), epilogue),
            outputs,
            panels: self.panels.as_slice(),
        });
    }
}

/// Writes the codes of a layer into panels, and the scale and minus the sum of the codes of each
/// output.
fn pack(
    weights: &[f32],
    inputs: usize,
    columns: usize,
    words: &mut [[i8; GROUP]],
    scales: &mut [f32],
    sums: &mut [i32],
) {
    let groups = inputs.div_ceil(GROUP);
    let mut codes = vec![0; inputs];
    for (output, weights) in weights.chunks_exact(inputs).enumerate() {
        scales[output] = quantize_weights(weights, &mut codes);
        sums[output] = sum_pair(-codes.iter().map(|&code| i32::from(code)).sum::<i32>());
        let (panel, column) = (output / columns, output % columns);
        for (g, codes) in codes.chunks(GROUP).enumerate() {
            let word = &mut words[(panel * groups + g) * columns + column];
            word[..codes.len()].copy_from_slice(codes);
        }
    }
}

/// Writes the codes of the weights of one output; returns its scale.
///
/// Neighbours stay within the bound of [`Integers::dot_group`].
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a code is a whole number from -127 to 127; that of a NaN does not matter"
)]
fn quantize_weights(weights: &[f32], codes: &mut [i8]) -> f32 {
    let largest = weights.iter().fold(0.0, |most: f32, w| most.max(w.abs()));
    // What is no pair at the end is in `largest`. Two of opposite signs sum to less than one alone.
    let (pairs, _) = weights.as_chunks::<2>();
    let pair_scale = pairs.iter().fold(0.0, |most: f32, [a, b]| {
        most.max((a / PAIR_TOP as f32 + b / PAIR_TOP as f32).abs())
    });
    // 0 for every number, NaN for what is none: the maximum passes over a NaN.
    let poison: f32 = weights.iter().map(|w| w * 0.0).sum();
    let scale = (largest / TOP).max(pair_scale).max(f32::MIN_POSITIVE) + poison;
    for (weight, code) in weights.iter().zip(codes.iter_mut()) {
        // The nearest whole number, ties to even: in 1.5 · 2²³ … 2²⁴ the spacing of f32 is 1, and the
        // last byte counts. `round_ties_even` is the call of a function where the compiler may not
        // count on SSE 4.1, and most of the time that it takes to load a model.
        *code = ((weight / scale).clamp(-TOP, TOP) + 12_582_912.0).to_bits() as i8;
    }
    for [a, b] in codes.as_chunks_mut::<2>().0 {
        // Both were rounded up from a half, so that down is as near.
        let excess = i32::from(*a) + i32::from(*b);
        if excess.abs() > PAIR_TOP {
            *b -= excess.signum() as i8;
        }
    }
    scale
}

/// A sum of weights as a pair of 16-bit numbers: low, 0 to 127, and high, so that the sum is
/// low + 128 · high. The other half of it is the zero point of a row, z and 128 z.
///
/// With at most 2¹⁵ weights, high is from −2¹⁵ to 2¹⁵ − 1.
fn sum_pair(sum: i32) -> i32 {
    (sum & 0x7f) | (sum >> 7) << 16
}

struct QuantizedTiles<'a> {
    layer: &'a QuantizedLinear,
    x: &'a QuantizedRows,
}

impl IntegerKernel for Product<'_, QuantizedTiles<'_>> {
    type Output = ();

    #[inline(always)]
    fn run<S: Integers>(self, s: S) {
        self.multiply(s);
    }
}

impl<S: Integers> Tiles<S> for QuantizedTiles<'_> {
    const COARSE: bool = true;
    const BLOCK: usize = 32 * 1024;

    #[inline(always)]
    fn tile<const V: usize, const R: usize>(
        &self,
        s: S,
        row: usize,
        panel: usize,
        ahead: &[f32],
    ) -> [[S::F; V]; R] {
        let (layer, x) = (self.layer, self.x);
        let (groups, columns) = (layer.groups, V * LANES);
        let (sums, _) = cast_slice(layer.sums.as_slice())[panel * columns..].as_chunks::<LANES>();
        let zeros = &x.zero_pairs()[row..row + R];
        let mut totals = [[s.splat_word(0); V]; R];
        for (totals, zero) in totals.iter_mut().zip(zeros) {
            for v in 0..V {
                totals[v] = s.dot_pairs(totals[v], s.splat_word(*zero), s.load_words(&sums[v]));
            }
        }
        let words = Rows {
            values: x.words(),
            stride: x.stride(),
            step: 1,
        };
        let weights: &[i32] = cast_slice(layer.panels.as_slice());
        let weights = &weights[panel * groups * columns..];
        let totals = tile::<S, Codes, R, V>(s, totals, words.from(row), groups, weights, ahead);

        let (scales, _) = layer.scales.as_slice()[panel * columns..].as_chunks::<LANES>();
        let (bias, _) = layer.bias.as_slice()[panel * columns..].as_chunks::<LANES>();
        let mut values = [[s.splat(0.0); V]; R];
        for (r, values) in values.iter_mut().enumerate() {
            let row_scale = s.splat(x.scales()[row + r]);
            for v in 0..V {
                let scale = s.mul(row_scale, s.load(&scales[v]));
                values[v] = s.fma(s.to_float(totals[r][v]), scale, s.load(&bias[v]));
            }
        }
        values
    }
}

#[cfg(test)]
mod tests;
