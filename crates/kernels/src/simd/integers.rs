#![cfg_attr(
    test,
    expect(
        clippy::inline_always,
        reason = "what a function with target features calls must be compiled with them"
    )
)]

use super::{LANES, Simd, portable};
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};
use crate::Cpu;
use crate::cpu::Level;

/// In 1.5 · 2²³ … 2²⁴ the spacing of f32 is 1: a small number added to this is rounded to a whole
/// one, ties to even, and the lowest bits of the sum are it.
pub(crate) const WHOLE: f32 = 12_582_912.0;

/// The most that two neighbours among the weights may sum to: 255 times it is below 2¹⁵.
pub(crate) const PAIR_TOP: i32 = 128;

/// Codes in a word: as many as a lane multiplies and sums in one go.
pub(crate) const GROUP: usize = 4;

/// Products of 8-bit codes, on vectors of 16 lanes of 32 bits, each lane a word: a group of bytes.
///
/// Sums are exact, or wrap around: all levels give the same.
pub(crate) trait Integers: Simd {
    /// 16 words.
    type I: Copy;

    fn splat_word(self, word: i32) -> Self::I;
    fn load_words(self, from: &[i32; LANES]) -> Self::I;
    /// The lanes.
    fn words(self, a: Self::I) -> [i32; LANES];

    /// Loads 16 words.
    ///
    /// # Safety
    ///
    /// 16 words can be read from `from`, which need not be aligned.
    #[expect(unsafe_code, reason = "the micro-kernel walks pointers")]
    unsafe fn load_words_at(self, from: *const i32) -> Self::I;

    /// Loads 16 pairs of signed codes, each widened to a pair of 16-bit numbers.
    ///
    /// # Safety
    ///
    /// 16 pairs can be read from `from`, which need not be aligned.
    #[expect(unsafe_code, reason = "the micro-kernel walks pointers")]
    unsafe fn load_pairs_at(self, from: *const i16) -> Self::I;

    /// Adds to each sum the products of a group of codes, 0 to 255, and a group of weights, −127 to
    /// 127.
    ///
    /// Of both pairs of weights in a group, two that have the same sign must not sum to more than
    /// [`PAIR_TOP`]: without VNNI the products of a pair are summed in 16 bits. Otherwise the sums
    /// are those of no other level.
    fn dot_group(self, sum: Self::I, codes: Self::I, weights: Self::I) -> Self::I;

    /// Adds to each sum the products of two pairs of signed 16-bit numbers, the halves of a word.
    fn dot_pairs(self, sum: Self::I, a: Self::I, b: Self::I) -> Self::I;

    /// The nearest f32, ties to even.
    fn to_float(self, a: Self::I) -> Self::F;

    /// Stores 16 codes, each the lowest byte of a lane, in groups.
    fn store_codes(self, codes: Self::F, to: &mut [i32; LANES / GROUP]);

    /// Stores 16 groups of codes: each lane's lowest bytes, of the first vector in the lowest byte.
    fn store_groups(self, codes: [Self::F; GROUP], to: &mut [i32; LANES]);
}

/// Work over the vectors of one instruction set, integers among them.
///
/// Implement `run` with `#[inline(always)]`, and so everything it calls in a loop.
pub(crate) trait IntegerKernel {
    type Output;

    fn run<S: Integers>(self, simd: S) -> Self::Output;
}

impl Cpu {
    /// Runs `kernel` with the instructions of this level.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    #[expect(
        unsafe_code,
        reason = "functions with target features are called from ordinary code"
    )]
    pub(crate) fn run_integers<K: IntegerKernel>(self, kernel: K) -> K::Output {
        match self.level() {
            Level::Portable => kernel.run(portable::Portable),
            // SAFETY: a `Cpu` of this level is made only where AVX2 and FMA were detected.
            Level::Avx2 => unsafe { avx2::run_integers(kernel) },
            // SAFETY: a `Cpu` of this level is made only where AVX-512F and BW were detected.
            Level::Avx512 => unsafe { avx512::run_integers(kernel) },
            // SAFETY: a `Cpu` of this level is made only where AVX-512F, BW, VL and VNNI were
            // detected.
            Level::Avx512Vnni => unsafe { avx512::run_integers_vnni(kernel) },
        }
    }

    /// Runs `kernel` with the instructions of this level.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn run_integers<K: IntegerKernel>(self, kernel: K) -> K::Output {
        match self.level() {
            Level::Portable => kernel.run(portable::Portable),
        }
    }
}

