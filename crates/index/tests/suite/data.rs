//! Test vectors, and the reference implementation of search.

use cognate_index::{FlatIndex, Hit, IndexBuilder, RowId, unit_vector};
use cognate_testing::Numbers;
use ndarray::{Array2, ArrayView1, ArrayView2};

/// Returns rows in all directions.
pub(crate) fn scattered(seed: u64, n: usize, dim: usize) -> Array2<f32> {
    let mut numbers = Numbers::new(seed);
    Array2::from_shape_simple_fn((n, dim), || numbers.nonzero())
}

/// Returns rows of a few directions, so that many scores are equal.
pub(crate) fn crowded(seed: u64, n: usize, dim: usize) -> Array2<f32> {
    let mut numbers = Numbers::new(seed);
    let directions = scattered(seed, 5, dim);
    let mut rows = Array2::zeros((n, dim));
    for mut row in rows.outer_iter_mut() {
        row.assign(&directions.row(numbers.below(5) as usize));
    }
    rows
}

pub(crate) fn index_of(rows: ArrayView2<'_, f32>) -> FlatIndex {
    let mut builder = IndexBuilder::new(rows.ncols()).unwrap();
    builder.append(rows).unwrap();
    builder.build()
}

/// Computes a dot product in the order of summation that `cognate-kernels` documents, one element at
/// a time.
fn dot(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f32 {
    let mut lanes = [0.0f32; 64];
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        lanes[i % 64] = a.mul_add(*b, lanes[i % 64]);
    }
    for half in [32, 16, 8, 4, 2, 1] {
        for lane in 0..half {
            lanes[lane] += lanes[lane + half];
        }
    }
    lanes[0]
}

/// Returns the hits that a search must find among the allowed rows: the first `k` of all scores,
/// sorted.
pub(crate) fn reference_search(
    index: &FlatIndex,
    query: ArrayView1<'_, f32>,
    k: usize,
    allowed: impl Fn(u32) -> bool,
) -> Vec<Hit> {
    let query = unit_vector(query).unwrap();
    let rows = (0..u32::try_from(index.rows()).unwrap()).filter(|row| allowed(*row));
    let mut hits: Vec<Hit> = rows
        .map(RowId::new)
        .filter_map(|row| {
            let score = dot(query.view(), index.row(row).unwrap()?);
            Some(Hit::new(row, score))
        })
        .collect();
    hits.sort_by(|a, b| {
        b.score
            .partial_cmp(&a.score)
            .unwrap()
            .then(a.row.cmp(&b.row))
    });
    hits.truncate(k);
    hits
}

/// Returns hits with the bits of their scores, which `==` of floats does not compare.
pub(crate) fn bits(hits: &[Hit]) -> Vec<(u32, u32)> {
    hits.iter()
        .map(|hit| (hit.row.get(), hit.score.to_bits()))
        .collect()
}
