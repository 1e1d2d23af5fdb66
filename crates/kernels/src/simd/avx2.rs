#![expect(
    unsafe_code,
    reason = "instructions are called from functions without target features"
)]

use std::arch::x86_64::{
    __m256, __m256i, _CMP_GE_OQ, _MM_HINT_T1, _mm_loadu_si128, _mm_packus_epi16, _mm_prefetch,
    _mm_storeu_si128, _mm256_add_epi32, _mm256_add_ps, _mm256_and_si256, _mm256_castps_si256,
    _mm256_castsi256_ps, _mm256_castsi256_si128, _mm256_cmp_ps, _mm256_cvtepi8_epi16,
    _mm256_cvtepi32_ps, _mm256_div_ps, _mm256_extracti128_si256, _mm256_fmadd_ps, _mm256_loadu_ps,
    _mm256_loadu_si256, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_max_ps, _mm256_min_ps,
    _mm256_movemask_ps, _mm256_mul_ps, _mm256_or_si256, _mm256_packus_epi32,
    _mm256_permute2f128_ps, _mm256_permute4x64_epi64, _mm256_set1_epi32, _mm256_set1_ps,
    _mm256_shuffle_ps, _mm256_slli_epi32, _mm256_storeu_ps, _mm256_storeu_si256, _mm256_sub_ps,
    _mm256_unpackhi_ps, _mm256_unpacklo_ps,
};

use super::integers::GROUP;
use super::{IntegerKernel, Integers, Kernel, LANES, Simd};

/// Lanes of one register.
const HALF: usize = LANES / 2;

#[target_feature(enable = "avx2,fma")]
pub(super) fn run<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Avx2(()))
}

#[target_feature(enable = "avx2,fma")]
pub(super) fn run_integers<K: IntegerKernel>(kernel: K) -> K::Output {
    kernel.run(Avx2(()))
}

/// Made only in [`run`] and [`run_integers`], which have the target features: that is why every
/// block below is sound.
#[derive(Clone, Copy)]
pub(super) struct Avx2(());

/// Lanes 0 to 7, then 8 to 15.
type Pair = [__m256; 2];

impl Avx2 {
    /// Lane `l` of row `r` becomes lane `r` of row `l`.
    #[inline(always)]
    fn transpose_half(self, rows: [__m256; HALF]) -> [__m256; HALF] {
        let mut out = rows;
        // SAFETY: an `Avx2` proves AVX2.
        unsafe {
            // Part p of column 4p + c, of four rows at a time, in `fours[c]`.
            let mut fours = [[rows[0]; 2]; 4];
            for i in 0..2 {
                let [a, b, c, d] = [
                    rows[4 * i],
                    rows[4 * i + 1],
                    rows[4 * i + 2],
                    rows[4 * i + 3],
                ];
                let ab = [_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b)];
                let cd = [_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d)];
                for half in 0..2 {
                    fours[2 * half][i] = _mm256_shuffle_ps::<0x44>(ab[half], cd[half]);
                    fours[2 * half + 1][i] = _mm256_shuffle_ps::<0xee>(ab[half], cd[half]);
                }
            }
            for (c, [low, high]) in fours.into_iter().enumerate() {
                out[c] = _mm256_permute2f128_ps::<0x20>(low, high);
                out[4 + c] = _mm256_permute2f128_ps::<0x31>(low, high);
            }
        }
        out
    }
}

impl Simd for Avx2 {
    type F = Pair;

    /// With 6 rows, 12 of 16 registers hold sums, 2 a row of the panel.
    const TILE_VECTORS: usize = 1;

    #[inline(always)]
    fn splat(self, value: f32) -> Pair {
        // SAFETY: an `Avx2` proves AVX2.
        unsafe { [_mm256_set1_ps(value); 2] }
    }

