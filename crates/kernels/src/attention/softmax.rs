#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use super::panel::{PANEL_VECTORS, PanelLanes};
use crate::elementary::{exp_to_88, horner};
use crate::simd::{EXPONENT_MAGIC, GROUP, Integers, Kernel, LANES, ROUNDING_MAGIC, Simd};

/// Replaces each score by `exp(score − largest)` and returns the sums, which are at least 1.
///
/// `scores` is `[keys, vectors · 16]`. A lane is a query, with its own largest score and its own sum,
/// which is computed in the order of the keys. The exponential of −∞ is 0.
pub(super) struct Exponentials<'a> {
    pub(super) scores: &'a mut [f32],
    pub(super) vectors: usize,
    pub(super) largest: PanelLanes,
}

impl Kernel for Exponentials<'_> {
    type Output = PanelLanes;

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
    fn lanes<S: Simd, const V: usize>(self, s: S) -> PanelLanes {
        let mut largest = [s.splat(0.0); V];
        for (lanes, largest) in largest.iter_mut().zip(&self.largest) {
            *lanes = s.load(largest);
        }
        let mut sums = [s.splat(0.0); V];
        let (keys, _) = self.scores.as_chunks_mut::<LANES>();
        let (keys, _) = keys.as_chunks_mut::<V>();
        let (pairs, odd) = keys.as_chunks_mut::<2>();
        for [first, second] in pairs {
            // Two keys at a time: the exponential is a long chain of dependent instructions, and
            // independent chains hide each other's latency.
            let powers = [
                Self::powers(s, first, &largest),
                Self::powers(s, second, &largest),
            ];
            for (powers, scores) in powers.iter().zip([first, second]) {
                for v in 0..V {
                    sums[v] = s.add(sums[v], powers[v]);
                    s.store(powers[v], &mut scores[v]);
                }
            }
        }
        for scores in odd {
            let powers = Self::powers(s, scores, &largest);
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
    fn powers<S: Simd, const V: usize>(
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

/// The code of the largest weight. The rounding error of the weight before, at most 1/2, is added to a
/// weight, and the sum must not round to more than 255.
const MAX_CODE: f32 = 254.0;

/// Coefficients of `MAX_CODE · 2^r` for r from −1/2 to 1/2: a minimax fit that is exact at 0. The
/// relative error is below 1.1 · 10⁻⁴, which is small compared to a step of the codes.
const POWER_OF_2: [f32; 4] = [MAX_CODE, 176.093_86, 61.521_587, 13.972_301];

/// Writes each weight `exp(score − largest)`, at most 1, as a code from 0 to 255, and returns the
/// sums of the codes.
///
/// `scores` is laid out as for [`Exponentials`]. A word of `codes`, `[keys / GROUP, vectors · 16]`,
/// holds the codes of [`GROUP`] keys for one query.
///
/// The rounding error of a weight is carried over to the next key (error diffusion): rounded
/// independently, many small weights would all become zero. A score of −∞ has code 0 and leaves the
/// rounding error as it is.
pub(super) struct ExponentialCodes<'a> {
    pub(super) scores: &'a [f32],
    pub(super) vectors: usize,
    pub(super) largest: PanelLanes,
    pub(super) codes: &'a mut [i32],
}

impl Kernel for ExponentialCodes<'_> {
    type Output = PanelLanes;

    #[inline(always)]
    fn run<S: Integers>(self, s: S) -> Self::Output {
        match self.vectors {
            PANEL_VECTORS => self.lanes::<S, PANEL_VECTORS>(s),
            _ => self.lanes::<S, 1>(s),
        }
    }
}

impl ExponentialCodes<'_> {
    #[inline(always)]
    fn lanes<S: Integers, const V: usize>(self, s: S) -> PanelLanes {
        let mut largest = [s.splat(0.0); V];
        for (lanes, largest) in largest.iter_mut().zip(&self.largest) {
            *lanes = s.load(largest);
        }
        let magic = s.splat(ROUNDING_MAGIC);
        let ones = s.splat_word(0x0101_0101);
        let mut sums = [s.splat_word(0); V];
        let mut carries = [s.splat(0.0); V];
        let (keys, _) = self.scores.as_chunks::<LANES>();
        let (keys, _) = keys.as_chunks::<V>();
        let (words, _) = self.codes.as_chunks_mut::<LANES>();
        let (words, _) = words.as_chunks_mut::<V>();
        for (keys, words) in keys.chunks(GROUP).zip(words) {
            let mut codes = [[magic; GROUP]; V];
            for (i, scores) in keys.iter().enumerate() {
                let mut differences = largest;
                for v in 0..V {
                    differences[v] = s.sub(s.load(&scores[v]), largest[v]);
                }
                let weights = add_weights(s, differences, carries);
                for v in 0..V {
                    codes[v][i] = s.add(weights[v], magic);
                    carries[v] = s.sub(weights[v], s.sub(codes[v][i], magic));
                }
            }
            for v in 0..V {
                s.store_groups(codes[v], &mut words[v]);
                sums[v] = s.dot_group(sums[v], s.load_words(&words[v]), ones);
            }
        }
        let mut found = [[0.0; LANES]; PANEL_VECTORS];
        for v in 0..V {
            // A NaN among the scores has made the carry NaN.
            let sum = s.fma(carries[v], s.splat(0.0), s.to_float(sums[v]));
            s.store(sum, &mut found[v]);
        }
        found
    }
}

