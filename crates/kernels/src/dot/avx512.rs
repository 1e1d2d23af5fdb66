#![expect(
    clippy::needless_range_loop,
    reason = "the indices say which query, row and part of the lanes is meant"
)]

use std::arch::x86_64::{
    __m512, _mm_add_ps, _mm_add_ss, _mm_cvtss_f32, _mm_movehl_ps, _mm_shuffle_ps, _mm256_add_ps,
    _mm256_castps256_ps128, _mm256_extractf128_ps, _mm512_add_ps, _mm512_castpd_ps,
    _mm512_castps_pd, _mm512_castps512_ps256, _mm512_fmadd_ps, _mm512_loadu_ps,
    _mm512_mask3_fmadd_ps, _mm512_setzero_ps, _mm512_shuffle_f64x2,
};

use super::{LANES, Rows, Tile, block, padded};

/// Lanes in one register.
const WIDTH: usize = 16;
/// Registers that hold the 64 lanes.
const PARTS: usize = LANES / WIDTH;

#[target_feature(enable = "avx512f")]
pub(super) fn dot_block(queries: &[f32], rows: impl Rows, dim: usize, out: &mut [f32]) {
    block(Avx512(()), queries, rows, dim, out);
}

/// Made only in functions that have the target feature.
#[derive(Clone, Copy)]
struct Avx512(());

impl Tile for Avx512 {
    #[inline(always)]
    #[expect(unsafe_code, reason = "a function with target features is called")]
    fn tile<const Q: usize, const R: usize>(
        self,
        queries: [&[f32]; Q],
        rows: [&[f32]; R],
    ) -> [[f32; R]; Q] {
        // SAFETY: an `Avx512` is made only in `dot_block`, which has AVX-512F.
        unsafe { tile(queries, rows) }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn tile<const Q: usize, const R: usize>(queries: [&[f32]; Q], rows: [&[f32]; R]) -> [[f32; R]; Q] {
    let mut lanes = [[[_mm512_setzero_ps(); PARTS]; R]; Q];
    let mut query_chunks: [&[[f32; LANES]]; Q] = [&[]; Q];
    let mut row_chunks: [&[[f32; LANES]]; R] = [&[]; R];
    let mut query_tails: [&[f32]; Q] = [&[]; Q];
    let mut row_tails: [&[f32]; R] = [&[]; R];
    for q in 0..Q {
        (query_chunks[q], query_tails[q]) = queries[q].as_chunks();
    }
    for r in 0..R {
        (row_chunks[r], row_tails[r]) = rows[r].as_chunks();
    }

    for i in 0..row_chunks[0].len() {
        for part in 0..PARTS {
            let mut row_parts = [_mm512_setzero_ps(); R];
            for r in 0..R {
                row_parts[r] = load(&row_chunks[r][i], part);
            }
            for q in 0..Q {
                let query_part = load(&query_chunks[q][i], part);
                for r in 0..R {
                    lanes[q][r][part] =
                        _mm512_fmadd_ps(query_part, row_parts[r], lanes[q][r][part]);
                }
            }
        }
    }

    let tail = row_tails[0].len();
    if tail > 0 {
        let row_tails = row_tails.map(padded);
        for q in 0..Q {
            let query_tail = padded(query_tails[q]);
            for r in 0..R {
                for part in 0..tail.div_ceil(WIDTH) {
                    let live = (tail - part * WIDTH).min(WIDTH);
                    // Bit i is set for the lanes that the tail reaches.
                    let mask = u16::MAX >> (WIDTH - live);
                    let (a, b) = (load(&query_tail, part), load(&row_tails[r], part));
                    lanes[q][r][part] = _mm512_mask3_fmadd_ps(a, b, lanes[q][r][part], mask);
                }
            }
        }
    }

    let mut sums = [[0.0; R]; Q];
    for q in 0..Q {
        for r in 0..R {
            sums[q][r] = sum(lanes[q][r]);
        }
    }
    sums
}

/// The tree of additions over the 64 lanes.
#[inline]
#[target_feature(enable = "avx512f")]
fn sum([a, b, c, d]: [__m512; PARTS]) -> f32 {
    let lanes16 = _mm512_add_ps(_mm512_add_ps(a, c), _mm512_add_ps(b, d));
    let bits = _mm512_castps_pd(lanes16);
    let upper = _mm512_castpd_ps(_mm512_shuffle_f64x2::<0b1110>(bits, bits));
    let lanes8 = _mm256_add_ps(
        _mm512_castps512_ps256(lanes16),
        _mm512_castps512_ps256(upper),
    );
    let lanes4 = _mm_add_ps(
        _mm256_castps256_ps128(lanes8),
        _mm256_extractf128_ps::<1>(lanes8),
    );
    let lanes2 = _mm_add_ps(lanes4, _mm_movehl_ps(lanes4, lanes4));
    _mm_cvtss_f32(_mm_add_ss(lanes2, _mm_shuffle_ps::<1>(lanes2, lanes2)))
}

#[inline]
#[target_feature(enable = "avx512f")]
#[expect(unsafe_code, reason = "a load takes a pointer")]
fn load(lanes: &[f32; LANES], part: usize) -> __m512 {
    let part: &[f32; WIDTH] = &lanes.as_chunks().0[part];
    // SAFETY: the reference is to as many floats as the load reads; no alignment is asked for.
    unsafe { _mm512_loadu_ps(part.as_ptr()) }
}