#[cfg(test)]
#[expect(
    clippy::float_cmp,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "bits are what is compared"
)]
mod tests {
    use super::*;
    use crate::testing::numbers;

    /// Every operation on words and floats, one after the other.
    struct Operations<'a>(&'a [i32; LANES], &'a [i32; LANES], &'a [f32; LANES]);

    impl IntegerKernel for Operations<'_> {
        type Output = (
            [[i32; LANES]; 4],
            [f32; LANES],
            [i32; LANES / GROUP],
            [i32; LANES],
        );

        #[inline(always)]
        fn run<S: Integers>(self, s: S) -> Self::Output {
            let (a, b) = (s.load_words(self.0), s.load_words(self.1));
            let pairs = s.dot_pairs(s.splat_word(-7), a, b);
            let group = s.dot_group(s.splat_word(9), a, b);
            let mut codes = [0; LANES / GROUP];
            s.store_codes(s.load(self.2), &mut codes);
            let mut groups = [0; LANES];
            let code = |more: f32| s.add(s.load(self.2), s.splat(more));
            s.store_groups([0.0, 1.0, -1.0, 2.0].map(code), &mut groups);
            (
                [a, b, pairs, group].map(|words| s.words(words)),
                s.to_array(s.to_float(pairs)),
                codes,
                groups,
            )
        }
    }

    /// Weights for all codes: pairs that are as large as allowed, among others.
    fn weights(seed: u64) -> [i32; LANES] {
        let mut words = numbers(seed, 2 * LANES).into_iter().map(|x| {
            let first = (x * 127.0).round() as i32;
            let rest = PAIR_TOP - first.abs();
            let even = seed.is_multiple_of(2);
            let second = if even { rest } else { 127 };
            let second = if (first < 0) == even { -second } else { second };
            (first & 0xff) | (second.clamp(-127, 127) & 0xff) << 8
        });
        std::array::from_fn(|_| words.next().unwrap() | words.next().unwrap() << 16)
    }

    #[test]
    fn every_level_has_the_same_operations() {
        for seed in 0..400 {
            let numbers_a = numbers(seed, LANES);
            let a = std::array::from_fn(|l| match seed % 5 {
                0 => -1, // four codes of 255
                _ => (f64::from(numbers_a[l]) * 2f64.powi(31)) as i32,
            });
            let b = weights(seed + 1000);
            let codes = numbers(seed + 2000, LANES);
            let codes = std::array::from_fn(|l| ((codes[l] + 1.0) * 127.5).round());
            let whole = codes.map(|code: f32| code + WHOLE);
            let expected = Cpu::portable().run_integers(Operations(&a, &b, &whole));
            for cpu in Cpu::available() {
                let found = cpu.run_integers(Operations(&a, &b, &whole));
                assert_eq!(found, expected, "{cpu:?}");
            }
            for l in 0..LANES {
                let half = |word: i32, i: u32| i64::from((word >> (16 * i)) as i16);
                let sum = half(a[l], 0) * half(b[l], 0) + half(a[l], 1) * half(b[l], 1) - 7;
                assert_eq!(expected.0[2][l], sum as i32);
                let (a, b) = (a[l].to_le_bytes(), b[l].to_le_bytes());
                let products = a
                    .iter()
                    .zip(b)
                    .map(|(&a, b)| i32::from(a) * i32::from(b as i8));
                assert_eq!(expected.0[3][l], products.sum::<i32>() + 9);
                assert_eq!(f32::from(expected.2[l / 4].to_le_bytes()[l % 4]), codes[l]);
                let bytes = [0, 1, -1, 2].map(|more| (codes[l] as i32 + more).to_le_bytes()[0]);
                assert_eq!(expected.3[l].to_le_bytes(), bytes);
            }
        }
    }
}
