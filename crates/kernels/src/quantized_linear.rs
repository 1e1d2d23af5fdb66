//! The linear layer in 8 bits: exact sums of integers, then the same steps as in f32.

#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use std::ops::Range;

use bytemuck::{cast_slice, cast_slice_mut};

use crate::epilogue::{Epilogue, Output};
use crate::product::{Product, Tiles};
use crate::simd::{GROUP, Integers, Kernel, LANES, MAX_PAIR_SUM, ROUNDING_MAGIC};
use crate::tile::{Codes, Rows, tile};
use crate::weights::{InMemory, Packing};
use crate::{Cpu, LinearShape, QuantizedRows, ReadLayers, SharedBuffer};

/// The largest absolute value of the code of a weight.
const MAX_CODE: f32 = 127.0;

/// A linear layer with 8-bit weights, for rows that are quantized too.
///
/// Each output has its own scale: `w ≈ scale · code`, with codes from −127 to 127. The codes are
/// packed for one instruction set, in panels like those of [`Linear`](crate::Linear).
#[derive(Clone, Debug)]
pub struct QuantizedLinear {
    cpu: Cpu,
    inputs: usize,
    outputs: usize,
    /// The number of words that hold the codes of a row of x; zero weights fill the last word.
    groups: usize,
    /// Codes, `[panels, groups, tile_columns, GROUP]`.
    panels: SharedBuffer,
    /// `[panels, tile_columns]`
    scales: SharedBuffer,
    /// `[panels, tile_columns]`
    bias: SharedBuffer,
    /// The negative sum of the codes of each output, split by [`sum_pair`], `[panels, tile_columns]`
    /// words.
    sums: SharedBuffer,
}

impl QuantizedLinear {
    /// The largest number of inputs of a layer. With this many, neither a sum of products nor a partial
    /// sum overflows an `i32`: 2 · 255 · 127 · 32 768 is below 2³¹.
    pub const MAX_INPUTS: usize = 32_768;

    /// Quantizes and packs `weights`, `[outputs, inputs]`; `bias`, `[outputs]`, stays in f32.
    ///
    /// The error of a weight is at most `0.501 · scale`. The scale of an output is 1/127 of the largest
    /// absolute value of its weights, or 1/128 of the largest absolute sum of two adjacent weights,
    /// inputs 2i and 2i + 1, if that is larger: AVX2 sums the products of two bytes in 16 bits, which
    /// such weights do not overflow. If a weight of an output is NaN or infinite, the scale of the
    /// output is NaN, and so are all its results.
    ///
    /// # Panics
    ///
    /// Panics if `inputs` is 0 or above [`MAX_INPUTS`](Self::MAX_INPUTS), or if `weights` has another
    /// size.
    pub fn new(cpu: Cpu, weights: &[f32], bias: &[f32], inputs: usize) -> Self {
        let layer = InMemory::new(weights, bias, inputs);
        let shapes = [layer.shape()];
        let Ok(packed) = Self::pack(cpu, shapes, layer);
        let [layer] = Self::from_packed(cpu, shapes, &packed);
        layer
    }

    /// Packs layers that are applied one after the other into one buffer, like
    /// [`Linear::pack`](crate::Linear::pack).
    ///
    /// # Errors
    ///
    /// Returns the first error of `reader`.
    ///
    /// # Panics
    ///
    /// Panics if a layer has no inputs or more than [`MAX_INPUTS`](Self::MAX_INPUTS).
    pub fn pack<const N: usize, R: ReadLayers>(
        cpu: Cpu,
        shapes: [LinearShape; N],
        mut reader: R,
    ) -> Result<SharedBuffer, R::Error> {
        let columns = cpu.tile_columns();
        let mut codes = Vec::new();
        packing(cpu, &shapes).pack(&mut reader, |weights, block| {
            let inputs = block.shape.inputs;
            codes.resize(inputs, 0);
            let padded = block.vectors.len() / VECTORS;
            let (scales, sums) = block.vectors[padded..].split_at_mut(padded);
            pack(
                weights,
                &mut codes,
                columns,
                cast_slice_mut(block.panels),
                &mut scales[block.first..],
                &mut cast_slice_mut(sums)[block.first..],
            );
        })
    }

