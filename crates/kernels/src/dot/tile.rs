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
    match Q * R {
        _ if S::TILE_VECTORS == PARTS => tile_in_passes::<S, PARTS, Q, R>(s, queries, rows),
        1 => tile_in_passes::<S, PARTS, Q, R>(s, queries, rows),
        2 => tile_in_passes::<S, 2, Q, R>(s, queries, rows),
        _ => tile_in_passes::<S, 1, Q, R>(s, queries, rows),
    }
}

/// Passes over the slices once for each `P` of the [`PARTS`] vectors of sums. If the registers do not
/// hold the sums of all dot products of the tile at once, several passes are faster. A vector is as
/// long as a cache line, so that the passes share few lines.
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
        let mut pass_sums = [[[zero; R]; Q]; P];
        for i in 0..row_chunks[0].len() {
            for p in 0..P {
                let part = pass * P + p;
                let mut query_parts = [&query_chunks[0][i][part]; Q];
                let mut row_parts = [&row_chunks[0][i][part]; R];
                for q in 1..Q {
                    query_parts[q] = &query_chunks[q][i][part];
                }
                for r in 1..R {
                    row_parts[r] = &row_chunks[r][i][part];
                }
                s.fma_pairs(query_parts, row_parts, &mut pass_sums[p]);
            }
        }
        for p in 0..P {
            let part = pass * P + p;
            add_tail(s, query_tails, row_tails, part, &mut pass_sums[p]);
            for q in 0..Q {
                for r in 0..R {
                    sums[q][r][part] = pass_sums[p][q][r];
                }
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

/// Splits a slice into chunks of [`SUMS`] elements, each in [`PARTS`] vectors, and the elements of an
/// incomplete chunk.
#[inline(always)]
fn chunks(slice: &[f32]) -> (&[[[f32; LANES]; PARTS]], &[f32]) {
    let (chunks, tail) = slice.as_chunks::<SUMS>();
    let (parts, _) = chunks.as_flattened().as_chunks::<LANES>();
    (parts.as_chunks().0, tail)
}

/// Adds to `sums` the products of one of the [`PARTS`] of incomplete chunks of the same length.
#[inline(always)]
fn add_tail<S: Simd, const Q: usize, const R: usize>(
    s: S,
    query_tails: [&[f32]; Q],
    row_tails: [&[f32]; R],
    part: usize,
    sums: &mut [[S::F; R]; Q],
) {
    let start = part * LANES;
    let lanes = row_tails[0].len().saturating_sub(start).min(LANES);
    if lanes == 0 {
        return;
    }
    let mut rows = [s.splat(0.0); R];
    for r in 0..R {
        rows[r] = s.load_partial(&row_tails[r][start..][..lanes], 0.0);
    }
    for q in 0..Q {
        let query = s.load_partial(&query_tails[q][start..][..lanes], 0.0);
        for r in 0..R {
            // Adding 0 · 0 to the remaining lanes would turn −0 into +0.
            sums[q][r] = s.fma_first(query, rows[r], sums[q][r], lanes);
        }
    }
}
