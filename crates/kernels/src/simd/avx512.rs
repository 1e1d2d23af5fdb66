#![expect(
    unsafe_code,
    reason = "instructions are called from functions without target features"
)]

use std::arch::x86_64::{
    __m512, __m512i, _CMP_GE_OQ, _MM_HINT_T1, _mm_prefetch, _mm_storeu_si128, _mm256_loadu_si256,
    _mm512_add_epi32, _mm512_add_ps, _mm512_and_si512, _mm512_castps_si512, _mm512_castsi512_ps,
    _mm512_cmp_ps_mask, _mm512_cvtepi8_epi16, _mm512_cvtepi32_epi8, _mm512_cvtepi32_ps,
    _mm512_div_ps, _mm512_dpbusd_epi32, _mm512_dpwssd_epi32, _mm512_fmadd_ps, _mm512_loadu_ps,
    _mm512_loadu_si512, _mm512_madd_epi16, _mm512_maddubs_epi16, _mm512_max_ps, _mm512_min_ps,
    _mm512_mul_ps, _mm512_or_si512, _mm512_set1_epi32, _mm512_set1_ps, _mm512_shuffle_f32x4,
    _mm512_shuffle_ps, _mm512_slli_epi32, _mm512_storeu_ps, _mm512_storeu_si512, _mm512_sub_ps,
    _mm512_unpackhi_ps, _mm512_unpacklo_ps,
};

use super::integers::GROUP;
use super::{IntegerKernel, Integers, Kernel, LANES, Simd};

#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn run<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Avx512::<false>(()))
}

#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn run_integers<K: IntegerKernel>(kernel: K) -> K::Output {
    kernel.run(Avx512::<false>(()))
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn run_integers_vnni<K: IntegerKernel>(kernel: K) -> K::Output {
    kernel.run(Avx512::<true>(()))
}

/// Made only in the functions above, which have the target features: that is why every block below
/// is sound.
#[derive(Clone, Copy)]
pub(super) struct Avx512<const VNNI: bool>(());

impl<const VNNI: bool> Simd for Avx512<VNNI> {
    type F = __m512;

    /// With 6 rows, 24 of 32 registers hold sums, 4 a row of the panel.
    const TILE_VECTORS: usize = 4;

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        // SAFETY: an `Avx512` proves AVX-512F.
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: an `Avx512` proves AVX-512F.
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: an `Avx512` proves AVX-512F.
        unsafe { _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: an `Avx512` proves AVX-512F.
        unsafe { _mm512_mul_ps(a, b) }
    }

    #[inline(always)]
    fn fma(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: an `Avx512` proves AVX-512F.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: an `Avx512` proves AVX-512F.
        unsafe { _mm512_max_ps(a, b) }
    }

    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: an `Avx512` proves AVX-512F.
        unsafe { _mm512_min_ps(a, b) }
    }

    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: an `Avx512` proves AVX-512F.
        unsafe { _mm512_div_ps(a, b) }
    }

    #[inline(always)]
    fn transpose(self, rows: [__m512; LANES]) -> [__m512; LANES] {
        let mut out = rows;
        // SAFETY: an `Avx512` proves AVX-512F.
        unsafe {
            // Part p of column 4p + c, of four rows at a time, in `fours[c]`.
            let mut fours = [[rows[0]; 4]; 4];
            for i in 0..4 {
                let (a, b, c, d) = (
                    rows[4 * i],
                    rows[4 * i + 1],
                    rows[4 * i + 2],
                    rows[4 * i + 3],
                );
                let ab = [_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b)];
                let cd = [_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d)];
                for half in 0..2 {
                    fours[2 * half][i] = _mm512_shuffle_ps::<0x44>(ab[half], cd[half]);
                    fours[2 * half + 1][i] = _mm512_shuffle_ps::<0xee>(ab[half], cd[half]);
                }
            }
            for (c, [first, second, third, fourth]) in fours.into_iter().enumerate() {
                // Parts 0 and 2, then 1 and 3.
                let even = _mm512_shuffle_f32x4::<0x88>(first, second);
                let even_behind = _mm512_shuffle_f32x4::<0x88>(third, fourth);
                let odd = _mm512_shuffle_f32x4::<0xdd>(first, second);
                let odd_behind = _mm512_shuffle_f32x4::<0xdd>(third, fourth);
                out[c] = _mm512_shuffle_f32x4::<0x88>(even, even_behind);
                out[4 + c] = _mm512_shuffle_f32x4::<0x88>(odd, odd_behind);
                out[8 + c] = _mm512_shuffle_f32x4::<0xdd>(even, even_behind);
                out[12 + c] = _mm512_shuffle_f32x4::<0xdd>(odd, odd_behind);
            }
        }
        out
    }

    #[inline(always)]
    fn exp2(self, a: __m512) -> __m512 {
        // SAFETY: an `Avx512` proves AVX-512F.
        unsafe { _mm512_castsi512_ps(_mm512_slli_epi32::<23>(_mm512_castps_si512(a))) }
    }

    #[inline(always)]
    fn at_least(self, a: __m512, least: f32) -> u16 {
        // SAFETY: an `Avx512` proves AVX-512F.
        unsafe { _mm512_cmp_ps_mask::<_CMP_GE_OQ>(a, _mm512_set1_ps(least)) }
    }

    #[inline(always)]
    fn to_array(self, a: __m512) -> [f32; LANES] {
        let mut array = [0.0; LANES];
        self.store(a, &mut array);
        array
    }

    #[inline(always)]
    unsafe fn load_at(self, from: *const f32) -> __m512 {
        // SAFETY: an `Avx512` proves AVX-512F; the caller vouches for 16 floats, and this load
        // asks for no alignment.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> __m512 {
        // SAFETY: the reference is to as many floats as the load reads.
        unsafe { self.load_at(from.as_ptr()) }
    }

    #[inline(always)]
    fn prefetch(self, line: &[f32; LANES]) {
        // SAFETY: every processor of this family has SSE, and the reference is a valid address.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(line.as_ptr().cast()) };
    }

    #[inline(always)]
    fn store(self, value: __m512, to: &mut [f32; LANES]) {
        // SAFETY: an `Avx512` proves AVX-512F; the reference is to as many floats as the store
        // writes, and it asks for no alignment.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), value) }
    }
}

