#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use crate::Cpu;
use crate::norm_rows::{Norm, load_columns, normalize_rows};
use crate::simd::{Kernel, LANES, Simd};

impl Cpu {
    /// Normalizes each row of `x`, `[n, dim]`, to mean 0 and variance 1, then multiplies it by `scale`
    /// and adds `shift`, `[dim]` each (<https://arxiv.org/abs/1607.06450>). `epsilon` is added to the
    /// variance.
    ///
    /// Mean and variance are summed in 16 lanes and then as a tree. The variance is the mean square of
    /// the differences from the mean, which stays accurate if the mean is large. Every level gives the
    /// same bits.
    ///
    /// # Panics
    ///
    /// Panics if `dim` is 0, or if the lengths do not fit.
    pub fn layer_norm(self, x: &mut [f32], scale: &[f32], shift: &[f32], epsilon: f32) {
        self.normalize(None, x, scale, shift, epsilon);
    }

    /// Computes [`layer_norm`](Self::layer_norm) of `x`, `[n, dim]`, into `out`, which has the same
    /// shape.
    ///
    /// # Panics
    ///
    /// Panics if `dim` is 0, or if the lengths do not fit.
    pub fn layer_norm_to(
        self,
        x: &[f32],
        scale: &[f32],
        shift: &[f32],
        epsilon: f32,
        out: &mut [f32],
    ) {
        assert_eq!(out.len(), x.len(), "out must have the shape of x");
        self.normalize(Some(x), out, scale, shift, epsilon);
    }

    fn normalize(
        self,
        source: Option<&[f32]>,
        x: &mut [f32],
        scale: &[f32],
        shift: &[f32],
        epsilon: f32,
    ) {
        assert!(!scale.is_empty(), "dim must not be 0");
        assert_eq!(scale.len(), shift.len(), "scale and shift must be [dim]");
        assert_eq!(x.len() % scale.len(), 0, "x must be [n, dim]");
        self.run(LayerNorm {
            source,
            x,
            norm: CenteredNorm {
                scale,
                shift,
                epsilon,
            },
        });
    }
}

struct LayerNorm<'a> {
    /// The input, unless `x` is.
    source: Option<&'a [f32]>,
    x: &'a mut [f32],
    norm: CenteredNorm<'a>,
}

impl Kernel for LayerNorm<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        normalize_rows(s, &self.norm, self.source, self.x);
    }
}

struct CenteredNorm<'a> {
    scale: &'a [f32],
    shift: &'a [f32],
    epsilon: f32,
}

/// The mean of a row and the inverse of its standard deviation.
#[derive(Clone, Copy, Default)]
struct Moments {
    mean: f32,
    inverse: f32,
}

