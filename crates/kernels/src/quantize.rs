#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use bytemuck::{cast_slice, cast_slice_mut};

use crate::simd::{GROUP, Integers, Kernel, LANES, ROUNDING_MAGIC};
use crate::{AlignedBuffer, Cpu};

/// The largest code.
const MAX_CODE: f32 = 255.0;

/// Rows of 8-bit codes, each row with its own scale and zero point:
/// `x ≈ scale · (code − zero_point)`.
///
/// [`Cpu::quantize`] fills it. Its memory grows and never shrinks, so that a worker can reuse it.
#[derive(Clone, Debug, Default)]
pub struct QuantizedRows {
    dim: usize,
    /// The codes in words of [`GROUP`], `[rows, stride]`.
    words: AlignedBuffer,
    scales: Vec<f32>,
    /// The zero points as pairs of 16-bit integers, see [`zero_pair`].
    zeros: Vec<i32>,
}

impl QuantizedRows {
    /// Creates an empty set of rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.scales.len()
    }

    /// Returns the number of codes of a row.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Returns the scale of each row, `[rows]`: the difference that one step of the code makes. The
    /// scale is NaN if the row had a NaN or an infinity.
    pub fn scales(&self) -> &[f32] {
        &self.scales
    }

    /// Returns the code of 0 in a row, from 0 to 255.
    ///
    /// # Panics
    ///
    /// Panics if there is no such row.
    pub fn zero_point(&self, row: usize) -> u8 {
        self.zeros[row].to_le_bytes()[0]
    }

    /// Returns the codes of a row, `[dim]`.
    ///
    /// # Panics
    ///
    /// Panics if there is no such row.
    pub fn codes(&self, row: usize) -> impl ExactSizeIterator<Item = u8> + '_ {
        assert!(row < self.rows(), "there are {} rows", self.rows());
        let bytes: &[u8] = cast_slice(&self.words()[row * self.stride()..]);
        bytes[..self.dim].iter().copied()
    }

    /// Returns the number of words from one row to the next, which hold whole vectors of codes.
    pub(crate) fn stride(&self) -> usize {
        self.dim.next_multiple_of(LANES) / GROUP
    }

    pub(crate) fn words(&self) -> &[i32] {
        cast_slice(self.words.as_slice())
    }

    /// Returns the zero point of each row as a [`zero_pair`].
    pub(crate) fn zero_pairs(&self) -> &[i32] {
        &self.zeros
    }
}

/// Converts a zero point z to a pair of 16-bit integers, z and 128 z. Its product with the pair of a
/// sum of weights s = low + 128 · high is z · s.
fn zero_pair(zero_point: u8) -> i32 {
    i32::from(zero_point) | i32::from(zero_point) << (16 + 7)
}

impl Cpu {
    /// Quantizes each row of `x`, `[n, dim]`, to 8 bits and replaces the rows of `out` by the result.
    ///
    /// The codes span the values of the row and 0, which has a code, the zero point, and no error. For
    /// all other values, `|x − scale · (code − zero_point)| ≤ 0.501 · scale`. The scale is at least
    /// 2⁻¹²⁶, so that a row of zeros is not a special case.
    ///
    /// If a row has a NaN or an infinity, its scale is NaN, and so is everything computed from the row.
    ///
    /// # Panics
    ///
    /// Panics if `dim` is 0, or if `x` is not `[n, dim]`.
    pub fn quantize(self, x: &[f32], dim: usize, out: &mut QuantizedRows) {
        assert_ne!(dim, 0, "dim must not be 0");
        assert_eq!(x.len() % dim, 0, "x must be [n, dim]");
        let rows = x.len() / dim;
        out.dim = dim;
        out.scales.resize(rows, 0.0);
        out.zeros.resize(rows, 0);
        let stride = out.stride();
        self.run(Quantize {
            x,
            dim,
            words: cast_slice_mut(out.words.first(rows * stride)),
            stride,
            scales: &mut out.scales,
            zeros: &mut out.zeros,
        });
    }
}

struct Quantize<'a> {
    x: &'a [f32],
    dim: usize,
    words: &'a mut [i32],
    stride: usize,
    scales: &'a mut [f32],
    zeros: &'a mut [i32],
}

impl Kernel for Quantize<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Integers>(self, s: S) {
        for (((x, words), scale), zero) in self
            .x
            .chunks_exact(self.dim)
            .zip(self.words.chunks_exact_mut(self.stride))
            .zip(self.scales)
            .zip(self.zeros)
        {
            let zero_point;
            (*scale, zero_point) = quantize_row(s, x, words);
            *zero = zero_pair(zero_point);
        }
    }
}

/// Writes the codes of one row, in whole vectors, and returns its scale and its zero point.
#[inline(always)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a zero point is an integer from 0 to 255, or 0 for NaN"
)]
fn quantize_row<S: Integers>(s: S, x: &[f32], words: &mut [i32]) -> (f32, u8) {
    let (chunks, tail) = x.as_chunks::<LANES>();
    let zero = s.splat(0.0);
    let (mut low, mut high, mut poison) = (zero, zero, zero);
    let last = s.load_partial(tail, 0.0);
    for i in 0..=chunks.len() {
        let x = match chunks.get(i) {
            Some(chunk) => s.load(chunk),
            None => last,
        };
        low = s.min(x, low);
        high = s.max(x, high);
        // 0, or NaN if a value is NaN or infinite: minimum and maximum ignore NaN.
        poison = s.fma(x, zero, poison);
    }
    let (low, high) = (-s.reduce_max(s.sub(zero, low)), s.reduce_max(high));

    // The division comes before the subtraction, because the difference could overflow.
    let scale = (high / MAX_CODE - low / MAX_CODE).max(f32::MIN_POSITIVE) + s.reduce_sum(poison);
    let inverse = 1.0 / scale;
    let zero_point = (-low * inverse).round_ties_even().min(MAX_CODE) as u8;

    let inverse = s.splat(inverse);
    let shift = s.splat(ROUNDING_MAGIC + f32::from(zero_point));
    let (first_code, last_code) = (s.splat(ROUNDING_MAGIC), s.splat(ROUNDING_MAGIC + MAX_CODE));
    let (words, _) = words.as_chunks_mut::<{ LANES / GROUP }>();
    for (i, words) in words.iter_mut().enumerate() {
        let x = match chunks.get(i) {
            Some(chunk) => s.load(chunk),
            None => last,
        };
        let code = s.fma(x, inverse, shift);
        s.store_codes(s.min(s.max(code, first_code), last_code), words);
    }
    (scale, zero_point)
}

