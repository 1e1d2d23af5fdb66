use super::{LANES, Simd};

/// Arrays, and what the compiler makes of them.
#[derive(Clone, Copy)]
pub(super) struct Portable;

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
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the exponent is a whole number from 0 to 254"
    )]
    fn exp2_whole(self, a: Self::F) -> Self::F {
        std::array::from_fn(|l| f32::from_bits(((a[l] + 127.0) as u32) << 23))
    }

    #[inline(always)]
    fn to_array(self, a: Self::F) -> [f32; LANES] {
        a
    }

    #[inline(always)]
    #[expect(unsafe_code, reason = "the micro-kernel walks pointers")]
    unsafe fn load_at(self, from: *const f32) -> Self::F {
        // SAFETY: the caller vouches for 16 floats, and an array of them needs no more alignment
        // than `read_unaligned` asks for.
        unsafe { from.cast::<[f32; LANES]>().read_unaligned() }
    }

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Self::F {
        *from
    }

    #[inline(always)]
    fn store(self, value: Self::F, to: &mut [f32; LANES]) {
        *to = value;
    }
}