    /// Returns the number of values of the buffer that [`pack`](Self::pack) returns.
    ///
    /// # Panics
    ///
    /// Panics if a layer has no inputs or more than [`MAX_INPUTS`](Self::MAX_INPUTS).
    pub fn packed_len<const N: usize>(cpu: Cpu, shapes: [LinearShape; N]) -> usize {
        packing(cpu, &shapes).len()
    }

    /// Returns the layers in a buffer that [`pack`](Self::pack) returned for the same shapes, in this
    /// process or another one, at a level with as many [`tile_columns`](Cpu::tile_columns).
    ///
    /// # Panics
    ///
    /// Panics if the buffer does not have [`packed_len`](Self::packed_len) values, or if a layer has no inputs or more than [`MAX_INPUTS`](Self::MAX_INPUTS).
    pub fn from_packed<const N: usize>(
        cpu: Cpu,
        shapes: [LinearShape; N],
        packed: &SharedBuffer,
    ) -> [Self; N] {
        let parts = packing(cpu, &shapes).split(packed);
        std::array::from_fn(|i| {
            let (panels, [bias, scales, sums]) = parts[i].clone();
            Self {
                cpu,
                inputs: shapes[i].inputs,
                outputs: shapes[i].outputs,
                groups: shapes[i].inputs.div_ceil(GROUP),
                panels,
                scales,
                bias,
                sums,
            }
        })
    }

    /// Returns the number of codes of a row of x.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Returns the number of values of a row of y.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Computes `y = epilogue(x · Wᵀ + b)` for any number of rows: `x` is `[n, inputs]`, `y` is
    /// `[n, outputs]`.
    ///
    /// The products of `code − zero_point` and the codes of the weights are summed exactly. The sum is
    /// rounded to the nearest f32, and one fused multiply-add with the product of both scales adds the
    /// bias. So a value depends only on its own row of x, and has the same bits on every level. A row
    /// whose scale is NaN gives NaN.
    ///
    /// Compared to the layer in f32, the error of a value is at most
    /// `0.501 · (scale · Σ|w| + weight_scale · Σ|x|) + 0.252 · inputs · scale · weight_scale`,
    /// plus the rounding errors of f32.
    ///
    /// # Panics
    ///
    /// Panics if the sizes do not fit.
    ///
    /// # Complexity
    ///
    /// `n · inputs · outputs` products.
    pub fn apply(&self, x: &QuantizedRows, epilogue: Epilogue<'_>, y: &mut [f32]) {
        self.apply_to(0..self.outputs, x, epilogue, y);
    }

    /// Splits the outputs into at most `parts` ranges of nearly equal size, for
    /// [`apply_to`](Self::apply_to).
    pub fn split_outputs(&self, parts: usize) -> Vec<Range<usize>> {
        self.cpu.split_outputs(self.outputs, parts)
    }

    /// Computes a range of the outputs that [`split_outputs`](Self::split_outputs) returned, with the
    /// same bits as [`apply`](Self::apply). `y` is `[n, outputs.len()]`.
    ///
    /// # Panics
    ///
    /// Panics if the sizes do not fit, or if the range does not consist of whole panels.
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
        self.cpu.run(Product {
            tiles: QuantizedTiles {
                groups: self.groups,
                panels: cast_slice(&self.panels),
                scales: self.scales.as_slice(),
                bias: self.bias.as_slice(),
                sums: cast_slice(&self.sums),
                x,
            },
            rows,
            depth: self.groups,
            out: Output::new(y, rows, outputs.len(), epilogue),
            outputs,
            panels: self.panels.as_slice(),
        });
    }
}

/// The number of vectors of a packed layer: biases, scales and sums.
const VECTORS: usize = 3;

fn packing<const N: usize>(cpu: Cpu, shapes: &[LinearShape; N]) -> Packing<'_, N> {
    Packing {
        columns: cpu.tile_columns(),
        shapes,
        depths: shapes.map(|LinearShape { inputs, .. }| {
            assert_ne!(inputs, 0, "a linear layer needs inputs");
            assert!(
                inputs <= QuantizedLinear::MAX_INPUTS,
                "sums are exact up to {} inputs, found {inputs}",
                QuantizedLinear::MAX_INPUTS,
            );
            inputs.div_ceil(GROUP)
        }),
        vectors: VECTORS,
    }
}