#[cfg(test)]
#[expect(
    clippy::float_cmp,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bits are compared, and codes are from 0 to 255"
)]
mod tests {
    use super::*;
    use crate::testing::numbers;

    fn quantized(cpu: Cpu, x: &[f32], dim: usize) -> QuantizedRows {
        let mut rows = QuantizedRows::new();
        cpu.quantize(x, dim, &mut rows);
        rows
    }

    /// Returns the scale, the zero point and the codes of a row.
    fn reference(x: &[f32]) -> (f32, u8, Vec<u8>) {
        let low = x.iter().copied().fold(0.0, f32::min);
        let high = x.iter().copied().fold(0.0, f32::max);
        let scale = (high / 255.0 - low / 255.0).max(f32::MIN_POSITIVE);
        let inverse = 1.0 / scale;
        let zero_point = (-low * inverse).round_ties_even().min(255.0);
        let code = |x: &f32| {
            // The code is rounded once: the sum is accurate enough in f64 to decide it.
            let exact = f64::from(*x) * f64::from(inverse) + f64::from(zero_point);
            exact.round_ties_even().clamp(0.0, 255.0) as u8
        };
        (scale, zero_point as u8, x.iter().map(code).collect())
    }

    #[test]
    fn every_level_equals_the_reference_at_every_length() {
        for dim in (1..100).chain([384, 1000]) {
            for (factor, shift) in [(1.0, 0.0), (1e-3, 0.5), (1e20, -1e20), (1e-40, 0.0)] {
                let x: Vec<f32> = numbers(dim as u64, 3 * dim)
                    .iter()
                    .map(|x| x * factor + shift)
                    .collect();
                for cpu in Cpu::available() {
                    let found = quantized(cpu, &x, dim);
                    assert_eq!((found.rows(), found.dim()), (3, dim));
                    for (row, x) in x.chunks(dim).enumerate() {
                        let (scale, zero_point, codes) = reference(x);
                        assert_eq!(found.scales()[row], scale);
                        assert_eq!(found.zero_point(row), zero_point);
                        assert_eq!(found.codes(row).collect::<Vec<_>>(), codes, "{cpu:?}");
                        for (x, code) in x.iter().zip(codes) {
                            let code = f64::from(code) - f64::from(zero_point);
                            let error = f64::from(*x) - f64::from(scale) * code;
                            assert!(error.abs() <= 0.501 * f64::from(scale), "{x} {error}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn rows_of_equal_values_are_quantized() {
        for cpu in Cpu::available() {
            let rows = quantized(cpu, &[0.0, -0.0, 7.0, 7.0, -2.0, -2.0], 2);
            let [zeros, sevens, twos] = [0, 1, 2].map(|row| {
                let step = |code| f32::from(code) - f32::from(rows.zero_point(row));
                rows.codes(row)
                    .map(|code| rows.scales()[row] * step(code))
                    .collect::<Vec<_>>()
            });
            assert_eq!(zeros, [0.0; 2]);
            assert!(sevens.iter().all(|x| (x - 7.0).abs() < 1e-6), "{sevens:?}");
            assert!(twos.iter().all(|x| (x + 2.0).abs() < 1e-6), "{twos:?}");
        }
    }

    #[test]
    fn the_largest_floats_do_not_overflow() {
        for cpu in Cpu::available() {
            let rows = quantized(cpu, &[f32::MAX, f32::MIN, 0.0], 3);
            assert!(rows.scales()[0].is_finite());
            let codes: Vec<u8> = rows.codes(0).collect();
            assert_eq!((codes[0], codes[1], codes[2]), (255, 0, rows.zero_point(0)));
        }
    }

    #[test]
    fn nan_and_infinity_make_the_scale_of_their_row_alone_nan() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for at in 0..37 {
                let mut x = numbers(1, 3 * 37);
                x[37 + at] = bad;
                for cpu in Cpu::available() {
                    let rows = quantized(cpu, &x, 37);
                    let nan = [0, 1, 2].map(|row| rows.scales()[row].is_nan());
                    assert_eq!(nan, [false, true, false], "{cpu:?} {bad} at {at}");
                    assert!(rows.codes(1).all(|code| code == 0));
                }
            }
        }
    }

    #[test]
    fn rows_can_be_reused() {
        let mut rows = QuantizedRows::new();
        for (n, dim) in [(3, 50), (1, 7), (0, 9), (4, 33)] {
            let x = numbers(n as u64, n * dim);
            for cpu in Cpu::available() {
                cpu.quantize(&x, dim, &mut rows);
                let fresh = quantized(cpu, &x, dim);
                assert_eq!(rows.scales(), fresh.scales());
                for row in 0..n {
                    assert!(rows.codes(row).eq(fresh.codes(row)));
                }
            }
        }
    }
}
