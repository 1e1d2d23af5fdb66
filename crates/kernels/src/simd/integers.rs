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

/// Products of 8-bit codes, on vectors of 16 lanes of 32 bits, each lane a word.
///
/// The codes of a row go by groups, as many as this level multiplies and sums in one lane: a word
/// holds a group of them. With a group of 2 the codes are widened to 16 bits, because that product
/// is exact; with a group of 4 they are bytes. Sums are exact, or wrap around: all levels give the
/// same.
pub(crate) trait Integers: Simd {
    /// 16 words.
    type I: Copy;

    /// Codes in a word.
    const GROUP: usize;

    /// Bytes that a weight takes in memory.
    const WEIGHT_BYTES: usize;

    fn splat_word(self, word: i32) -> Self::I;
    fn load_words(self, from: &[i32; LANES]) -> Self::I;
    #[cfg(test)]
    fn words(self, a: Self::I) -> [i32; LANES];

    /// Loads a group of weights for each of 16 lanes.
    ///
    /// # Safety
    ///
    /// `16 · GROUP · WEIGHT_BYTES` bytes can be read from `from`, which need not be aligned.
    #[expect(unsafe_code, reason = "the micro-kernel walks pointers")]
    unsafe fn load_weights_at(self, from: *const u8) -> Self::I;

    /// Adds to each sum the products of a group of codes, 0 to 255, and a group of weights, −128 to
    /// 127.
    fn dot_group(self, sum: Self::I, codes: Self::I, weights: Self::I) -> Self::I;

    /// Adds to each sum the products of two pairs of signed 16-bit numbers, the halves of a word.
    fn dot_pairs(self, sum: Self::I, a: Self::I, b: Self::I) -> Self::I;

    /// The nearest f32, ties to even.
    fn to_float(self, a: Self::I) -> Self::F;

    /// Stores 16 codes, each the lowest byte of a lane, in groups: `to` is `[16 / GROUP]`.
    fn store_codes(self, codes: Self::F, to: &mut [i32]);
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

    /// Codes in a word, and bytes that a weight takes, at this level.
    pub(crate) fn code_layout(self) -> (usize, usize) {
        struct Layout;
        impl IntegerKernel for Layout {
            type Output = (usize, usize);
            fn run<S: Integers>(self, _: S) -> (usize, usize) {
                (S::GROUP, S::WEIGHT_BYTES)
            }
        }
        self.run_integers(Layout)
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "bits are what is compared")]
mod tests {
    use super::*;
    use crate::testing::numbers;

    /// Every operation on words and floats, one after the other.
    struct Operations<'a>(&'a [i32; LANES], &'a [i32; LANES], &'a [f32; LANES]);

    impl IntegerKernel for Operations<'_> {
        type Output = (Vec<[i32; LANES]>, [f32; LANES], Vec<u8>);

        #[inline(always)]
        fn run<S: Integers>(self, s: S) -> Self::Output {
            let (a, b) = (s.load_words(self.0), s.load_words(self.1));
            let pairs = s.dot_pairs(s.splat_word(-7), a, b);
            let mut stored = [0; LANES];
            s.store_codes(s.load(self.2), &mut stored[..LANES / S::GROUP]);
            let bytes: &[u8] = bytemuck::cast_slice(&stored[..LANES / S::GROUP]);
            let codes = bytes.iter().step_by(4 / S::GROUP).copied().collect();
            let wide = bytes.iter().skip(1).step_by(2);
            assert!(S::GROUP == 4 || wide.copied().all(|high| high == 0));
            let words = vec![s.words(a), s.words(b), s.words(pairs)];
            (words, s.to_array(s.to_float(pairs)), codes)
        }
    }

    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "the numbers are below 2³¹")]
    fn every_level_has_the_same_operations() {
        for seed in 0..200 {
            let words = |seed| -> [i32; LANES] {
                let numbers = numbers(seed, LANES);
                std::array::from_fn(|l| (f64::from(numbers[l]) * 2f64.powi(31)) as i32)
            };
            let (a, b) = (words(seed), words(seed + 1000));
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
                assert_eq!(f32::from(expected.2[l]), codes[l]);
            }
        }
    }
}
