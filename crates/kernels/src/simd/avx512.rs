#![expect(
    unsafe_code,
    reason = "intrinsics are called from functions without target features"
)]

use std::arch::x86_64::{
    __m512, __m512i, _CMP_GE_OQ, _MM_HINT_T1, _mm_add_ps, _mm_add_ss, _mm_cvtss_f32, _mm_movehl_ps,
    _mm_prefetch, _mm_shuffle_ps, _mm_storeu_si128, _mm256_add_ps, _mm256_castps256_ps128,
    _mm256_extractf128_ps, _mm256_loadu_si256, _mm512_add_epi32, _mm512_add_ps, _mm512_and_si512,
    _mm512_castpd_ps, _mm512_castps_pd, _mm512_castps_si512, _mm512_castps512_ps256,
    _mm512_castsi512_ps, _mm512_cmp_ps_mask, _mm512_cvtepi8_epi16, _mm512_cvtepi32_epi8,
    _mm512_cvtepi32_ps, _mm512_div_ps, _mm512_dpbusd_epi32, _mm512_dpwssd_epi32, _mm512_fmadd_ps,
    _mm512_loadu_ps, _mm512_loadu_si512, _mm512_madd_epi16, _mm512_maddubs_epi16,
    _mm512_mask3_fmadd_ps, _mm512_max_ps, _mm512_min_ps, _mm512_mul_ps, _mm512_or_si512,
    _mm512_set1_epi32, _mm512_set1_ps, _mm512_shuffle_f32x4, _mm512_shuffle_f64x2,
    _mm512_shuffle_ps, _mm512_slli_epi32, _mm512_storeu_ps, _mm512_storeu_si512, _mm512_sub_ps,
    _mm512_unpackhi_ps, _mm512_unpacklo_ps,
};

use super::float::{LANES, Simd};
use super::integers::{GROUP, Integers};
use super::kernel::{InstructionSet, Kernel};

/// AVX-512F and BW; with `VNNI` also VL and VNNI. Only [`detect`](InstructionSet::detect) makes a
/// value: that is why every `unsafe` block below is sound.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Avx512<const VNNI: bool>(());

impl InstructionSet for Avx512<false> {
    const NAME: &'static str = "avx512";

    fn detect() -> Option<Self> {
        let detected = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
        detected.then_some(Self(()))
    }

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> K::Output {
        // SAFETY: an `Avx512` proves AVX-512F and BW.
        unsafe { run(self, kernel) }
    }
}

impl InstructionSet for Avx512<true> {
    const NAME: &'static str = "avx512vnni";

    fn detect() -> Option<Self> {
        Avx512::<false>::detect()?;
        let detected =
            is_x86_feature_detected!("avx512vl") && is_x86_feature_detected!("avx512vnni");
        detected.then_some(Self(()))
    }

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> K::Output {
        // SAFETY: an `Avx512<true>` proves AVX-512F, BW, VL and VNNI.
        unsafe { run_vnni(self, kernel) }
    }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn run<K: Kernel>(avx512: Avx512<false>, kernel: K) -> K::Output {
    kernel.run(avx512)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn run_vnni<K: Kernel>(avx512: Avx512<true>, kernel: K) -> K::Output {
    kernel.run(avx512)
}

impl<const VNNI: bool> Simd for Avx512<VNNI> {
    type F = __m512;

    /// In a tile of 6 rows, 24 of the 32 registers hold sums and 4 hold a row of the panel.
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
    fn fma_first(self, a: __m512, b: __m512, c: __m512, lanes: usize) -> __m512 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "there are at most 16 lanes"
        )]
        let mask = ((1u32 << lanes) - 1) as u16;
        // SAFETY: an `Avx512` proves AVX-512F.
        unsafe { _mm512_mask3_fmadd_ps(a, b, c, mask) }
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
            // `fours[c][i]` holds columns c, 4 + c, 8 + c and 12 + c of rows 4i to 4i + 3, four lanes
            // each.
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
                // Columns c and 8 + c, then 4 + c and 12 + c; rows 0 to 7, then 8 to 15.
                let even_low = _mm512_shuffle_f32x4::<0x88>(first, second);
                let even_high = _mm512_shuffle_f32x4::<0x88>(third, fourth);
                let odd_low = _mm512_shuffle_f32x4::<0xdd>(first, second);
                let odd_high = _mm512_shuffle_f32x4::<0xdd>(third, fourth);
                out[c] = _mm512_shuffle_f32x4::<0x88>(even_low, even_high);
                out[4 + c] = _mm512_shuffle_f32x4::<0x88>(odd_low, odd_high);
                out[8 + c] = _mm512_shuffle_f32x4::<0xdd>(even_low, even_high);
                out[12 + c] = _mm512_shuffle_f32x4::<0xdd>(odd_low, odd_high);
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
    fn at_least(self, a: __m512, threshold: f32) -> u16 {
        // SAFETY: an `Avx512` proves AVX-512F.
        unsafe { _mm512_cmp_ps_mask::<_CMP_GE_OQ>(a, _mm512_set1_ps(threshold)) }
    }

