#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use crate::attention::QUERIES;
use crate::elementary::exp_to_88;
use crate::simd::{Kernel, LANES, Simd};

/// Vectors of scores that go through the exponential together.
const TOGETHER: usize = 2;

/// Replaces each score of `count` rows, `stride` apart, by `exp(score − largest of the row)` and
/// returns the sums of the rows, which are at least 1.
///
/// A row has `live` scores; what follows them up to a whole vector is ignored and becomes 0. A sum
/// goes in 16 lanes and a tree.
pub(crate) struct Exponentials<'a> {
    pub(crate) scores: &'a mut [f32],
    pub(crate) stride: usize,
    pub(crate) count: usize,
    pub(crate) live: usize,
}

impl Kernel for Exponentials<'_> {
    type Output = [f32; QUERIES];

    /// The largest of all rows come first and the sums of lanes last: so the processor works on the
    /// next row while it waits for a tree.
    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> [f32; QUERIES] {
        let Self {
            scores,
            stride,
            count,
            live,
        } = self;
        let (full, tail) = (live / LANES, live % LANES);
        // The smaller of it and a lane: the score, or for what is no score, minus infinity. Beyond 88
        // the exponential is not even a positive number.
        let mut ceiling = [f32::INFINITY; LANES];
        ceiling[tail..].fill(f32::NEG_INFINITY);
        // The smaller of it and the power of a lane: the power, or 0.
        let mut limit = [f32::INFINITY; LANES];
        limit[tail..].fill(0.0);
        let chunks = live.div_ceil(LANES);

        let mut largest = [0.0; QUERIES];
        for (row, largest) in scores.chunks_mut(stride).zip(&mut largest[..count]) {
            let row = &mut row.as_chunks_mut::<LANES>().0[..chunks];
            let mut most = s.splat(f32::NEG_INFINITY);
            for chunk in &row[..full] {
                most = s.max(most, s.load(chunk));
            }
            if let Some(last) = row.get(full) {
                most = s.max(most, s.min(s.load(last), s.load(&ceiling)));
            }
            *largest = s.largest(most);
        }

        let mut sums = [s.splat(0.0); QUERIES];
        for ((row, largest), sum) in scores
            .chunks_mut(stride)
            .zip(&largest[..count])
            .zip(&mut sums)
        {
            let largest = s.splat(*largest);
            let row = &mut row.as_chunks_mut::<LANES>().0[..chunks];
            let (row, last) = row.split_at_mut(full);
            let (pairs, odd) = row.as_chunks_mut::<TOGETHER>();
            for chunks in pairs {
                let mut differences = [largest; TOGETHER];
                for (difference, chunk) in differences.iter_mut().zip(chunks.iter()) {
                    *difference = s.sub(s.load(chunk), largest);
                }
                for (power, chunk) in exp_to_88(s, differences).into_iter().zip(chunks) {
                    *sum = s.add(*sum, power);
                    s.store(power, chunk);
                }
            }
            for chunk in odd {
                let [power] = exp_to_88(s, [s.sub(s.load(chunk), largest)]);
                *sum = s.add(*sum, power);
                s.store(power, chunk);
            }
            for chunk in last {
                let score = s.min(s.load(chunk), s.load(&ceiling));
                let [power] = exp_to_88(s, [s.sub(score, largest)]);
                let power = s.min(power, s.load(&limit));
                *sum = s.add(*sum, power);
                s.store(power, chunk);
            }
        }

        let mut totals = [0.0; QUERIES];
        for (total, sum) in totals[..count].iter_mut().zip(sums) {
            *total = s.sum(sum);
        }
        totals
    }
}

#[cfg(test)]
#[expect(
    clippy::float_cmp,
    clippy::cast_precision_loss,
    reason = "bits are what is compared, and counts are small"
)]
mod tests {
    use super::*;
    use crate::Cpu;
    use crate::testing::{lane_sum, numbers};

    #[test]
    fn what_follows_the_scores_does_not_count_however_large_it_is() {
        for other in [0.0, 500.0, -500.0, f32::NAN, f32::INFINITY] {
            for live in 1..LANES {
                let mut scores = vec![other; LANES];
                scores[..live].fill(-300.0);
                for cpu in Cpu::available() {
                    let mut found = scores.clone();
                    let sums = cpu.run(Exponentials {
                        scores: &mut found,
                        stride: LANES,
                        count: 1,
                        live,
                    });
                    assert_eq!(sums[0], live as f32, "{cpu:?} {other}");
                    assert!(found[..live].iter().all(|&x| x == 1.0));
                    assert!(found[live..].iter().all(|&x| x == 0.0));
                }
            }
        }
    }

    #[test]
    fn every_level_equals_softmax_in_f64_at_every_length() {
        for live in 1usize..100 {
            let stride = live.next_multiple_of(LANES) + LANES;
            let count = 1 + live % QUERIES;
            let scores: Vec<f32> = numbers(7, count * stride)
                .iter()
                .map(|x| 30.0 * x)
                .collect();
            let run = |cpu: Cpu| {
                let mut found = scores.clone();
                let sums = cpu.run(Exponentials {
                    scores: &mut found,
                    stride,
                    count,
                    live,
                });
                (sums, found)
            };
            let (sums, found) = run(Cpu::portable());
            for cpu in Cpu::available() {
                assert_eq!(run(cpu), (sums, found.clone()), "{cpu:?} {live}");
            }
            let rows = scores.chunks(stride).zip(found.chunks(stride));
            for ((scores, found), sum) in rows.zip(sums) {
                let (found, behind) = found.split_at(live);
                let (last, next) = behind.split_at(live.next_multiple_of(LANES) - live);
                assert!(last.iter().all(|&x| x == 0.0));
                assert_eq!(next, &scores[stride - LANES..], "not one more is touched");
                assert_eq!(sum, lane_sum(found.iter().copied(), |sum, x| sum + x));
                let largest = scores[..live].iter().copied().fold(f32::MIN, f32::max);
                for (score, found) in scores.iter().zip(found) {
                    let expected = f64::from(score - largest).exp();
                    assert!((f64::from(*found) - expected).abs() < 2.4e-7 * expected);
                }
            }
        }
    }
}
