//! The products of groups of unsigned codes and signed weights.

use std::arch::aarch64::{
    int32x4_t, uint8x16_t, vandq_u16, vdupq_n_s32, vdupq_n_u8, vdupq_n_u16, veorq_u8, vmlaq_s16,
    vmulq_s16, vpadalq_s16, vreinterpretq_s16_s32, vreinterpretq_s16_u16, vreinterpretq_u8_s32,
    vreinterpretq_u16_s32, vshlq_n_s16, vshrq_n_s16, vshrq_n_u16, vsubq_s32,
};
use std::arch::{asm, is_aarch64_feature_detected};

/// The instructions for products of bytes. A value proves that the machine has them.
pub(crate) trait ByteProducts: Copy {
    /// Does the work of [`dot_group`](super::super::Integers::dot_group) for 4 lanes.
    fn dot_group(self, sum: int32x4_t, codes: int32x4_t, weights: int32x4_t) -> int32x4_t;
}

/// Multiplications of 16-bit integers, which are part of NEON.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Widening(());

impl Widening {
    pub(super) fn detect() -> Option<Self> {
        is_aarch64_feature_detected!("neon").then_some(Self(()))
    }
}

impl ByteProducts for Widening {
    #[inline(always)]
    fn dot_group(self, sum: int32x4_t, codes: int32x4_t, weights: int32x4_t) -> int32x4_t {
        // SAFETY: a `Widening` proves NEON. The first and third bytes of a group are the lower halves of
        // 16-bit integers, and the others the upper halves. The sum of the products of a pair fits in
        // 16 bits by the trait's bound on pairs of weights.
        unsafe {
            let (codes, weights) = (vreinterpretq_u16_s32(codes), vreinterpretq_s16_s32(weights));
            let lower_codes = vreinterpretq_s16_u16(vandq_u16(codes, vdupq_n_u16(0xff)));
            let upper_codes = vreinterpretq_s16_u16(vshrq_n_u16::<8>(codes));
            let lower_weights = vshrq_n_s16::<8>(vshlq_n_s16::<8>(weights));
            let upper_weights = vshrq_n_s16::<8>(weights);
            let lower = vmulq_s16(lower_codes, lower_weights);
            vpadalq_s16(sum, vmlaq_s16(lower, upper_codes, upper_weights))
        }
    }
}

/// Products of unsigned bytes (the extension `FEAT_DotProd`).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct DotProduct(());

impl DotProduct {
    pub(super) fn detect() -> Option<Self> {
        is_aarch64_feature_detected!("dotprod").then_some(Self(()))
    }
}

impl ByteProducts for DotProduct {
    #[inline(always)]
    fn dot_group(self, sum: int32x4_t, codes: int32x4_t, weights: int32x4_t) -> int32x4_t {
        // SAFETY: a `DotProduct` proves the instruction. 128 is added to each weight, which makes it
        // unsigned, and 128 times the sum of the codes is subtracted. The sums wrap around, so that the
        // difference is exact. In a matrix product, where all lanes of `codes` are equal, the compiler
        // computes the correction once for all registers, and the offset weights once for all rows.
        unsafe {
            let (codes, offset) = (vreinterpretq_u8_s32(codes), vdupq_n_u8(0x80));
            let weights = veorq_u8(vreinterpretq_u8_s32(weights), offset);
            let correction = udot(vdupq_n_s32(0), codes, offset);
            vsubq_s32(udot(sum, codes, weights), correction)
        }
    }
}

/// Products of unsigned and signed bytes (the extension `FEAT_I8MM`).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct MixedDotProduct(());

impl MixedDotProduct {
    pub(super) fn detect() -> Option<Self> {
        is_aarch64_feature_detected!("i8mm").then_some(Self(()))
    }
}

impl ByteProducts for MixedDotProduct {
    #[inline(always)]
    fn dot_group(self, sum: int32x4_t, codes: int32x4_t, weights: int32x4_t) -> int32x4_t {
        // SAFETY: a `MixedDotProduct` proves the instruction.
        unsafe { usdot(sum, codes, weights) }
    }
}

/// Adds to each sum the products of a group of unsigned bytes and a group of unsigned bytes.
///
/// Written in assembly because the intrinsic is not stable yet.
#[inline]
#[target_feature(enable = "neon,dotprod")]
fn udot(mut sum: int32x4_t, a: uint8x16_t, b: uint8x16_t) -> int32x4_t {
    // SAFETY: the instruction reads and writes nothing but these registers, and the function has the
    // target feature.
    unsafe {
        asm!(
            "udot {sum:v}.4s, {a:v}.16b, {b:v}.16b",
            sum = inout(vreg) sum,
            a = in(vreg) a,
            b = in(vreg) b,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sum
}

/// Adds to each sum the products of a group of unsigned bytes and a group of signed bytes.
///
/// Written in assembly because the intrinsic is not stable yet.
#[inline]
#[target_feature(enable = "neon,i8mm")]
fn usdot(mut sum: int32x4_t, unsigned: int32x4_t, signed: int32x4_t) -> int32x4_t {
    // SAFETY: the instruction reads and writes nothing but these registers, and the function has the
    // target feature.
    unsafe {
        asm!(
            "usdot {sum:v}.4s, {unsigned:v}.16b, {signed:v}.16b",
            sum = inout(vreg) sum,
            unsigned = in(vreg) unsigned,
            signed = in(vreg) signed,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sum
}
