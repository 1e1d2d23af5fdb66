#![expect(
    clippy::needless_range_loop,
    reason = "the indices name the query, the row and the part of the sums"
)]

use crate::simd::{LANES, Simd};

/// The number of sums of a dot product, over which the elements are distributed.
pub(super) const SUMS: usize = 64;

/// The number of vectors that hold the sums of a dot product.
const PARTS: usize = SUMS / LANES;

/// Computes the dot products of a few queries with a few rows. All slices have the same length.
#[inline(always)]
pub(super) fn tile<S: Simd, const Q: usize, const R: usize>(
    s: S,
    queries: [&[f32]; Q],
    rows: [&[f32]; R],
) -> [[f32; R]; Q] {
    match S::TILE_VECTORS {
        PARTS => tile_in_passes::<S, PARTS, Q, R>(s, queries, rows),
        _ => tile_in_passes::<S, 1, Q, R>(s, queries, rows),
    }
}

/// Passes over the slices once for each `P` of the [`PARTS`] vectors of sums: where the registers do
/// not hold the sums of all dot products of the tile at once, several passes are faster. A vector is
/// a cache line of the slices, so that the passes read no line twice.
#[inline(always)]
fn tile_in_passes<S: Simd, const P: usize, const Q: usize, const R: usize>(
    s: S,
    queries: [&[f32]; Q],
    rows: [&[f32]; R],
) -> [[f32; R]; Q] {
    let zero = s.splat(0.0);
    let mut sums = [[[zero; PARTS]; R]; Q];
    let mut query_chunks: [&[[[f32; LANES]; PARTS]]; Q] = [&[]; Q];
    let mut row_chunks: [&[[[f32; LANES]; PARTS]]; R] = [&[]; R];
    let mut query_tails: [&[f32]; Q] = [&[]; Q];
    let mut row_tails: [&[f32]; R] = [&[]; R];
    for q in 0..Q {
        (query_chunks[q], query_tails[q]) = chunks(queries[q]);
    }
    for r in 0..R {
        (row_chunks[r], row_tails[r]) = chunks(rows[r]);
    }

    for pass in 0..PARTS / P {
        let mut pass_sums = [[[zero; P]; R]; Q];
        for i in 0..row_chunks[0].len() {
            for p in 0..P {
                let part = pass * P + p;
                let mut row_parts = [zero; R];
                for r in 0..R {
                    row_parts[r] = s.load(&row_chunks[r][i][part]);
                }
                for q in 0..Q {
                    let query_part = s.load(&query_chunks[q][i][part]);
                    for r in 0..R {
                        pass_sums[q][r][p] = s.fma(query_part, row_parts[r], pass_sums[q][r][p]);
                    }
                }
            }
        }
        for q in 0..Q {
            for r in 0..R {
                sums[q][r][pass * P..][..P].copy_from_slice(&pass_sums[q][r]);
            }
        }
    }

    for part in 0..row_tails[0].len().div_ceil(LANES) {
        for q in 0..Q {
            let query_tail = &query_tails[q][part * LANES..];
            let live = query_tail.len().min(LANES);
            let query_part = s.load_partial(&query_tail[..live], 0.0);
            for r in 0..R {
                let row_part = s.load_partial(&row_tails[r][part * LANES..][..live], 0.0);
                // Adding 0 · 0 to the other lanes would turn −0 into +0.
                sums[q][r][part] = s.fma_first(query_part, row_part, sums[q][r][part], live);
            }
        }
    }

    let mut products = [[0.0; R]; Q];
    for q in 0..Q {
        for r in 0..R {
            let parts = sums[q][r];
            let (even, odd) = (s.add(parts[0], parts[2]), s.add(parts[1], parts[3]));
            products[q][r] = s.reduce_sum(s.add(even, odd));
        }
    }
    products
}

#[inline(always)]
fn chunks(slice: &[f32]) -> (&[[[f32; LANES]; PARTS]], &[f32]) {
    let (chunks, tail) = slice.as_chunks::<SUMS>();
    let (parts, _) = chunks.as_flattened().as_chunks::<LANES>();
    (parts.as_chunks().0, tail)
}