/// Writes the codes of a block of outputs into panels, and for each output its scale and the negative
/// sum of its codes. `codes` is a buffer for the codes of one output.
fn pack(
    weights: &[f32],
    codes: &mut [i8],
    columns: usize,
    words: &mut [[i8; GROUP]],
    scales: &mut [f32],
    sums: &mut [i32],
) {
    let groups = codes.len().div_ceil(GROUP);
    for (output, weights) in weights.chunks_exact(codes.len()).enumerate() {
        scales[output] = quantize_weights(weights, codes);
        sums[output] = sum_pair(-codes.iter().map(|&code| i32::from(code)).sum::<i32>());
        let (panel, column) = (output / columns, output % columns);
        let words = &mut words[panel * groups * columns..][..groups * columns];
        for (codes, words) in codes.chunks(GROUP).zip(words.chunks_exact_mut(columns)) {
            words[column][..codes.len()].copy_from_slice(codes);
        }
    }
}

/// Quantizes the weights of one output to `codes` and returns the scale.
///
/// Two adjacent codes stay within the bound of [`Integers::dot_group`].
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a code is an integer from -127 to 127; the code of a NaN does not matter"
)]
fn quantize_weights(weights: &[f32], codes: &mut [i8]) -> f32 {
    let largest = weights.iter().fold(0.0, |most: f32, w| most.max(w.abs()));
    // A last weight without a pair counts in `largest` alone. Weights of opposite signs sum to less
    // than the larger of them.
    let (pairs, _) = weights.as_chunks::<2>();
    let pair_scale = pairs.iter().fold(0.0, |most: f32, [a, b]| {
        most.max((a / MAX_PAIR_SUM as f32 + b / MAX_PAIR_SUM as f32).abs())
    });
    // 0, or NaN if a weight is NaN or infinite: the maximum ignores NaN.
    let poison: f32 = weights.iter().map(|w| w * 0.0).sum();
    let scale = (largest / MAX_CODE).max(pair_scale).max(f32::MIN_POSITIVE) + poison;
    for (weight, code) in weights.iter().zip(codes.iter_mut()) {
        // Rounds to the nearest integer, ties to even, in the lowest byte of the sum. Without SSE 4.1,
        // `round_ties_even` would be a function call, and take most of the time of loading a model.
        *code = ((weight / scale).clamp(-MAX_CODE, MAX_CODE) + ROUNDING_MAGIC).to_bits() as i8;
    }
    for [a, b] in codes.as_chunks_mut::<2>().0 {
        // Both were rounded away from zero from a half. Rounding the second toward zero is as accurate.
        let sum = i32::from(*a) + i32::from(*b);
        if sum.abs() > MAX_PAIR_SUM {
            *b -= sum.signum() as i8;
        }
    }
    scale
}

/// Splits a sum of weights into a pair of 16-bit integers: low, 0 to 127, and high, so that the sum is
/// low + 128 · high. The product of this pair and the pair of a zero point z, which is z and 128 z, is
/// z times the sum.
///
/// With at most 2¹⁵ weights, high is from −2¹⁵ to 2¹⁵ − 1.
fn sum_pair(sum: i32) -> i32 {
    (sum & 0x7f) | (sum >> 7) << 16
}

/// The slices of a layer, looked up once for all tiles.
struct QuantizedTiles<'a> {
    groups: usize,
    panels: &'a [i32],
    scales: &'a [f32],
    bias: &'a [f32],
    sums: &'a [i32],
    x: &'a QuantizedRows,
}

impl Kernel for Product<'_, QuantizedTiles<'_>> {
    type Output = ();

    #[inline(always)]
    fn run<S: Integers>(self, s: S) {
        self.multiply(s);
    }
}

impl<S: Integers> Tiles<S> for QuantizedTiles<'_> {
    const INT8: bool = true;
    const BLOCK_ELEMENTS: usize = 32 * 1024;

    #[inline(always)]
    fn tile<const V: usize, const R: usize>(
        &self,
        s: S,
        row: usize,
        panel: usize,
        prefetch: &[f32],
    ) -> [[S::F; V]; R] {
        let x = self.x;
        let (groups, columns) = (self.groups, V * LANES);
        let (sums, _) = self.sums[panel * columns..].as_chunks::<LANES>();
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
        let weights = &self.panels[panel * groups * columns..];
        let totals = tile::<S, Codes, R, V>(s, totals, words.from(row), groups, weights, prefetch);

        let (scales, _) = self.scales[panel * columns..].as_chunks::<LANES>();
        let (bias, _) = self.bias[panel * columns..].as_chunks::<LANES>();
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
