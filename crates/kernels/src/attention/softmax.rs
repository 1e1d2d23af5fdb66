#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use std::ops::Range;

use super::mask::clear_masked;
use super::panel::{PANEL_VECTORS, PanelLanes};
use crate::elementary::exp_to_88;
use crate::simd::{GROUP, Integers, Kernel, LANES, ROUNDING_MAGIC, Simd};

/// Replaces each score by `exp(score − largest)` and returns the sums, which are at least 1.
///
/// `scores` is `[keys, vectors · 16]`. A lane is a query, with its own largest score and its own sum,
/// which is computed in the order of the keys. A score of −∞ becomes 0.
pub(super) struct Exponentials<'a> {
    pub(super) scores: &'a mut [f32],
    pub(super) vectors: usize,
    pub(super) largest: PanelLanes,
    /// The keys without a score of −∞.
    pub(super) full: Range<usize>,
}

impl Kernel for Exponentials<'_> {
    type Output = PanelLanes;

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> Self::Output {
        let masked = self.full != (0..self.scores.len() / (self.vectors * LANES));
        match (self.vectors, masked) {
            (PANEL_VECTORS, false) => self.lanes::<S, PANEL_VECTORS, false>(s),
            (PANEL_VECTORS, true) => self.lanes::<S, PANEL_VECTORS, true>(s),
            (_, false) => self.lanes::<S, 1, false>(s),
            (_, true) => self.lanes::<S, 1, true>(s),
        }
    }
}

impl Exponentials<'_> {
    #[inline(always)]
    fn lanes<S: Simd, const V: usize, const MASKED: bool>(self, s: S) -> PanelLanes {
        let mut largest = [s.splat(0.0); V];
        for (lanes, largest) in largest.iter_mut().zip(&self.largest) {
            *lanes = s.load(largest);
        }
        let mut sums = [s.splat(0.0); V];
        let (keys, _) = self.scores.as_chunks_mut::<LANES>();
        let (keys, _) = keys.as_chunks_mut::<V>();
        let (pairs, odd) = keys.as_chunks_mut::<2>();
        let odd_key = 2 * pairs.len();
        for (pair, [first, second]) in pairs.iter_mut().enumerate() {
            // Two keys at a time: the exponential is a long chain of dependent instructions, and
            // independent chains hide each other's latency.
            let mut powers = [
                Self::powers(s, first, &largest),
                Self::powers(s, second, &largest),
            ];
            if MASKED && (2 * pair < self.full.start || 2 * pair + 2 > self.full.end) {
                powers[0] = clear_masked(s, powers[0], load_all(s, first));
                powers[1] = clear_masked(s, powers[1], load_all(s, second));
            }
            for (powers, scores) in powers.iter().zip([first, second]) {
                for v in 0..V {
                    sums[v] = s.add(sums[v], powers[v]);
                    s.store(powers[v], &mut scores[v]);
                }
            }
        }
        for scores in odd {
            let mut powers = Self::powers(s, scores, &largest);
            if MASKED && !self.full.contains(&odd_key) {
                powers = clear_masked(s, powers, load_all(s, scores));
            }
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

/// Loads the scores of one key.
#[inline(always)]
fn load_all<S: Simd, const V: usize>(s: S, scores: &[[f32; LANES]; V]) -> [S::F; V] {
    let mut lanes = [s.splat(0.0); V];
    for (lanes, scores) in lanes.iter_mut().zip(scores) {
        *lanes = s.load(scores);
    }
    lanes
}

/// The largest code of a weight.
const MAX_CODE: f32 = 255.0;

/// Writes each weight `exp(score − largest)`, at most 1, as a code from 0 to 255, and returns the
/// sums of the codes.
///
/// `scores` is laid out as for [`Exponentials`]. A word of `codes`, `[keys / GROUP, vectors · 16]`,
/// holds the codes of [`GROUP`] keys for one query.
///
/// The rounding error of a weight is carried over to the next key (error diffusion): rounded
/// independently, many small weights would all become zero.
pub(super) struct ExponentialCodes<'a> {
    pub(super) scores: &'a [f32],
    pub(super) vectors: usize,
    pub(super) largest: PanelLanes,
    /// The keys without a score of −∞, whose code is 0.
    pub(super) full: Range<usize>,
    pub(super) codes: &'a mut [i32],
}

impl Kernel for ExponentialCodes<'_> {
    type Output = PanelLanes;

    #[inline(always)]
    fn run<S: Integers>(self, s: S) -> Self::Output {
        let masked = self.full != (0..self.scores.len() / (self.vectors * LANES));
        match (self.vectors, masked) {
            (PANEL_VECTORS, false) => self.lanes::<S, PANEL_VECTORS, false>(s),
            (PANEL_VECTORS, true) => self.lanes::<S, PANEL_VECTORS, true>(s),
            (_, false) => self.lanes::<S, 1, false>(s),
            (_, true) => self.lanes::<S, 1, true>(s),
        }
    }
}

