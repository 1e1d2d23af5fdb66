#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use crate::Cpu;
use crate::simd::{Kernel, LANES, Simd};

impl Cpu {
    /// Normalizes each row of `x`, `[n, dim]`, to mean 0 and variance 1, then scales and shifts it
    /// by `scale` and `shift`, `[dim]` (<https://arxiv.org/abs/1607.06450>).
    ///
    /// Mean and variance are summed in 16 lanes and a tree; the variance from the differences to the
    /// mean, so that a large mean does not swallow it. Every level gives the same bits.
    ///
    /// # Panics
    ///
    /// When `dim` is 0 or the lengths do not fit.
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
            sums = s.add(sums, s.load_some(tail, 0.0));
            let mean = s.sum(sums) / count;
            let means = s.splat(mean);

            let mut squares = s.splat(0.0);
            for chunk in chunks.iter() {
                let difference = s.sub(s.load(chunk), means);
                squares = s.fma(difference, difference, squares);
            }
            // Lanes behind the tail hold the mean: their difference is 0.
            let difference = s.sub(s.load_some(tail, mean), means);
            squares = s.fma(difference, difference, squares);
            let inverse = s.splat(1.0 / (s.sum(squares) / count + self.epsilon).sqrt());

            for ((chunk, scale), shift) in chunks.iter_mut().zip(scales).zip(shifts) {
                let unit = s.mul(s.sub(s.load(chunk), means), inverse);
                s.store(s.fma(unit, s.load(scale), s.load(shift)), chunk);
            }
            let unit = s.mul(s.sub(s.load_some(tail, 0.0), means), inverse);
            let scaled = s.fma(
                unit,
                s.load_some(scale_tail, 0.0),
                s.load_some(shift_tail, 0.0),
            );
            s.store_some(scaled, tail);
        }
    }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "counts are small")]
mod tests {
    use super::*;
    use crate::testing::{lane_sum, numbers};

    /// The same, one element after the other.
    fn plain(row: &[f32], scale: &[f32], shift: &[f32], epsilon: f32) -> Vec<f32> {
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
    fn every_level_equals_the_plain_twin_at_every_length() {
        for dim in (1..100).chain([384, 768, 1000]) {
            let x: Vec<f32> = numbers(1, 3 * dim).iter().map(|x| 5.0 * x + 3.0).collect();
            let (scale, shift) = (numbers(2, dim), numbers(3, dim));
            let expected: Vec<f32> = x
                .chunks(dim)
                .flat_map(|row| plain(row, &scale, &shift, 1e-12))
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