    #[inline(always)]
    fn add(self, a: Pair, b: Pair) -> Pair {
        // SAFETY: an `Avx2` proves AVX2.
        unsafe { [_mm256_add_ps(a[0], b[0]), _mm256_add_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn sub(self, a: Pair, b: Pair) -> Pair {
        // SAFETY: an `Avx2` proves AVX2.
        unsafe { [_mm256_sub_ps(a[0], b[0]), _mm256_sub_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn mul(self, a: Pair, b: Pair) -> Pair {
        // SAFETY: an `Avx2` proves AVX2.
        unsafe { [_mm256_mul_ps(a[0], b[0]), _mm256_mul_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn fma(self, a: Pair, b: Pair, c: Pair) -> Pair {
        // SAFETY: an `Avx2` proves AVX2 and FMA.
        unsafe {
            [
                _mm256_fmadd_ps(a[0], b[0], c[0]),
                _mm256_fmadd_ps(a[1], b[1], c[1]),
            ]
        }
    }

    #[inline(always)]
    fn max(self, a: Pair, b: Pair) -> Pair {
        // SAFETY: an `Avx2` proves AVX2.
        unsafe { [_mm256_max_ps(a[0], b[0]), _mm256_max_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn min(self, a: Pair, b: Pair) -> Pair {
        // SAFETY: an `Avx2` proves AVX2.
        unsafe { [_mm256_min_ps(a[0], b[0]), _mm256_min_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn div(self, a: Pair, b: Pair) -> Pair {
        // SAFETY: an `Avx2` proves AVX2.
        unsafe { [_mm256_div_ps(a[0], b[0]), _mm256_div_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn transpose(self, rows: [Pair; LANES]) -> [Pair; LANES] {
        let mut out = rows;
        for from in 0..2 {
            for to in 0..2 {
                let mut block = [rows[0][0]; HALF];
                for (r, block) in block.iter_mut().enumerate() {
                    *block = rows[HALF * to + r][from];
                }
                for (r, row) in self.transpose_half(block).into_iter().enumerate() {
                    out[HALF * from + r][to] = row;
                }
            }
        }
        out
    }

    #[inline(always)]
    fn exp2(self, a: Pair) -> Pair {
        // A closure would be compiled without the target features.
        let mut power = a;
        for half in &mut power {
            // SAFETY: an `Avx2` proves AVX2.
            *half =
                unsafe { _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_castps_si256(*half))) };
        }
        power
    }

    #[inline(always)]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "8 bits are set at most"
    )]
    fn at_least(self, a: Pair, least: f32) -> u16 {
        // SAFETY: an `Avx2` proves AVX2.
        unsafe {
            let least = _mm256_set1_ps(least);
            let [low, high] = a.map(|a| _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GE_OQ>(a, least)));
            (low | high << HALF) as u16
        }
    }

    #[inline(always)]
    fn to_array(self, a: Pair) -> [f32; LANES] {
        let mut array = [0.0; LANES];
        self.store(a, &mut array);
        array
    }

    #[inline(always)]
    unsafe fn load_at(self, from: *const f32) -> Pair {
        // SAFETY: an `Avx2` proves AVX2; the caller vouches for 16 floats, and these loads ask for
        // no alignment.
        unsafe { [_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(HALF))] }
    }

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Pair {
        // SAFETY: the reference is to as many floats as the load reads.
        unsafe { self.load_at(from.as_ptr()) }
    }

    #[inline(always)]
    fn prefetch(self, line: &[f32; LANES]) {
        // SAFETY: every processor of this family has SSE, and the reference is a valid address.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(line.as_ptr().cast()) };
    }

    #[inline(always)]
    fn store(self, value: Pair, to: &mut [f32; LANES]) {
        // SAFETY: an `Avx2` proves AVX2; the reference is to 16 floats, and these stores ask for
        // no alignment.
        unsafe {
            _mm256_storeu_ps(to.as_mut_ptr(), value[0]);
            _mm256_storeu_ps(to.as_mut_ptr().add(HALF), value[1]);
        }
    }
}

impl Integers for Avx2 {
    type I = [__m256i; 2];

    #[inline(always)]
    fn splat_word(self, word: i32) -> Self::I {
        // SAFETY: an `Avx2` proves AVX2.
        unsafe { [_mm256_set1_epi32(word); 2] }
    }

    #[inline(always)]
    fn load_words(self, from: &[i32; LANES]) -> Self::I {
        // SAFETY: the reference is to as many words as the load reads.
        unsafe { self.load_words_at(from.as_ptr()) }
    }

    #[inline(always)]
    fn words(self, a: Self::I) -> [i32; LANES] {
        let mut words = [0; LANES];
        // SAFETY: an `Avx2` proves AVX2; the array has as many words as the stores write, and they
        // ask for no alignment.
        unsafe {
            _mm256_storeu_si256(words.as_mut_ptr().cast(), a[0]);
            _mm256_storeu_si256(words.as_mut_ptr().add(HALF).cast(), a[1]);
        }
        words
    }

    #[inline(always)]
    unsafe fn load_words_at(self, from: *const i32) -> Self::I {
        // SAFETY: an `Avx2` proves AVX2; the caller vouches for 16 words, and these loads ask for
        // no alignment.
        unsafe {
            [
                _mm256_loadu_si256(from.cast()),
                _mm256_loadu_si256(from.add(HALF).cast()),
            ]
        }
    }

    #[inline(always)]
    unsafe fn load_pairs_at(self, from: *const i16) -> Self::I {
        // SAFETY: an `Avx2` proves AVX2; the caller vouches for 16 pairs of bytes, and these loads
        // ask for no alignment.
        unsafe {
            [
                _mm256_cvtepi8_epi16(_mm_loadu_si128(from.cast())),
                _mm256_cvtepi8_epi16(_mm_loadu_si128(from.add(HALF).cast())),
            ]
        }
    }

    #[inline(always)]
    fn dot_group(self, sum: Self::I, codes: Self::I, weights: Self::I) -> Self::I {
        // SAFETY: an `Avx2` proves AVX2. The sums of the first product have 16 bits, and saturate: the
        // trait's bound on pairs of weights keeps them from it.
        let pairs = unsafe {
            [
                _mm256_maddubs_epi16(codes[0], weights[0]),
                _mm256_maddubs_epi16(codes[1], weights[1]),
            ]
        };
        self.dot_pairs(sum, pairs, self.splat_word(0x0001_0001))
    }

    #[inline(always)]
    fn dot_pairs(self, sum: Self::I, a: Self::I, b: Self::I) -> Self::I {
        // SAFETY: an `Avx2` proves AVX2.
        unsafe {
            [
                _mm256_add_epi32(sum[0], _mm256_madd_epi16(a[0], b[0])),
                _mm256_add_epi32(sum[1], _mm256_madd_epi16(a[1], b[1])),
            ]
        }
    }

    #[inline(always)]
    fn to_float(self, a: Self::I) -> Pair {
        // SAFETY: an `Avx2` proves AVX2.
        unsafe { [_mm256_cvtepi32_ps(a[0]), _mm256_cvtepi32_ps(a[1])] }
    }

    #[inline(always)]
    fn store_codes(self, codes: Pair, to: &mut [i32; LANES / GROUP]) {
        // SAFETY: an `Avx2` proves AVX2; the reference is to as many words as the store writes, and
        // it asks for no alignment.
        unsafe {
            let byte = _mm256_set1_epi32(0xff);
            let low = _mm256_and_si256(_mm256_castps_si256(codes[0]), byte);
            let high = _mm256_and_si256(_mm256_castps_si256(codes[1]), byte);
            // Packing goes by halves of a register: lanes 0–3, 8–11, 4–7, 12–15.
            let words = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packus_epi32(low, high));
            let bytes = _mm_packus_epi16(
                _mm256_castsi256_si128(words),
                _mm256_extracti128_si256::<1>(words),
            );
            _mm_storeu_si128(to.as_mut_ptr().cast(), bytes);
        }
    }

    #[inline(always)]
    fn store_groups(self, codes: [Pair; GROUP], to: &mut [i32; LANES]) {
        let (to, _) = to.as_chunks_mut::<HALF>();
        for (half, to) in to.iter_mut().enumerate() {
            // SAFETY: an `Avx2` proves AVX2; the reference is to as many words as the store writes,
            // and it asks for no alignment.
            unsafe {
                let byte = _mm256_set1_epi32(0xff);
                let [a, b, c, d] = codes.map(|code| _mm256_castps_si256(code[half]));
                let low = _mm256_or_si256(
                    _mm256_and_si256(a, byte),
                    _mm256_slli_epi32::<8>(_mm256_and_si256(b, byte)),
                );
                let high = _mm256_or_si256(
                    _mm256_slli_epi32::<16>(_mm256_and_si256(c, byte)),
                    _mm256_slli_epi32::<24>(d),
                );
                _mm256_storeu_si256(to.as_mut_ptr().cast(), _mm256_or_si256(low, high));
            }
        }
    }
}
