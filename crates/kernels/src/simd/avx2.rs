#![expect(
    unsafe_code,
    reason = "intrinsics are called from functions without target features"
)]

use std::arch::x86_64::{
    __m256, __m256i, _CMP_GE_OQ, _CMP_LT_OQ, _MM_HINT_T1, _mm_add_ps, _mm_add_ss, _mm_cvtss_f32,
    _mm_loadu_si128, _mm_movehl_ps, _mm_packus_epi16, _mm_prefetch, _mm_shuffle_ps,
    _mm_storeu_si128, _mm256_add_epi32, _mm256_add_ps, _mm256_and_si256, _mm256_blendv_ps,
    _mm256_castps_si256, _mm256_castps256_ps128, _mm256_castsi256_ps, _mm256_castsi256_si128,
    _mm256_cmp_ps, _mm256_cvtepi8_epi16, _mm256_cvtepi32_ps, _mm256_div_ps, _mm256_extractf128_ps,
    _mm256_extracti128_si256, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_loadu_si256,
    _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_max_ps, _mm256_min_ps, _mm256_movemask_ps,
    _mm256_mul_ps, _mm256_or_si256, _mm256_packus_epi32, _mm256_permute2f128_ps,
    _mm256_permute4x64_epi64, _mm256_set1_epi32, _mm256_set1_ps, _mm256_shuffle_ps,
    _mm256_slli_epi32, _mm256_storeu_ps, _mm256_storeu_si256, _mm256_sub_ps, _mm256_unpackhi_ps,
    _mm256_unpacklo_ps,
};

use super::float::{LANES, Simd};
use super::integers::{GROUP, Integers};
use super::kernel::{InstructionSet, Kernel};

/// The number of lanes of one register.
const HALF: usize = LANES / 2;

/// AVX2 and FMA. Only [`detect`](InstructionSet::detect) makes a value: that is why every `unsafe`
/// block below is sound.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Avx2(());

impl InstructionSet for Avx2 {
    const NAME: &'static str = "avx2";

    fn detect() -> Option<Self> {
        let detected = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        detected.then_some(Self(()))
    }

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> K::Output {
        // SAFETY: an `Avx2` proves AVX2 and FMA.
        unsafe { run(self, kernel) }
    }
}

#[target_feature(enable = "avx2,fma")]
fn run<K: Kernel>(avx2: Avx2, kernel: K) -> K::Output {
    kernel.run(avx2)
}

/// A vector: lanes 0 to 7, then 8 to 15.
type Pair = [__m256; 2];

