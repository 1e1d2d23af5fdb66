//! The f32 operations of NEON.

use std::arch::aarch64::{
    float32x4_t, vadd_f32, vaddq_f32, vaddv_u8, vand_u8, vbsl_f32, vbslq_f32, vcgeq_f32, vcgt_f32,
    vcgtq_f32, vcltq_f32, vcltq_u32, vdivq_f32, vdupq_n_f32, vdupq_n_u32, vfmaq_f32, vget_high_f32,
    vget_high_u8, vget_lane_f32, vget_low_f32, vget_low_u8, vld1_u8, vld1q_f32, vld1q_u32,
    vmulq_f32, vreinterpretq_f32_f64, vreinterpretq_f32_u32, vreinterpretq_f64_f32,
    vreinterpretq_u8_u16, vreinterpretq_u16_u32, vreinterpretq_u32_f32, vsetq_lane_f32,
    vshlq_n_u32, vst1q_f32, vsubq_f32, vtrn1q_f32, vtrn1q_f64, vtrn2q_f32, vtrn2q_f64, vuzp1q_u8,
    vuzp1q_u16,
};
use std::arch::asm;
use std::array::from_fn;

use super::byte_products::ByteProducts;
use super::{Neon, QUARTER, REGISTERS};
use crate::simd::{LANES, Simd};

/// A vector: lanes 0 to 3, then 4 to 7, 8 to 11 and 12 to 15.
type Quad = [float32x4_t; REGISTERS];

impl<P: ByteProducts> Neon<P> {
    /// Transposes 4 registers: lane `l` of row `r` becomes lane `r` of row `l`.
    #[inline(always)]
    fn transpose_quarter(self, [a, b, c, d]: [float32x4_t; QUARTER]) -> [float32x4_t; QUARTER] {
        // SAFETY: a `Neon` proves NEON.
        unsafe {
            // Columns 0 and 2, then 1 and 3, of two rows each.
            let even_ab = vreinterpretq_f64_f32(vtrn1q_f32(a, b));
            let odd_ab = vreinterpretq_f64_f32(vtrn2q_f32(a, b));
            let even_cd = vreinterpretq_f64_f32(vtrn1q_f32(c, d));
            let odd_cd = vreinterpretq_f64_f32(vtrn2q_f32(c, d));
            [
                vreinterpretq_f32_f64(vtrn1q_f64(even_ab, even_cd)),
                vreinterpretq_f32_f64(vtrn1q_f64(odd_ab, odd_cd)),
                vreinterpretq_f32_f64(vtrn2q_f64(even_ab, even_cd)),
                vreinterpretq_f32_f64(vtrn2q_f64(odd_ab, odd_cd)),
            ]
        }
    }

    /// Loads up to 4 floats and keeps the remaining lanes of `fill`.
    #[inline(always)]
    fn load_first(self, from: &[f32], fill: float32x4_t) -> float32x4_t {
        // SAFETY: a `Neon` proves NEON; the slice covers all floats that a load reads.
        unsafe {
            match from {
                [] => fill,
                [a] => vsetq_lane_f32::<0>(*a, fill),
                [a, b] => vsetq_lane_f32::<1>(*b, vsetq_lane_f32::<0>(*a, fill)),
                [a, b, c] => {
                    let pair = vsetq_lane_f32::<1>(*b, vsetq_lane_f32::<0>(*a, fill));
                    vsetq_lane_f32::<2>(*c, pair)
                }
                [_, _, _, _, ..] => vld1q_f32(from.as_ptr()),
            }
        }
    }
}

// Closures are compiled without the target features of the level. They may use NEON alone, which every
// target of this module has.
impl<P: ByteProducts> Simd for Neon<P> {
    type F = Quad;

    /// In a tile of 6 rows, 24 of the 32 registers hold sums and 4 hold a row of the panel.
    const TILE_VECTORS: usize = 1;

    #[inline(always)]
    fn splat(self, value: f32) -> Quad {
        // SAFETY: a `Neon` proves NEON.
        unsafe { [vdupq_n_f32(value); REGISTERS] }
    }

    #[inline(always)]
    fn add(self, a: Quad, b: Quad) -> Quad {
        // SAFETY: a `Neon` proves NEON.
        from_fn(|i| unsafe { vaddq_f32(a[i], b[i]) })
    }