impl<const VNNI: bool> Integers for Avx512<VNNI> {
    type I = __m512i;

    #[inline(always)]
    fn splat_word(self, word: i32) -> __m512i {
        // SAFETY: an `Avx512` proves AVX-512F.
        unsafe { _mm512_set1_epi32(word) }
    }

    #[inline(always)]
    fn load_words(self, from: &[i32; LANES]) -> __m512i {
        // SAFETY: the reference is to as many words as the load reads.
        unsafe { self.load_words_at(from.as_ptr()) }
    }

    #[inline(always)]
    fn words(self, a: __m512i) -> [i32; LANES] {
        let mut words = [0; LANES];
        // SAFETY: an `Avx512` proves AVX-512F; the array has as many words as the store writes, and
        // it asks for no alignment.
        unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), a) };
        words
    }

    #[inline(always)]
    unsafe fn load_words_at(self, from: *const i32) -> __m512i {
        // SAFETY: an `Avx512` proves AVX-512F; the caller vouches for 16 words, and this load asks
        // for no alignment.
        unsafe { _mm512_loadu_si512(from.cast()) }
    }

    #[inline(always)]
    unsafe fn load_pairs_at(self, from: *const i16) -> __m512i {
        // SAFETY: an `Avx512` that computes with integers proves AVX-512BW; the caller vouches for 16
        // pairs of bytes, and this load asks for no alignment.
        unsafe { _mm512_cvtepi8_epi16(_mm256_loadu_si256(from.cast())) }
    }

    #[inline(always)]
    fn dot_group(self, sum: __m512i, codes: __m512i, weights: __m512i) -> __m512i {
        if VNNI {
            // SAFETY: an `Avx512<true>` proves AVX-512VNNI.
            return unsafe { _mm512_dpbusd_epi32(sum, codes, weights) };
        }
        // SAFETY: an `Avx512` proves AVX-512BW. The sums of the product have 16 bits, and saturate:
        // the trait's bound on pairs of weights keeps them from it.
        let pairs = unsafe { _mm512_maddubs_epi16(codes, weights) };
        self.dot_pairs(sum, pairs, self.splat_word(0x0001_0001))
    }

    #[inline(always)]
    fn dot_pairs(self, sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
        if VNNI {
            // SAFETY: an `Avx512<true>` proves AVX-512VNNI.
            return unsafe { _mm512_dpwssd_epi32(sum, a, b) };
        }
        // SAFETY: an `Avx512` proves AVX-512BW.
        unsafe { _mm512_add_epi32(sum, _mm512_madd_epi16(a, b)) }
    }

    #[inline(always)]
    fn to_float(self, a: __m512i) -> __m512 {
        // SAFETY: an `Avx512` proves AVX-512F.
        unsafe { _mm512_cvtepi32_ps(a) }
    }

    #[inline(always)]
    fn store_codes(self, codes: __m512, to: &mut [i32; LANES / GROUP]) {
        // SAFETY: an `Avx512` proves AVX-512F; the reference is to as many words as the store
        // writes, and it asks for no alignment. The conversion keeps the lowest byte of a lane.
        unsafe {
            let codes = _mm512_cvtepi32_epi8(_mm512_castps_si512(codes));
            _mm_storeu_si128(to.as_mut_ptr().cast(), codes);
        }
    }

    #[inline(always)]
    fn store_groups(self, codes: [__m512; GROUP], to: &mut [i32; LANES]) {
        // SAFETY: an `Avx512` proves AVX-512F; the reference is to as many words as the store writes,
        // and it asks for no alignment.
        unsafe {
            let byte = _mm512_set1_epi32(0xff);
            let [a, b, c, d] = codes.map(|code| _mm512_castps_si512(code));
            let low = _mm512_or_si512(
                _mm512_and_si512(a, byte),
                _mm512_slli_epi32::<8>(_mm512_and_si512(b, byte)),
            );
            let high = _mm512_or_si512(
                _mm512_slli_epi32::<16>(_mm512_and_si512(c, byte)),
                _mm512_slli_epi32::<24>(d),
            );
            _mm512_storeu_si512(to.as_mut_ptr().cast(), _mm512_or_si512(low, high));
        }
    }
}
