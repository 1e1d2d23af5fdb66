#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use crate::Cpu;
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
        assert!(!scale.is_empty(), "dim must not be 0");
        assert_eq!(scale.len(), shift.len(), "scale and shift must be [dim]");
        assert_eq!(x.len() % scale.len(), 0, "x must be [n, dim]");
        self.run(LayerNorm {
            x,
            scale,
            shift,
            epsilon,
        });
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
        out.copy_from_slice(x);
        self.layer_norm(out, scale, shift, epsilon);
    }
}

struct LayerNorm<'a> {
    x: &'a mut [f32],
    scale: &'a [f32],
    shift: &'a [f32],
    epsilon: f32,
}

impl Kernel for LayerNorm<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let dim = self.scale.len();
        #[expect(clippy::cast_precision_loss, reason = "a dimension is far below 2²⁴")]
        let count = dim as f32;
        let (scales, scale_tail) = self.scale.as_chunks::<LANES>();
        let (shifts, shift_tail) = self.shift.as_chunks::<LANES>();
        for row in self.x.chunks_exact_mut(dim) {
            let (chunks, tail) = row.as_chunks_mut::<LANES>();

            let mut sums = s.splat(0.0);
            for chunk in chunks.iter() {
                sums = s.add(sums, s.load(chunk));
            }
            sums = s.add(sums, s.load_partial(tail, 0.0));
            let mean = s.reduce_sum(sums) / count;
            let means = s.splat(mean);

            let mut squares = s.splat(0.0);
            for chunk in chunks.iter() {
                let difference = s.sub(s.load(chunk), means);
                squares = s.fma(difference, difference, squares);
            }
            // The lanes past the end hold the mean, so that their difference is 0.
            let difference = s.sub(s.load_partial(tail, mean), means);
            squares = s.fma(difference, difference, squares);
            let inverse = s.splat(1.0 / (s.reduce_sum(squares) / count + self.epsilon).sqrt());

            for ((chunk, scale), shift) in chunks.iter_mut().zip(scales).zip(shifts) {
                let normalized = s.mul(s.sub(s.load(chunk), means), inverse);
                s.store(s.fma(normalized, s.load(scale), s.load(shift)), chunk);
            }
            let normalized = s.mul(s.sub(s.load_partial(tail, 0.0), means), inverse);
            let scaled = s.fma(
                normalized,
                s.load_partial(scale_tail, 0.0),
                s.load_partial(shift_tail, 0.0),
            );
            s.store_partial(scaled, tail);
        }
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
        for dim in (1..100).chain([384, 768, 1000]) {
            let x: Vec<f32> = numbers(1, 3 * dim).iter().map(|x| 5.0 * x + 3.0).collect();
            let (scale, shift) = (numbers(2, dim), numbers(3, dim));
            let expected: Vec<f32> = x
                .chunks(dim)
                .flat_map(|row| reference(row, &scale, &shift, 1e-12))
                .collect();
            for cpu in Cpu::available() {
                let mut found = x.clone();
                cpu.layer_norm(&mut found, &scale, &shift, 1e-12);
                assert_eq!(found, expected, "{cpu:?} {dim}");
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
