#![expect(
    clippy::needless_range_loop,
    reason = "the indices say which query, row and part of the lanes is meant"
)]

use std::arch::x86_64::{
    __m256, _mm_add_ps, _mm_add_ss, _mm_cvtss_f32, _mm_movehl_ps, _mm_shuffle_ps, _mm256_add_ps,
    _mm256_blendv_ps, _mm256_castps256_ps128, _mm256_extractf128_ps, _mm256_fmadd_ps,
    _mm256_loadu_ps, _mm256_setzero_ps,
};

use super::{LANES, Rows, Tile, block, padded};

/// Lanes in one register.
const WIDTH: usize = 8;
/// Registers that would hold the 64 lanes.
const PARTS: usize = LANES / WIDTH;
/// Registers of one pass. A tile of 3 × 2 dot products has too many lanes for 16 registers, so the
/// slices are passed over four times, each time for 16 of the 64 lanes: one line of the cache.
const PASS: usize = 2;

#[target_feature(enable = "avx2,fma")]
pub(super) fn dot_block(queries: &[f32], rows: impl Rows, dim: usize, out: &mut [f32]) {
    block(Avx2(()), queries, rows, dim, out);
}

/// Made only in functions that have the target features.
#[derive(Clone, Copy)]
struct Avx2(());

impl Tile for Avx2 {
    #[inline(always)]
    #[expect(unsafe_code, reason = "a function with target features is called")]
    fn tile<const Q: usize, const R: usize>(
        self,
        queries: [&[f32]; Q],
        rows: [&[f32]; R],
    ) -> [[f32; R]; Q] {
        // SAFETY: an `Avx2` is made only in `dot_block`, which has AVX2 and FMA.
        unsafe { tile(queries, rows) }
    }
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn tile<const Q: usize, const R: usize>(queries: [&[f32]; Q], rows: [&[f32]; R]) -> [[f32; R]; Q] {
    let mut lanes = [[[_mm256_setzero_ps(); PARTS]; R]; Q];
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

    for pass in 0..PARTS / PASS {
        let mut sums = [[[_mm256_setzero_ps(); PASS]; R]; Q];
        for i in 0..row_chunks[0].len() {
            for p in 0..PASS {
                let part = pass * PASS + p;
                let mut row_parts = [_mm256_setzero_ps(); R];
                for r in 0..R {
                    row_parts[r] = load(&row_chunks[r][i], part);
                }
                for q in 0..Q {
                    let query_part = load(&query_chunks[q][i], part);
                    for r in 0..R {
                        sums[q][r][p] = _mm256_fmadd_ps(query_part, row_parts[r], sums[q][r][p]);
                    }
                }
            }
        }
        for q in 0..Q {
            for r in 0..R {
                lanes[q][r][pass * PASS..][..PASS].copy_from_slice(&sums[q][r]);
            }
        }
    }

    let tail = row_tails[0].len();
    if tail > 0 {
        let row_tails = row_tails.map(padded);
        // The sign bit of a lane says whether the tail reaches it.
        let mut reached = [0.0; LANES];
        reached[..tail].fill(-0.0);
        for q in 0..Q {
            let query_tail = padded(query_tails[q]);
            for r in 0..R {
                for part in 0..tail.div_ceil(WIDTH) {
                    let (a, b) = (load(&query_tail, part), load(&row_tails[r], part));
                    let old = lanes[q][r][part];
                    let new = _mm256_fmadd_ps(a, b, old);
                    lanes[q][r][part] = _mm256_blendv_ps(old, new, load(&reached, part));
                }
            }
        }
    }

    let mut sums = [[0.0; R]; Q];
    for q in 0..Q {
        for r in 0..R {
            sums[q][r] = sum(&lanes[q][r]);
        }
    }
    sums
}

/// The tree of additions over the 64 lanes.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn sum(lanes: &[__m256; PARTS]) -> f32 {
    let mut half = *lanes;
    for parts in [4, 2, 1] {
        for part in 0..parts {
            half[part] = _mm256_add_ps(half[part], half[part + parts]);
        }
    }
    let lanes8 = half[0];
    let lanes4 = _mm_add_ps(
        _mm256_castps256_ps128(lanes8),
        _mm256_extractf128_ps::<1>(lanes8),
    );
    let lanes2 = _mm_add_ps(lanes4, _mm_movehl_ps(lanes4, lanes4));
    _mm_cvtss_f32(_mm_add_ss(lanes2, _mm_shuffle_ps::<1>(lanes2, lanes2)))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
#[expect(unsafe_code, reason = "a load takes a pointer")]
fn load(lanes: &[f32; LANES], part: usize) -> __m256 {
    let part: &[f32; WIDTH] = &lanes.as_chunks().0[part];
    // SAFETY: the reference is to as many floats as the load reads; no alignment is asked for.
    unsafe { _mm256_loadu_ps(part.as_ptr()) }
}
