//! Vectors as arrays, compiled with the instructions that every machine of the target has.

use super::float::{LANES, Simd};
use super::integers::{GROUP, Integers};
use super::kernel::{InstructionSet, Kernel};

/// The instructions that every machine of the target has.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Portable;

impl InstructionSet for Portable {
    const NAME: &'static str = "portable";

    fn detect() -> Option<Self> {
        Some(Self)
    }

    #[inline]
    fn run<K: Kernel>(self, kernel: K) -> K::Output {
        kernel.run(self)
    }
}

impl Simd for Portable {
    type F = [f32; LANES];

    const TILE_VECTORS: usize = 1;

    #[inline(always)]
    fn splat(self, value: f32) -> Self::F {
        [value; LANES]
    }

    #[inline(always)]
    fn add(self, a: Self::F, b: Self::F) -> Self::F {
        std::array::from_fn(|l| a[l] + b[l])
    }

    #[inline(always)]
    fn sub(self, a: Self::F, b: Self::F) -> Self::F {
        std::array::from_fn(|l| a[l] - b[l])
    }

    #[inline(always)]
    fn mul(self, a: Self::F, b: Self::F) -> Self::F {
        std::array::from_fn(|l| a[l] * b[l])
    }

    #[inline(always)]
    fn fma(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        std::array::from_fn(|l| a[l].mul_add(b[l], c[l]))
    }

    #[inline(always)]
    fn fma_first(self, a: Self::F, b: Self::F, c: Self::F, lanes: usize) -> Self::F {
        std::array::from_fn(|l| {
            if l < lanes {
                a[l].mul_add(b[l], c[l])
            } else {
                c[l]
            }
        })
    }

    #[inline(always)]
    fn transpose(self, rows: [Self::F; LANES]) -> [Self::F; LANES] {
        std::array::from_fn(|r| std::array::from_fn(|l| rows[l][r]))
    }

    #[inline(always)]
    fn max(self, a: Self::F, b: Self::F) -> Self::F {
        std::array::from_fn(|l| if a[l] > b[l] { a[l] } else { b[l] })
    }

    #[inline(always)]
    fn min(self, a: Self::F, b: Self::F) -> Self::F {
        std::array::from_fn(|l| if a[l] < b[l] { a[l] } else { b[l] })
    }

    #[inline(always)]
    fn div(self, a: Self::F, b: Self::F) -> Self::F {
        std::array::from_fn(|l| a[l] / b[l])
    }

    #[inline(always)]
    fn exp2(self, a: Self::F) -> Self::F {
        a.map(|a| f32::from_bits(a.to_bits() << 23))
    }

    #[inline(always)]
    fn at_least(self, a: Self::F, threshold: f32) -> u16 {
        let bit = |(lane, x): (usize, &f32)| u16::from(*x >= threshold) << lane;
        a.iter().enumerate().map(bit).sum()
    }

    #[inline(always)]
    fn to_array(self, a: Self::F) -> [f32; LANES] {
        a
    }

    #[inline(always)]
    #[expect(unsafe_code, reason = "the micro-kernel walks pointers")]
    unsafe fn load_at(self, from: *const f32) -> Self::F {
        // SAFETY: the caller guarantees 16 floats, and `read_unaligned` needs no alignment.
        unsafe { from.cast::<[f32; LANES]>().read_unaligned() }
    }

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Self::F {
        *from
    }

    #[inline(always)]
    fn prefetch(self, _: &[f32; LANES]) {}

    #[inline(always)]
    fn store(self, value: Self::F, to: &mut [f32; LANES]) {
        *to = value;
    }
}

/// Returns the two halves of a word as signed integers.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "the lower half is wanted")]
const fn pair(word: i32) -> [i32; 2] {
    [word as i16 as i32, word >> 16]
}

impl Integers for Portable {
    type I = [i32; LANES];

    #[inline(always)]
    fn splat_word(self, word: i32) -> Self::I {
        [word; LANES]
    }

    #[inline(always)]
    fn load_words(self, from: &[i32; LANES]) -> Self::I {
        *from
    }

    #[inline(always)]
    fn to_words(self, a: Self::I) -> [i32; LANES] {
        a
    }

    #[inline(always)]
    #[expect(unsafe_code, reason = "the micro-kernel walks pointers")]
    unsafe fn load_words_at(self, from: *const i32) -> Self::I {
        // SAFETY: the caller guarantees 16 words, and `read_unaligned` needs no alignment.
        unsafe { from.cast::<[i32; LANES]>().read_unaligned() }
    }

    #[inline(always)]
    #[expect(unsafe_code, reason = "the micro-kernel walks pointers")]
    unsafe fn load_pairs_at(self, from: *const i16) -> Self::I {
        // SAFETY: the caller guarantees 16 pairs, and `read_unaligned` needs no alignment.
        let pairs = unsafe { from.cast::<[[i8; 2]; LANES]>().read_unaligned() };
        pairs.map(|[low, high]| i32::from(low) & 0xffff | i32::from(high) << 16)
    }

    #[inline(always)]
    fn dot_group(self, sum: Self::I, codes: Self::I, weights: Self::I) -> Self::I {
        std::array::from_fn(|l| {
            let (codes, weights) = (codes[l].to_le_bytes(), weights[l].to_le_bytes());
            let product = |i: usize| i32::from(codes[i]) * i32::from(weights[i].cast_signed());
            sum[l].wrapping_add(product(0) + product(1) + product(2) + product(3))
        })
    }

    #[inline(always)]
    fn dot_pairs(self, sum: Self::I, a: Self::I, b: Self::I) -> Self::I {
        std::array::from_fn(|l| {
            let (a, b) = (pair(a[l]), pair(b[l]));
            sum[l].wrapping_add(a[0] * b[0]).wrapping_add(a[1] * b[1])
        })
    }

    #[inline(always)]
    #[expect(clippy::cast_precision_loss, reason = "the nearest f32 is wanted")]
    fn to_float(self, a: Self::I) -> Self::F {
        a.map(|a| a as f32)
    }

    #[inline(always)]
    fn store_codes(self, codes: Self::F, to: &mut [i32; LANES / GROUP]) {
        for (codes, to) in codes.as_chunks::<GROUP>().0.iter().zip(to) {
            *to = i32::from_le_bytes(codes.map(|code| code.to_bits().to_le_bytes()[0]));
        }
    }

    #[inline(always)]
    fn store_groups(self, codes: [Self::F; GROUP], to: &mut [i32; LANES]) {
        for (l, to) in to.iter_mut().enumerate() {
            *to = i32::from_le_bytes(codes.map(|codes| codes[l].to_bits().to_le_bytes()[0]));
        }
    }
}