/// Adds `MAX_CODE · exp(x)`, for x of at most 0, to each sum. Below −87.7, exp(x) is 0.
///
/// `exp(x)` is `2ⁿ · 2^r` with the integer n nearest to `x / ln 2`.
#[inline(always)]
fn add_weights<S: Simd, const V: usize>(s: S, mut x: [S::F; V], mut sums: [S::F; V]) -> [S::F; V] {
    let (exponent, log2_e) = (s.splat(EXPONENT_MAGIC), s.splat(std::f32::consts::LOG2_E));
    let (mut n, mut r) = (x, x);
    for v in 0..V {
        // The exponent at −88 is −127, for which `exp2` returns 0. `max` returns its second argument if
        // either is NaN, so that NaN stays NaN.
        x[v] = s.max(s.splat(-88.0), x[v]);
        n[v] = s.fma(x[v], log2_e, exponent);
        r[v] = s.fma(x[v], log2_e, s.sub(exponent, n[v]));
    }
    let power = horner(s, r, POWER_OF_2);
    for v in 0..V {
        sums[v] = s.fma(power[v], s.exp2(n[v]), sums[v]);
    }
    sums
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "bits are compared")]
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

    /// Computes the code of a weight, one step after the other, and the rounding error that is left.
    fn code(score: f32, largest: f32, carry: f32) -> (f32, f32) {
        let x = (score - largest).max(-88.0);
        let n = x.mul_add(std::f32::consts::LOG2_E, EXPONENT_MAGIC) - EXPONENT_MAGIC;
        let r = x.mul_add(std::f32::consts::LOG2_E, -n);
        let power = POWER_OF_2
            .into_iter()
            .rev()
            .reduce(|sum, coefficient| sum.mul_add(r, coefficient))
            .unwrap();
        #[expect(clippy::cast_possible_truncation, reason = "an exponent is small")]
        let power_of_2 = if n < -126.0 { 0.0 } else { 2f32.powi(n as i32) };
        let weight = power.mul_add(power_of_2, carry);
        (weight.round_ties_even(), weight - weight.round_ties_even())
    }

    #[test]
    fn codes_equal_the_reference_at_every_length() {
        for (keys, vectors) in (1usize..50).flat_map(|keys| [(keys, 1), (keys, PANEL_VECTORS)]) {
            let panel = vectors * LANES;
            let mut scores: Vec<f32> = numbers(8, keys * panel).iter().map(|x| 5.0 * x).collect();
            // Masked keys, and the largest score.
            scores
                .iter_mut()
                .step_by(7)
                .for_each(|x| *x = f32::NEG_INFINITY);
            scores.iter_mut().step_by(5).for_each(|x| *x = 5.0);
            let largest = [[5.0; LANES]; PANEL_VECTORS];
            for cpu in Cpu::available() {
                let mut codes = vec![-1; keys.div_ceil(GROUP) * panel];
                let sums = cpu.run(ExponentialCodes {
                    scores: &scores,
                    vectors,
                    largest,
                    codes: &mut codes,
                });
                for lane in 0..panel {
                    let (mut carry, mut sum) = (0.0, 0.0);
                    for key in 0..keys.next_multiple_of(GROUP) {
                        let word = codes[key / GROUP * panel + lane];
                        let found = f32::from(word.to_le_bytes()[key % GROUP]);
                        let expected;
                        (expected, carry) = match scores.get(key * panel + lane) {
                            Some(score) => code(*score, 5.0, carry),
                            None => (0.0, carry),
                        };
                        assert_eq!(found, expected, "{cpu:?} {keys}");
                        sum += found;
                    }
                    assert_eq!(sums.as_flattened()[lane], sum);
                }
            }
        }
    }

    #[test]
    fn codes_are_near_the_weights() {
        // The sum of the codes up to any key is off by at most 1/2, and by the error of the fit.
        let scores: Vec<f32> = (0..4000u16).map(|i| -f32::from(i / 16) / 25.0).collect();
        let mut codes = vec![0; scores.len().div_ceil(GROUP * LANES) * LANES];
        Cpu::detect().run(ExponentialCodes {
            scores: &scores,
            vectors: 1,
            largest: [[0.0; LANES]; PANEL_VECTORS],
            codes: &mut codes,
        });
        let (mut exact, mut found) = (0.0, 0.0);
        for key in 0..scores.len() / LANES {
            exact += 254.0 * f64::from(scores[key * LANES]).exp();
            found += f64::from(codes[key / GROUP * LANES].to_le_bytes()[key % GROUP]);
            assert!(
                (found - exact).abs() < 0.5 + 1.1e-4 * exact,
                "{found}, expected {exact}"
            );
        }
    }

    #[test]
    fn the_largest_scores_have_the_largest_code() {
        for score in [0.0, 1.0, 1e6, -1e30] {
            let mut codes = [0; 2 * LANES];
            let sums = Cpu::detect().run(ExponentialCodes {
                scores: &[score; 8 * LANES],
                vectors: 1,
                largest: [[score; LANES]; PANEL_VECTORS],
                codes: &mut codes,
            });
            assert_eq!(codes, [i32::from_le_bytes([254; GROUP]); 2 * LANES]);
            assert_eq!(sums[0], [8.0 * 254.0; LANES]);
        }
    }
}