impl Norm for CenteredNorm<'_> {
    type Statistics = Moments;

    fn dim(&self) -> usize {
        self.scale.len()
    }

    #[inline(always)]
    fn statistics<S: Simd, const N: usize>(&self, s: S, rows: &[f32]) -> [Moments; N] {
        let dim = self.dim();
        #[expect(clippy::cast_precision_loss, reason = "a dimension is far below 2²⁴")]
        let count = dim as f32;
        let whole = dim / LANES * LANES;
        let mut moments = [Moments::default(); N];

        let mut sums = [s.splat(0.0); N];
        for column in (0..whole).step_by(LANES) {
            for (r, sum) in sums.iter_mut().enumerate() {
                *sum = s.add(*sum, load_columns::<S, true>(s, rows, r * dim + column));
            }
        }
        for (r, moments) in moments.iter_mut().enumerate() {
            let last = s.load_partial(&rows[r * dim + whole..(r + 1) * dim], 0.0);
            moments.mean = s.reduce_sum(s.add(sums[r], last)) / count;
        }

        let mut squares = [s.splat(0.0); N];
        for column in (0..whole).step_by(LANES) {
            for (r, squares) in squares.iter_mut().enumerate() {
                let x = load_columns::<S, true>(s, rows, r * dim + column);
                let difference = s.sub(x, s.splat(moments[r].mean));
                *squares = s.fma(difference, difference, *squares);
            }
        }
        for (r, moments) in moments.iter_mut().enumerate() {
            // The lanes past the end hold the mean, so that their difference is 0.
            let last = s.load_partial(&rows[r * dim + whole..(r + 1) * dim], moments.mean);
            let difference = s.sub(last, s.splat(moments.mean));
            let squares = s.reduce_sum(s.fma(difference, difference, squares[r]));
            moments.inverse = 1.0 / (squares / count + self.epsilon).sqrt();
        }
        moments
    }

    #[inline(always)]
    fn normalize<S: Simd, const WHOLE: bool>(
        &self,
        s: S,
        values: S::F,
        moments: Moments,
        column: usize,
    ) -> S::F {
        let Moments { mean, inverse } = moments;
        let normalized = s.mul(s.sub(values, s.splat(mean)), s.splat(inverse));
        let scale = load_columns::<S, WHOLE>(s, self.scale, column);
        s.fma(
            normalized,
            scale,
            load_columns::<S, WHOLE>(s, self.shift, column),
        )
    }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "counts are small")]
mod tests {
    use super::*;
    use crate::testing::{lane_sum, numbers};

    /// Normalizes a row one element after the other.
    fn reference(row: &[f32], scale: &[f32], shift: &[f32], epsilon: f32) -> Vec<f32> {
        let count = row.len() as f32;
        let mean = lane_sum(row.iter().copied(), |sum, x| sum + x) / count;
        let variance = lane_sum(row.iter().map(|x| x - mean), |sum, d| d.mul_add(d, sum)) / count;
        let inverse = 1.0 / (variance + epsilon).sqrt();
        row.iter()
            .zip(scale.iter().zip(shift))
            .map(|(x, (scale, shift))| ((x - mean) * inverse).mul_add(*scale, *shift))
            .collect()
    }

    #[test]
    fn every_level_equals_the_reference_at_every_length() {
        const ROWS: usize = 6;
        for dim in (1..100).chain([384, 768, 1000]) {
            let x: Vec<f32> = numbers(1, ROWS * dim)
                .iter()
                .map(|x| 5.0 * x + 3.0)
                .collect();
            let (scale, shift) = (numbers(2, dim), numbers(3, dim));
            let expected: Vec<f32> = x
                .chunks(dim)
                .flat_map(|row| reference(row, &scale, &shift, 1e-12))
                .collect();
            for cpu in Cpu::available() {
                for rows in 0..=ROWS {
                    let (x, expected) = (&x[..rows * dim], &expected[..rows * dim]);
                    let mut found = x.to_vec();
                    cpu.layer_norm(&mut found, &scale, &shift, 1e-12);
                    assert_eq!(found, expected, "{cpu:?} {dim}");
                    let mut found = vec![f32::NAN; x.len()];
                    cpu.layer_norm_to(x, &scale, &shift, 1e-12, &mut found);
                    assert_eq!(found, expected, "{cpu:?} {dim}");
                }
            }
        }
    }

    #[test]
    fn rows_have_mean_0_and_variance_1() {
        let dim = 384;
        let mut x: Vec<f32> = numbers(4, dim).iter().map(|x| 0.1 * x + 100.0).collect();
        Cpu::detect().layer_norm(&mut x, &vec![1.0; dim], &vec![0.0; dim], 1e-12);
        let mean: f64 = x.iter().map(|&x| f64::from(x)).sum::<f64>() / dim as f64;
        let variance = x
            .iter()
            .map(|&x| (f64::from(x) - mean).powi(2))
            .sum::<f64>()
            / dim as f64;
        assert!(
            mean.abs() < 1e-3 && (variance - 1.0).abs() < 1e-3,
            "{mean} {variance}"
        );
    }
}
