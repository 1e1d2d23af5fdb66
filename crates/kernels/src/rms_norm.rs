#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use crate::Cpu;
use crate::heads::check_heads;
use crate::norm_rows::{Norm, load_columns, normalize_rows};
use crate::simd::{Kernel, LANES, Simd};

impl Cpu {
    /// Divides each row of `x`, `[n, dim]`, by its root mean square and multiplies it by `scale`,
    /// `[dim]` (<https://arxiv.org/abs/1910.07467>). `epsilon` is added to the mean square.
    ///
    /// The squares are summed in 16 lanes and then as a tree. Every level gives the same bits.
    ///
    /// # Panics
    ///
    /// Panics if `dim` is 0, or if the lengths do not fit.
    pub fn rms_norm(self, x: &mut [f32], scale: &[f32], epsilon: f32) {
        self.divide_by_rms(None, x, scale, epsilon);
    }

    /// Computes [`rms_norm`](Self::rms_norm) of `x`, `[n, dim]`, into `out`, which has the same shape.
    ///
    /// # Panics
    ///
    /// Panics if `dim` is 0, or if the lengths do not fit.
    pub fn rms_norm_to(self, x: &[f32], scale: &[f32], epsilon: f32, out: &mut [f32]) {
        assert_eq!(out.len(), x.len(), "out must have the shape of x");
        self.divide_by_rms(Some(x), out, scale, epsilon);
    }

    fn divide_by_rms(self, source: Option<&[f32]>, x: &mut [f32], scale: &[f32], epsilon: f32) {
        assert!(!scale.is_empty(), "dim must not be 0");
        assert_eq!(x.len() % scale.len(), 0, "x must be [n, dim]");
        self.run(RmsNorm {
            source,
            stride: x.len(),
            width: x.len(),
            x,
            norm: UncenteredNorm { scale, epsilon },
        });
    }

    /// Computes [`rms_norm`](Self::rms_norm) of each of the first `heads` heads of every row, each of
    /// as many values as `scale` has. Rows are `stride` apart, and the last one may end after its heads.
    ///
    /// # Panics
    ///
    /// Panics if a head has no values, or if a row is shorter than its heads.
    pub fn rms_norm_heads(
        self,
        x: &mut [f32],
        stride: usize,
        heads: usize,
        scale: &[f32],
        epsilon: f32,
    ) {
        assert!(!scale.is_empty(), "a head needs values");
        let width = heads * scale.len();
        check_heads(x, stride, width);
        self.run(RmsNorm {
            source: None,
            x,
            stride,
            width,
            norm: UncenteredNorm { scale, epsilon },
        });
    }
}

struct RmsNorm<'a> {
    /// The input, unless `x` is.
    source: Option<&'a [f32]>,
    x: &'a mut [f32],
    stride: usize,
    /// The values from each multiple of `stride` on that are normalized.
    width: usize,
    norm: UncenteredNorm<'a>,
}

impl Kernel for RmsNorm<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        for x in self.x.chunks_mut(self.stride.max(1)) {
            normalize_rows(s, &self.norm, self.source, &mut x[..self.width]);
        }
    }
}

struct UncenteredNorm<'a> {
    scale: &'a [f32],
    epsilon: f32,
}

impl Norm for UncenteredNorm<'_> {
    /// The inverse of the root mean square.
    type Statistics = f32;

    fn dim(&self) -> usize {
        self.scale.len()
    }

    #[inline(always)]
    fn statistics<S: Simd, const N: usize>(&self, s: S, rows: &[f32]) -> [f32; N] {
        let dim = self.dim();
        #[expect(clippy::cast_precision_loss, reason = "a dimension is far below 2²⁴")]
        let count = dim as f32;
        let whole = dim / LANES * LANES;
        let mut squares = [s.splat(0.0); N];
        for column in (0..whole).step_by(LANES) {
            for (r, squares) in squares.iter_mut().enumerate() {
                let x = load_columns::<S, true>(s, rows, r * dim + column);
                *squares = s.fma(x, x, *squares);
            }
        }
        let mut inverses = [0.0; N];
        for (r, inverse) in inverses.iter_mut().enumerate() {
            let last = s.load_partial(&rows[r * dim + whole..(r + 1) * dim], 0.0);
            let squares = s.reduce_sum(s.fma(last, last, squares[r]));
            *inverse = 1.0 / (squares / count + self.epsilon).sqrt();
        }
        inverses
    }

    #[inline(always)]
    fn normalize<S: Simd, const WHOLE: bool>(
        &self,
        s: S,
        values: S::F,
        inverse: f32,
        column: usize,
    ) -> S::F {
        let scale = load_columns::<S, WHOLE>(s, self.scale, column);
        s.mul(s.mul(values, s.splat(inverse)), scale)
    }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "counts are small")]
mod tests {
    use super::*;
    use crate::testing::{lane_sum, numbers};

    /// Normalizes a row one element after the other.
    fn reference(row: &[f32], scale: &[f32], epsilon: f32) -> Vec<f32> {
        let squares = lane_sum(row.iter().copied(), |sum, x| x.mul_add(x, sum));
        let inverse = 1.0 / (squares / row.len() as f32 + epsilon).sqrt();
        row.iter()
            .zip(scale)
            .map(|(x, scale)| x * inverse * scale)
            .collect()
    }

    #[test]
    fn every_level_equals_the_reference_at_every_length() {
        for dim in (1..100).chain([384, 768, 1000]) {
            for rows in [0, 1, 2, 3, 5, 9] {
                let x: Vec<f32> = numbers(1, rows * dim).iter().map(|x| 5.0 * x).collect();
                let scale = numbers(2, dim);
                let expected: Vec<f32> = x
                    .chunks(dim)
                    .flat_map(|row| reference(row, &scale, 1e-6))
                    .collect();
                for cpu in Cpu::available() {
                    let mut found = x.clone();
                    cpu.rms_norm(&mut found, &scale, 1e-6);
                    assert_eq!(found, expected, "{cpu:?} {dim}");
                    let mut found = vec![f32::NAN; x.len()];
                    cpu.rms_norm_to(&x, &scale, 1e-6, &mut found);
                    assert_eq!(found, expected, "{cpu:?} {dim}");
                }
            }
        }
    }

    #[test]
    fn heads_are_normalized_alone_and_the_rest_of_a_row_is_kept() {
        for (rows, stride, heads, size) in [
            (1, 64, 1, 64),
            (7, 90, 4, 20),
            (3, 100, 0, 5),
            (5, 300, 9, 33),
        ] {
            let scale = numbers(2, size);
            // The last row ends after its heads.
            let x = numbers(3, (rows - 1) * stride + heads * size);
            let mut expected = x.clone();
            for row in expected.chunks_mut(stride) {
                for head in row[..heads * size].chunks_mut(size) {
                    let normalized = reference(head, &scale, 1e-5);
                    head.copy_from_slice(&normalized);
                }
            }
            for cpu in Cpu::available() {
                let mut found = x.clone();
                cpu.rms_norm_heads(&mut found, stride, heads, &scale, 1e-5);
                assert_eq!(found, expected, "{cpu:?}");
            }
        }
    }

    #[test]
    #[should_panic = "the last row has 3 values, which is less than the 4 values of its heads"]
    fn a_row_shorter_than_its_heads_panics() {
        Cpu::detect().rms_norm_heads(&mut [0.0; 9], 6, 2, &[1.0; 2], 0.0);
    }
}