    #[inline(always)]
    fn to_array(self, a: __m512) -> [f32; LANES] {
        let mut array = [0.0; LANES];
        self.store(a, &mut array);
        array
    }

    #[inline(always)]
    fn reduce_sum(self, a: __m512) -> f32 {
        // SAFETY: an `Avx512` proves AVX-512F.
        unsafe {
            let bits = _mm512_castps_pd(a);
            let upper = _mm512_castpd_ps(_mm512_shuffle_f64x2::<0b1110>(bits, bits));
            let lanes8 = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_castps512_ps256(upper));
            let lanes4 = _mm_add_ps(
                _mm256_castps256_ps128(lanes8),
                _mm256_extractf128_ps::<1>(lanes8),
            );
            let lanes2 = _mm_add_ps(lanes4, _mm_movehl_ps(lanes4, lanes4));
            _mm_cvtss_f32(_mm_add_ss(lanes2, _mm_shuffle_ps::<1>(lanes2, lanes2)))
        }
    }

    #[inline(always)]
    unsafe fn load_at(self, from: *const f32) -> __m512 {
        // SAFETY: an `Avx512` proves AVX-512F; the caller guarantees 16 floats, and this load
        // needs no alignment.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> __m512 {
        // SAFETY: the reference covers all floats that the load reads.
        unsafe { self.load_at(from.as_ptr()) }
    }

    #[inline(always)]
    fn prefetch(self, line: &[f32; LANES]) {
        // SAFETY: every x86-64 processor has SSE, and the reference is a valid address.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(line.as_ptr().cast()) };
    }

    #[inline(always)]
    fn store(self, value: __m512, to: &mut [f32; LANES]) {
        // SAFETY: an `Avx512` proves AVX-512F; the reference covers all floats that the store
        // writes, and it needs no alignment.
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
        // SAFETY: the reference covers all words that the load reads.
        unsafe { self.load_words_at(from.as_ptr()) }
    }

    #[inline(always)]
    fn to_words(self, a: __m512i) -> [i32; LANES] {
        let mut words = [0; LANES];
        // SAFETY: an `Avx512` proves AVX-512F; the array has all words that the store writes, and
        // it needs no alignment.
        unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), a) };
        words
    }

    #[inline(always)]
    unsafe fn load_words_at(self, from: *const i32) -> __m512i {
        // SAFETY: an `Avx512` proves AVX-512F; the caller guarantees 16 words, and this load needs
        // no alignment.
        unsafe { _mm512_loadu_si512(from.cast()) }
    }

    #[inline(always)]
    unsafe fn load_pairs_at(self, from: *const i16) -> __m512i {
        // SAFETY: an `Avx512` proves AVX-512BW; the caller guarantees 16
        // pairs of bytes, and this load needs no alignment.
        unsafe { _mm512_cvtepi8_epi16(_mm256_loadu_si256(from.cast())) }
    }

    #[inline(always)]
    fn dot_group(self, sum: __m512i, codes: __m512i, weights: __m512i) -> __m512i {
        if VNNI {
            // SAFETY: an `Avx512<true>` proves AVX-512VNNI.
            return unsafe { _mm512_dpbusd_epi32(sum, codes, weights) };
        }
        // SAFETY: an `Avx512` proves AVX-512BW. The sums of the product saturate at 16 bits,
        // which the trait's bound on pairs of weights excludes.
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
        // SAFETY: an `Avx512` proves AVX-512F; the reference covers all words that the store
        // writes, and it needs no alignment. The conversion keeps the lowest byte of a lane.
        unsafe {
            let codes = _mm512_cvtepi32_epi8(_mm512_castps_si512(codes));
            _mm_storeu_si128(to.as_mut_ptr().cast(), codes);
        }
    }

    #[inline(always)]
    fn store_groups(self, codes: [__m512; GROUP], to: &mut [i32; LANES]) {
        // SAFETY: an `Avx512` proves AVX-512F; the reference covers all words that the store writes,
        // and it needs no alignment.
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
