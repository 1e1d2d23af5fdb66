//! An order of papers that depends on their vectors only, and not on the order in which they were added,
//! so that the same papers give the same answers.

use std::cmp::Ordering;

use cognate_index::{FlatIndex, RowId};

use crate::sampling::Random;

/// The number of values of a vector by which most vectors differ.
const PREFIX: usize = 8;

/// Returns `count` of the rows, or all if there are fewer, in an order that depends on their vectors
/// only. The rows are chosen by a hash of the vectors, so that they are a random sample.
///
/// Rows with the same vector are in ascending order.
///
/// # Complexity
///
/// O(rows + count · log count).
pub(crate) fn canonical_sample(
    index: &FlatIndex,
    rows: Vec<RowId>,
    count: usize,
) -> cognate_index::Result<Vec<RowId>> {
    let mut keyed = Vec::with_capacity(rows.len());
    for row in rows {
        keyed.push((key(index, row)?, row));
    }
    if count < keyed.len() {
        keyed.select_nth_unstable(count);
        keyed.truncate(count);
    }
    let mut failure = None;
    keyed.sort_unstable_by(|a, b| {
        let by_vector = || match compare_vectors(index, a.1, b.1) {
            Ok(order) => order,
            Err(error) => {
                failure = Some(error);
                Ordering::Equal
            }
        };
        a.0.cmp(&b.0).then_with(by_vector).then(a.1.cmp(&b.1))
    });
    match failure {
        Some(error) => Err(error),
        None => Ok(keyed.into_iter().map(|(_, row)| row).collect()),
    }
}

/// Returns a hash of the first values of a vector.
fn key(index: &FlatIndex, row: RowId) -> cognate_index::Result<u64> {
    let vector = index.row(row)?;
    let values = vector.iter().flatten().take(PREFIX);
    Ok(values.fold(0, |hash, value| {
        Random::new(hash ^ u64::from(value.to_bits())).next()
    }))
}

fn compare_vectors(index: &FlatIndex, a: RowId, b: RowId) -> cognate_index::Result<Ordering> {
    let (a, b) = (index.row(a)?, index.row(b)?);
    let bits = |value: &f32| value.to_bits();
    let (a, b) = (a.iter().flatten().map(bits), b.iter().flatten().map(bits));
    Ok(a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognate_index::IndexBuilder;
    use ndarray::{Array2, ArrayView1};

    fn index(rows: &Array2<f32>) -> FlatIndex {
        let mut builder = IndexBuilder::new(rows.ncols()).unwrap();
        builder.append(rows.view()).unwrap();
        builder.build()
    }

    #[test]
    fn the_order_of_adding_changes_nothing() {
        let mut random = Random::new(3);
        // Many vectors agree in the first values, and some in all of them.
        let rows = Array2::from_shape_fn((300, 10), |(row, column)| {
            let value = if column < 8 {
                u16::try_from(row % 40 + 1).unwrap()
            } else {
                u16::try_from(random.below(5)).unwrap()
            };
            f32::from(value)
        });
        let mut shuffled: Vec<usize> = (0..300).collect();
        random.shuffle(&mut shuffled);
        let other = rows.select(ndarray::Axis(0), &shuffled);
        let (one, other) = (index(&rows), index(&other));
        let all: Vec<RowId> = (0..300).map(RowId::new).collect();
        for count in [0, 1, 39, 300, 500] {
            let vectors = |index: &FlatIndex| -> Vec<Vec<f32>> {
                let sample = canonical_sample(index, all.clone(), count).unwrap();
                let vectors = sample.iter().map(|row| index.row(*row).unwrap().unwrap());
                vectors
                    .map(|vector: ArrayView1<'_, f32>| vector.to_vec())
                    .collect()
            };
            assert_eq!(vectors(&one).len(), count.min(300));
            if count == 300 || count == 500 {
                assert_eq!(vectors(&one), vectors(&other));
            }
        }
        let distinct = Array2::from_shape_fn((300, 10), |(row, column)| {
            f32::from(u16::try_from(row * 10 + column + 1).unwrap())
        });
        let other = index(&distinct.select(ndarray::Axis(0), &shuffled));
        let one = index(&distinct);
        let sample = |index: &FlatIndex| -> Vec<Vec<f32>> {
            let sample = canonical_sample(index, all.clone(), 50).unwrap();
            let vectors = sample.iter().map(|row| index.row(*row).unwrap().unwrap());
            vectors.map(|vector| vector.to_vec()).collect()
        };
        assert_eq!(sample(&one), sample(&other));
    }
}