    #[inline(always)]
    fn sub(self, a: Quad, b: Quad) -> Quad {
        // SAFETY: a `Neon` proves NEON.
        from_fn(|i| unsafe { vsubq_f32(a[i], b[i]) })
    }

    #[inline(always)]
    fn mul(self, a: Quad, b: Quad) -> Quad {
        // SAFETY: a `Neon` proves NEON.
        from_fn(|i| unsafe { vmulq_f32(a[i], b[i]) })
    }

    #[inline(always)]
    fn fma(self, a: Quad, b: Quad, c: Quad) -> Quad {
        // SAFETY: a `Neon` proves NEON.
        from_fn(|i| unsafe { vfmaq_f32(c[i], a[i], b[i]) })
    }

    #[inline(always)]
    fn fma_first(self, a: Quad, b: Quad, c: Quad, lanes: usize) -> Quad {
        const INDICES: [u32; LANES] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        #[expect(
            clippy::cast_possible_truncation,
            reason = "there are at most 16 lanes"
        )]
        let lanes = lanes as u32;
        let sum = self.fma(a, b, c);
        // SAFETY: a `Neon` proves NEON; a quarter of the array is all that a load reads.
        from_fn(|i| unsafe {
            let indices = vld1q_u32(INDICES.as_ptr().add(i * QUARTER));
            vbslq_f32(vcltq_u32(indices, vdupq_n_u32(lanes)), sum[i], c[i])
        })
    }

    #[inline(always)]
    fn fma_pairs<const A: usize, const B: usize>(
        self,
        a: [&[f32; LANES]; A],
        b: [&[f32; LANES]; B],
        sums: &mut [[Quad; B]; A],
    ) {
        // One register after the other, because the 32 registers do not hold all sums of a tile of dot
        // products and all of `b`.
        for i in 0..REGISTERS {
            // SAFETY: a `Neon` proves NEON; a quarter of a vector is 4 floats, all that a load reads.
            unsafe {
                let mut b_quarters = [vdupq_n_f32(0.0); B];
                for (register, b) in b_quarters.iter_mut().zip(b) {
                    *register = vld1q_f32(b.as_ptr().add(i * QUARTER));
                }
                for (a, sums) in a.into_iter().zip(sums.iter_mut()) {
                    let a = vld1q_f32(a.as_ptr().add(i * QUARTER));
                    for (sum, b) in sums.iter_mut().zip(b_quarters) {
                        sum[i] = vfmaq_f32(sum[i], a, b);
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn max(self, a: Quad, b: Quad) -> Quad {
        // Not the instruction for a maximum, whose result is NaN if either lane is.
        // SAFETY: a `Neon` proves NEON.
        from_fn(|i| unsafe { vbslq_f32(vcgtq_f32(a[i], b[i]), a[i], b[i]) })
    }

    #[inline(always)]
    fn min(self, a: Quad, b: Quad) -> Quad {
        // SAFETY: a `Neon` proves NEON.
        from_fn(|i| unsafe { vbslq_f32(vcltq_f32(a[i], b[i]), a[i], b[i]) })
    }

    #[inline(always)]
    fn div(self, a: Quad, b: Quad) -> Quad {
        // SAFETY: a `Neon` proves NEON.
        from_fn(|i| unsafe { vdivq_f32(a[i], b[i]) })
    }

    #[inline(always)]
    fn transpose(self, rows: [Quad; LANES]) -> [Quad; LANES] {
        let mut out = rows;
        for from in 0..REGISTERS {
            for to in 0..REGISTERS {
                let block = self.transpose_quarter(from_fn(|r| rows[QUARTER * to + r][from]));
                for (r, row) in block.into_iter().enumerate() {
                    out[QUARTER * from + r][to] = row;
                }
            }
        }
        out
    }

    #[inline(always)]
    fn exp2(self, a: Quad) -> Quad {
        // SAFETY: a `Neon` proves NEON.
        from_fn(|i| unsafe {
            vreinterpretq_f32_u32(vshlq_n_u32::<23>(vreinterpretq_u32_f32(a[i])))
        })
    }

    #[inline(always)]
    fn at_least(self, a: Quad, threshold: f32) -> u16 {
        const BITS: [u8; 8] = [1, 2, 4, 8, 16, 32, 64, 128];
        // SAFETY: a `Neon` proves NEON; the array covers all bytes that the load reads.
        unsafe {
            let threshold = vdupq_n_f32(threshold);
            let [a, b, c, d] = a.map(|a| vreinterpretq_u16_u32(vcgeq_f32(a, threshold)));
            // The bytes of a lane are equal: 0 or 255.
            let (low, high) = (vuzp1q_u16(a, b), vuzp1q_u16(c, d));
            let bytes = vuzp1q_u8(vreinterpretq_u8_u16(low), vreinterpretq_u8_u16(high));
            let bits = vld1_u8(BITS.as_ptr());
            let low = vaddv_u8(vand_u8(vget_low_u8(bytes), bits));
            let high = vaddv_u8(vand_u8(vget_high_u8(bytes), bits));
            u16::from_le_bytes([low, high])
        }
    }

    #[inline(always)]
    fn to_array(self, a: Quad) -> [f32; LANES] {
        let mut array = [0.0; LANES];
        self.store(a, &mut array);
        array
    }

    #[inline(always)]
    fn reduce_sum(self, a: Quad) -> f32 {
        // SAFETY: a `Neon` proves NEON.
        unsafe {
            let lanes4 = vaddq_f32(vaddq_f32(a[0], a[2]), vaddq_f32(a[1], a[3]));
            let lanes2 = vadd_f32(vget_low_f32(lanes4), vget_high_f32(lanes4));
            vget_lane_f32::<0>(lanes2) + vget_lane_f32::<1>(lanes2)
        }
    }

    #[inline(always)]
    fn reduce_max(self, a: Quad) -> f32 {
        // SAFETY: a `Neon` proves NEON.
        unsafe {
            let [mut low, mut high] = [a[0], a[1]];
            low = vbslq_f32(vcgtq_f32(low, a[2]), low, a[2]);
            high = vbslq_f32(vcgtq_f32(high, a[3]), high, a[3]);
            let lanes4 = vbslq_f32(vcgtq_f32(low, high), low, high);
            let (low, high) = (vget_low_f32(lanes4), vget_high_f32(lanes4));
            let lanes2 = vbsl_f32(vcgt_f32(low, high), low, high);
            let (low, high) = (vget_lane_f32::<0>(lanes2), vget_lane_f32::<1>(lanes2));
            if low > high { low } else { high }
        }
    }

    #[inline(always)]
    unsafe fn load_at(self, from: *const f32) -> Quad {
        // SAFETY: a `Neon` proves NEON; the caller guarantees 16 floats, and these loads need no
        // alignment.
        from_fn(|i| unsafe { vld1q_f32(from.add(i * QUARTER)) })
    }

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Quad {
        // SAFETY: the reference covers all floats that the load reads.
        unsafe { self.load_at(from.as_ptr()) }
    }

    #[inline(always)]
    fn load_partial(self, from: &[f32], fill: f32) -> Quad {
        let fill = self.splat(fill);
        from_fn(|i| self.load_first(from.get(i * QUARTER..).unwrap_or_default(), fill[i]))
    }

    #[inline(always)]
    #[expect(
        clippy::pointers_in_nomem_asm_block,
        reason = "the program does not depend on what a prefetch reads"
    )]
    fn prefetch(self, line: &[f32; LANES]) {
        // Written in assembly because the intrinsic is not stable yet.
        // SAFETY: a prefetch changes no register and no memory.
        unsafe {
            asm!(
                "prfm pldl2keep, [{line}]",
                line = in(reg) line.as_ptr(),
                options(nomem, nostack, preserves_flags),
            );
        }
    }

    #[inline(always)]
    fn store(self, value: Quad, to: &mut [f32; LANES]) {
        let to = to.as_mut_ptr();
        for (i, value) in value.into_iter().enumerate() {
            // SAFETY: a `Neon` proves NEON; the reference covers 16 floats, and these stores need no
            // alignment.
            unsafe { vst1q_f32(to.add(i * QUARTER), value) };
        }
    }
}