impl Avx2 {
    /// Transposes 8 registers: lane `l` of row `r` becomes lane `r` of row `l`.
    #[inline(always)]
    fn transpose_half(self, rows: [__m256; HALF]) -> [__m256; HALF] {
        let mut out = rows;
        // SAFETY: an `Avx2` proves AVX2.
        unsafe {
            // `fours[c][i]` holds columns c and 4 + c of rows 4i to 4i + 3, four lanes each.
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

    /// In a tile of 6 rows, 12 of the 16 registers hold sums and 2 hold a row of the panel.
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
    fn fma_first(self, a: Pair, b: Pair, c: Pair, lanes: usize) -> Pair {
        const INDICES: [f32; LANES] = [
            0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0,
        ];
        let indices = self.load(&INDICES);
        let sum = self.fma(a, b, c);
        let mut kept = c;
        for half in 0..2 {
            #[expect(clippy::cast_precision_loss, reason = "there are at most 16 lanes")]
            // SAFETY: an `Avx2` proves AVX2.
            unsafe {
                let lanes = _mm256_set1_ps(lanes as f32);
                let chosen = _mm256_cmp_ps::<_CMP_LT_OQ>(indices[half], lanes);
                kept[half] = _mm256_blendv_ps(c[half], sum[half], chosen);
            }
        }
        kept
    }

    #[inline(always)]
    fn fma_pairs<const A: usize, const B: usize>(
        self,
        a: [&[f32; LANES]; A],
        b: [&[f32; LANES]; B],
        sums: &mut [[Pair; B]; A],
    ) {
        // One half after the other, because the registers do not hold all sums of a tile of dot
        // products and both halves of `b`.
        for half in 0..2 {
            // SAFETY: an `Avx2` proves AVX2 and FMA; half a vector is 8 floats, all that a load reads,
            // and these loads need no alignment.
            unsafe {
                let mut b_halves = [_mm256_set1_ps(0.0); B];
                for (register, b) in b_halves.iter_mut().zip(b) {
                    *register = _mm256_loadu_ps(b.as_ptr().add(half * HALF));
                }
                for (a, sums) in a.into_iter().zip(sums.iter_mut()) {
                    let a = _mm256_loadu_ps(a.as_ptr().add(half * HALF));
                    for (sum, b) in sums.iter_mut().zip(b_halves) {
                        sum[half] = _mm256_fmadd_ps(a, b, sum[half]);
                    }
                }
            }
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
        // Not `map`, because a closure would be compiled without the target features.
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
        reason = "at most the lowest 8 bits of each half are set"
    )]
    fn at_least(self, a: Pair, threshold: f32) -> u16 {
        // SAFETY: an `Avx2` proves AVX2.
        unsafe {
            let threshold = _mm256_set1_ps(threshold);
            let [low, high] =
                a.map(|a| _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GE_OQ>(a, threshold)));
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
    fn reduce_sum(self, a: Pair) -> f32 {
        // SAFETY: an `Avx2` proves AVX2.
        unsafe {
            let lanes8 = _mm256_add_ps(a[0], a[1]);
            let lanes4 = _mm_add_ps(
                _mm256_castps256_ps128(lanes8),
                _mm256_extractf128_ps::<1>(lanes8),
            );
            let lanes2 = _mm_add_ps(lanes4, _mm_movehl_ps(lanes4, lanes4));
            _mm_cvtss_f32(_mm_add_ss(lanes2, _mm_shuffle_ps::<1>(lanes2, lanes2)))
        }
    }

    #[inline(always)]
    unsafe fn load_at(self, from: *const f32) -> Pair {
        // SAFETY: an `Avx2` proves AVX2; the caller guarantees 16 floats, and these loads need
        // no alignment.
        unsafe { [_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(HALF))] }
    }

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Pair {
        // SAFETY: the reference covers all floats that the load reads.
        unsafe { self.load_at(from.as_ptr()) }
    }

    #[inline(always)]
    fn prefetch(self, line: &[f32; LANES]) {
        // SAFETY: every x86-64 processor has SSE, and the reference is a valid address.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(line.as_ptr().cast()) };
    }

    #[inline(always)]
    fn store(self, value: Pair, to: &mut [f32; LANES]) {
        // SAFETY: an `Avx2` proves AVX2; the reference covers 16 floats, and these stores need
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
        // SAFETY: the reference covers all words that the load reads.
        unsafe { self.load_words_at(from.as_ptr()) }
    }

    #[inline(always)]
    fn to_words(self, a: Self::I) -> [i32; LANES] {
        let mut words = [0; LANES];
        // SAFETY: an `Avx2` proves AVX2; the array has all words that the stores write, and they
        // need no alignment.
        unsafe {
            _mm256_storeu_si256(words.as_mut_ptr().cast(), a[0]);
            _mm256_storeu_si256(words.as_mut_ptr().add(HALF).cast(), a[1]);
        }
        words
    }

    #[inline(always)]
    unsafe fn load_words_at(self, from: *const i32) -> Self::I {
        // SAFETY: an `Avx2` proves AVX2; the caller guarantees 16 words, and these loads need
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
        // SAFETY: an `Avx2` proves AVX2; the caller guarantees 16 pairs of bytes, and these loads
        // need no alignment.
        unsafe {
            [
                _mm256_cvtepi8_epi16(_mm_loadu_si128(from.cast())),
                _mm256_cvtepi8_epi16(_mm_loadu_si128(from.add(HALF).cast())),
            ]
        }
    }

    #[inline(always)]
    fn dot_group(self, sum: Self::I, codes: Self::I, weights: Self::I) -> Self::I {
        // SAFETY: an `Avx2` proves AVX2. The sums of the first product saturate at 16 bits, which
        // the trait's bound on pairs of weights excludes.
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
        // SAFETY: an `Avx2` proves AVX2; the reference covers all words that the store writes, and
        // it needs no alignment.
        unsafe {
            let byte = _mm256_set1_epi32(0xff);
            let low = _mm256_and_si256(_mm256_castps_si256(codes[0]), byte);
            let high = _mm256_and_si256(_mm256_castps_si256(codes[1]), byte);
            // The instruction packs halves of registers, in the order of lanes 0–3, 8–11, 4–7, 12–15.
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
            // SAFETY: an `Avx2` proves AVX2; the reference covers all words that the store writes,
            // and it needs no alignment.
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
