#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use crate::elementary::exp;
use crate::simd::{LANES, Simd};

/// Vectors of scores that go through the exponential together.
const TOGETHER: usize = 2;

/// Replaces each score by `exp(score − largest)` and returns the sum of them, which is at least 1.
///
/// What follows the first `live` scores is ignored and becomes 0. The sum goes in 16 lanes and a
/// tree.
#[inline(always)]
pub(crate) fn exponentials<S: Simd>(s: S, scores: &mut [[f32; LANES]], live: usize) -> f32 {
    let (full, tail) = (live / LANES, live % LANES);
    if let Some(last) = scores.get_mut(full) {
        last[tail..].fill(f32::NEG_INFINITY);
    }
    let used = live.div_ceil(LANES);
    let mut largest = s.splat(f32::NEG_INFINITY);
    for chunk in &scores[..used] {
        largest = s.max(largest, s.load(chunk));
    }
    let largest = s.splat(s.largest(largest));
    let mut sums = s.splat(0.0);
    let mut chunks = scores[..full].chunks_exact_mut(TOGETHER);
    for chunks in &mut chunks {
        let mut differences = [largest; TOGETHER];
        for (difference, chunk) in differences.iter_mut().zip(chunks.iter()) {
            *difference = s.sub(s.load(chunk), largest);
        }
        for (power, chunk) in exp(s, differences).into_iter().zip(chunks) {
            sums = s.add(sums, power);
            s.store(power, chunk);
        }
    }
    for chunk in chunks.into_remainder() {
        let [power] = exp(s, [s.sub(s.load(chunk), largest)]);
        sums = s.add(sums, power);
        s.store(power, chunk);
    }
    if tail > 0 {
        let last = &mut scores[full];
        let [power] = exp(s, [s.sub(s.load(last), largest)]);
        s.store(power, last);
        last[tail..].fill(0.0);
        sums = s.add(sums, s.load(last));
    }
    for chunk in &mut scores[used..] {
        chunk.fill(0.0);
    }
    s.sum(sums)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "bits are what is compared")]
mod tests {
    use super::*;
    use crate::Cpu;
    use crate::simd::Kernel;
    use crate::testing::{lane_sum, numbers};

    struct Exponentials<'a>(&'a mut [[f32; LANES]], usize);

    impl Kernel for Exponentials<'_> {
        type Output = f32;

        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> f32 {
            exponentials(s, self.0, self.1)
        }
    }

    #[test]
    fn every_level_equals_softmax_in_f64_at_every_length() {
        for live in 1..100 {
            let chunks = (live / LANES) + 3;
            let scores: Vec<f32> = numbers(7, chunks * LANES)
                .iter()
                .map(|x| 30.0 * x)
                .collect();
            let run = |cpu: Cpu| {
                let mut found = scores.clone();
                let sum = cpu.run(Exponentials(found.as_chunks_mut().0, live));
                (sum, found)
            };
            let (sum, found) = run(Cpu::portable());
            for cpu in Cpu::available() {
                assert_eq!(run(cpu), (sum, found.clone()), "{cpu:?} {live}");
            }
            assert!(found[live..].iter().all(|&x| x == 0.0));
            assert_eq!(sum, lane_sum(found.iter().copied(), |sum, x| sum + x));
            let largest = scores[..live].iter().copied().fold(f32::MIN, f32::max);
            for (score, found) in scores[..live].iter().zip(&found) {
                let expected = f64::from(score - largest).exp();
                assert!((f64::from(*found) - expected).abs() < 2.4e-7 * expected);
            }
        }
    }
}