impl ExponentialCodes<'_> {
    #[inline(always)]
    fn lanes<S: Integers, const V: usize, const MASKED: bool>(self, s: S) -> PanelLanes {
        let mut largest = [s.splat(0.0); V];
        for (lanes, largest) in largest.iter_mut().zip(&self.largest) {
            *lanes = s.load(largest);
        }
        let magic = s.splat(ROUNDING_MAGIC);
        let mut sums = [s.splat(0.0); V];
        let mut carries = sums;
        let (keys, _) = self.scores.as_chunks::<LANES>();
        let (keys, _) = keys.as_chunks::<V>();
        let (words, _) = self.codes.as_chunks_mut::<LANES>();
        let (words, _) = words.as_chunks_mut::<V>();
        for (group, (keys, words)) in keys.chunks(GROUP).zip(words).enumerate() {
            let key = group * GROUP;
            let masked = MASKED && (key < self.full.start || key + keys.len() > self.full.end);
            let mut codes = [[magic; GROUP]; V];
            for (i, scores) in keys.iter().enumerate() {
                let mut powers = Exponentials::powers(s, scores, &largest);
                if masked {
                    powers = clear_masked(s, powers, load_all(s, scores));
                }
                for v in 0..V {
                    let weight = s.fma(powers[v], s.splat(MAX_CODE), carries[v]);
                    codes[v][i] = s.add(s.min(weight, s.splat(MAX_CODE)), magic);
                    let code = s.sub(codes[v][i], magic);
                    carries[v] = s.sub(weight, code);
                    sums[v] = s.add(sums[v], code);
                }
            }
            for (codes, words) in codes.into_iter().zip(words) {
                s.store_groups(codes, words);
            }
        }
        let mut found = [[0.0; LANES]; PANEL_VECTORS];
        for v in 0..V {
            // A NaN among the scores has made the carry NaN.
            let sum = s.fma(carries[v], s.splat(0.0), sums[v]);
            s.store(sum, &mut found[v]);
        }
        found
    }
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
                    full: 0..keys,
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

    #[test]
    fn codes_equal_the_reference_at_every_length() {
        for (keys, vectors) in (1usize..50).flat_map(|keys| [(keys, 1), (keys, PANEL_VECTORS)]) {
            let panel = vectors * LANES;
            let scores: Vec<f32> = numbers(8, keys * panel).iter().map(|x| 5.0 * x).collect();
            let largest = [[5.0; LANES]; PANEL_VECTORS];
            let mut powers = scores.clone();
            Cpu::portable().run(Exponentials {
                scores: &mut powers,
                vectors,
                largest,
                full: 0..keys,
            });
            for cpu in Cpu::available() {
                let mut codes = vec![-1; keys.div_ceil(GROUP) * panel];
                let sums = cpu.run(ExponentialCodes {
                    scores: &scores,
                    vectors,
                    largest,
                    full: 0..keys,
                    codes: &mut codes,
                });
                for lane in 0..panel {
                    let (mut carry, mut sum) = (0.0, 0.0);
                    for key in 0..keys.next_multiple_of(GROUP) {
                        let word = codes[key / GROUP * panel + lane];
                        let found = f32::from(word.to_le_bytes()[key % GROUP]);
                        let power = powers.get(key * panel + lane).copied();
                        let weight = power.map_or(0.0, |power| power.mul_add(255.0, carry));
                        let code = weight.min(255.0).round_ties_even();
                        assert_eq!(found, code, "{cpu:?} {keys}");
                        carry = weight - code;
                        sum += code;
                    }
                    assert_eq!(sums.as_flattened()[lane], sum);
                }
            }
        }
    }
}
