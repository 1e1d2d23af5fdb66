//! The integer operations of NEON.

use std::arch::aarch64::{
    float32x4_t, int32x4_t, vaddq_s32, vcvtq_f32_s32, vdupq_n_s32, vget_low_s16, vld1_s8,
    vld1q_s32, vmovl_s8, vmull_high_s16, vmull_s16, vpaddq_s32, vreinterpretq_s16_s32,
    vreinterpretq_s32_s16, vreinterpretq_u8_u16, vreinterpretq_u16_f32, vreinterpretq_u32_f32,
    vsliq_n_u32, vst1q_s32, vst1q_u8, vst1q_u32, vuzp1q_u8, vuzp1q_u16,
};
use std::array::from_fn;

use super::byte_products::ByteProducts;
use super::{Neon, QUARTER, REGISTERS};
use crate::simd::{GROUP, Integers, LANES};

/// A vector of 16 words, in the order of the lanes.
type Words = [int32x4_t; REGISTERS];

impl<P: ByteProducts> Integers for Neon<P> {
    type I = Words;

    #[inline(always)]
    fn splat_word(self, word: i32) -> Words {
        // SAFETY: a `Neon` proves NEON.
        unsafe { [vdupq_n_s32(word); REGISTERS] }
    }

    #[inline(always)]
    fn load_words(self, from: &[i32; LANES]) -> Words {
        // SAFETY: the reference covers all words that the load reads.
        unsafe { self.load_words_at(from.as_ptr()) }
    }

    #[inline(always)]
    fn to_words(self, a: Words) -> [i32; LANES] {
        let mut words = [0; LANES];
        for (a, words) in a.into_iter().zip(words.as_chunks_mut::<QUARTER>().0) {
            // SAFETY: a `Neon` proves NEON; the reference covers all words that the store writes.
            unsafe { vst1q_s32(words.as_mut_ptr(), a) };
        }
        words
    }

    #[inline(always)]
    unsafe fn load_words_at(self, from: *const i32) -> Words {
        // SAFETY: a `Neon` proves NEON; the caller guarantees 16 words, and these loads need no
        // alignment.
        from_fn(|i| unsafe { vld1q_s32(from.add(i * QUARTER)) })
    }

    #[inline(always)]
    unsafe fn load_pairs_at(self, from: *const i16) -> Words {
        // SAFETY: a `Neon` proves NEON; the caller guarantees 16 pairs of bytes, and these loads need no
        // alignment.
        from_fn(|i| unsafe {
            vreinterpretq_s32_s16(vmovl_s8(vld1_s8(from.add(i * QUARTER).cast())))
        })
    }

    #[inline(always)]
    fn dot_group(self, sum: Words, codes: Words, weights: Words) -> Words {
        let mut sums = sum;
        // Not `from_fn`, because a closure would be compiled without the target features of the level.
        for (i, sum) in sums.iter_mut().enumerate() {
            *sum = self.products.dot_group(*sum, codes[i], weights[i]);
        }
        sums
    }

    #[inline(always)]
    fn dot_pairs(self, sum: Words, a: Words, b: Words) -> Words {
        // SAFETY: a `Neon` proves NEON.
        from_fn(|i| unsafe {
            let (a, b) = (vreinterpretq_s16_s32(a[i]), vreinterpretq_s16_s32(b[i]));
            let low = vmull_s16(vget_low_s16(a), vget_low_s16(b));
            vaddq_s32(sum[i], vpaddq_s32(low, vmull_high_s16(a, b)))
        })
    }

    #[inline(always)]
    fn to_float(self, a: Words) -> [float32x4_t; REGISTERS] {
        // SAFETY: a `Neon` proves NEON.
        from_fn(|i| unsafe { vcvtq_f32_s32(a[i]) })
    }

    #[inline(always)]
    fn store_codes(self, codes: [float32x4_t; REGISTERS], to: &mut [i32; LANES / GROUP]) {
        // SAFETY: a `Neon` proves NEON; the reference covers all 16 bytes that the store writes. Each
        // step keeps the lower halves of the lanes.
        unsafe {
            let [a, b, c, d] = codes.map(|codes| vreinterpretq_u16_f32(codes));
            let low = vreinterpretq_u8_u16(vuzp1q_u16(a, b));
            let high = vreinterpretq_u8_u16(vuzp1q_u16(c, d));
            vst1q_u8(to.as_mut_ptr().cast(), vuzp1q_u8(low, high));
        }
    }

    #[inline(always)]
    fn store_groups(self, codes: [[float32x4_t; REGISTERS]; GROUP], to: &mut [i32; LANES]) {
        for (i, to) in to.as_chunks_mut::<QUARTER>().0.iter_mut().enumerate() {
            // SAFETY: a `Neon` proves NEON; the reference covers all words that the store writes. Each
            // shift keeps the bits of the first operand below the shifted ones.
            unsafe {
                let [a, b, c, d] = codes.map(|codes| vreinterpretq_u32_f32(codes[i]));
                let group = vsliq_n_u32::<24>(vsliq_n_u32::<16>(vsliq_n_u32::<8>(a, b), c), d);
                vst1q_u32(to.as_mut_ptr().cast(), group);
            }
        }
    }
}
