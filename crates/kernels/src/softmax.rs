#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use crate::attention::PANEL_VECTORS;
use crate::elementary::exp_to_88;
use crate::simd::{Kernel, LANES, Simd};

/// Replaces each score by `exp(score − largest)` and returns the sums, which are at least 1.
///
/// `scores` is `[keys, vectors · 16]`: a lane is a query, which has its own largest score and its own
/// sum, in the order of the keys.
pub(crate) struct Exponentials<'a> {
    pub(crate) scores: &'a mut [f32],
    pub(crate) vectors: usize,
    pub(crate) largest: [[f32; LANES]; PANEL_VECTORS],
}

impl Kernel for Exponentials<'_> {
    type Output = [[f32; LANES]; PANEL_VECTORS];

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> Self::Output {
        match self.vectors {
            PANEL_VECTORS => self.lanes::<S, PANEL_VECTORS>(s),
            _ => self.lanes::<S, 1>(s),
        }
    }
}

impl Exponentials<'_> {
    #[inline(always)]
    fn lanes<S: Simd, const V: usize>(self, s: S) -> [[f32; LANES]; PANEL_VECTORS] {
        let mut largest = [s.splat(0.0); V];
        for (lanes, largest) in largest.iter_mut().zip(&self.largest) {
            *lanes = s.load(largest);
        }
        let mut sums = [s.splat(0.0); V];
        let (keys, _) = self.scores.as_chunks_mut::<LANES>();
        let (keys, _) = keys.as_chunks_mut::<V>();
        let (pairs, odd) = keys.as_chunks_mut::<2>();
        for [first, second] in pairs {
            // Four vectors together, or two: the processor has something to do while it waits.
            let powers = [Self::of(s, first, &largest), Self::of(s, second, &largest)];
            for (powers, scores) in powers.iter().zip([first, second]) {
                for v in 0..V {
                    sums[v] = s.add(sums[v], powers[v]);
                    s.store(powers[v], &mut scores[v]);
                }
            }
        }
        for scores in odd {
            let powers = Self::of(s, scores, &largest);
            for v in 0..V {
                sums[v] = s.add(sums[v], powers[v]);
                s.store(powers[v], &mut scores[v]);
            }
        }
        let mut found = [[0.0; LANES]; PANEL_VECTORS];
        for (found, sum) in found.iter_mut().zip(sums) {
            s.store(sum, found);
        }
        found
    }

    #[inline(always)]
    fn of<S: Simd, const V: usize>(
        s: S,
        scores: &[[f32; LANES]; V],
        largest: &[S::F; V],
    ) -> [S::F; V] {
        let mut differences = *largest;
        for v in 0..V {
            differences[v] = s.sub(s.load(&scores[v]), largest[v]);
        }
        exp_to_88(s, differences)
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "bits are what is compared")]
mod tests {
    use super::*;
    use crate::Cpu;
    use crate::testing::numbers;

    #[test]
    fn every_level_equals_softmax_in_f64_at_every_length() {
        for (keys, vectors) in (1usize..50).flat_map(|keys| [(keys, 1), (keys, PANEL_VECTORS)]) {
            let panel = vectors * LANES;
            let scores: Vec<f32> = numbers(7, keys * panel).iter().map(|x| 30.0 * x).collect();
            let mut largest = [[f32::NEG_INFINITY; LANES]; PANEL_VECTORS];
            for row in scores.chunks(panel) {
                for (largest, score) in largest.as_flattened_mut().iter_mut().zip(row) {
                    *largest = largest.max(*score);
                }
            }
            let run = |cpu: Cpu| {
                let mut found = scores.clone();
                let sums = cpu.run(Exponentials {
                    scores: &mut found,
                    vectors,
                    largest,
                });
                (sums, found)
            };
            let (sums, found) = run(Cpu::portable());
            for cpu in Cpu::available() {
                assert_eq!(run(cpu), (sums, found.clone()), "{cpu:?} {keys}");
            }
            for lane in 0..panel {
                let of_lane = |values: &[f32]| -> Vec<f32> {
                    values.iter().skip(lane).step_by(panel).copied().collect()
                };
                let found = of_lane(&found);
                let sum = found.iter().fold(0.0, |sum, x| sum + x);
                assert_eq!(sums.as_flattened()[lane], sum);
                for (score, found) in of_lane(&scores).into_iter().zip(found) {
                    let expected = f64::from(score - largest.as_flattened()[lane]).exp();
                    assert!((f64::from(found) - expected).abs() < 2.4e-7 * expected);
                }
            }
        }
    }
}
