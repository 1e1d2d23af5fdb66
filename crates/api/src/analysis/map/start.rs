//! Where the points of a layout begin: at the first two principal components of their vectors.

use cognate_index::{FlatIndex, RowId};

use super::repulsion::Point;
use crate::sampling::Random;

/// The number of vectors whose principal components are computed.
const SAMPLE: usize = 4096;

/// The number of iterations in which the principal components are found. They need not be exact.
const ITERATIONS: usize = 30;

/// The standard deviation of the first coordinate at the start (Kobak and Berens, "The art of using t-SNE for
/// single-cell transcriptomics", Nature Communications 10, 2019).
const DEVIATION: f64 = 1e-4;

/// The largest random part of a coordinate, which parts papers with equal vectors.
const JITTER: f64 = 1e-6;

/// Returns the start of each row: its principal components among `rows`, of which the first are a random sample.
/// Groups of papers that are far from each other begin apart, so that the layout as a whole does not depend on
/// chance.
///
/// # Complexity
///
/// O(rows · dim).
pub(super) fn start(index: &FlatIndex, rows: &[RowId]) -> cognate_index::Result<Vec<Point>> {
    let sample = &rows[..rows.len().min(SAMPLE)];
    let components = Components::of(index, sample)?;
    let mut coordinates = Vec::with_capacity(rows.len());
    for row in rows {
        coordinates.push(components.project(index, *row)?);
    }
    let squares = coordinates.iter().map(|[first, _]| first * first);
    let deviation = (squares.sum::<f64>() / count(rows.len().max(1))).sqrt();
    let scale = if deviation > 0.0 {
        DEVIATION / deviation
    } else {
        0.0
    };
    let mut random = Random::new(0);
    let mut jitter = || JITTER * (2.0 * unit(&mut random) - 1.0);
    let point = |[first, second]: [f64; 2]| {
        let point = [first * scale + jitter(), second * scale + jitter()];
        #[expect(clippy::cast_possible_truncation, reason = "rounded to f32")]
        point.map(|coordinate| coordinate as f32)
    };
    Ok(coordinates.into_iter().map(point).collect())
}

/// The mean and the first two principal components of some vectors. Components are zero without variance.
struct Components {
    mean: Vec<f64>,
    components: [Vec<f64>; 2],
}

impl Components {
    /// Computes the components by orthogonal iteration.
    fn of(index: &FlatIndex, rows: &[RowId]) -> cognate_index::Result<Self> {
        let dim = index.dim();
        let mut mean = vec![0.0; dim];
        for row in rows {
            add(&mut mean, 1.0, index, *row)?;
        }
        for sum in &mut mean {
            *sum /= count(rows.len().max(1));
        }
        let mut random = Random::new(1);
        let mut direction = || (0..dim).map(|_| unit(&mut random) - 0.5).collect();
        let mut found = Self {
            mean,
            components: [direction(), direction()],
        };
        for _ in 0..ITERATIONS {
            let mut next = [vec![0.0; dim], vec![0.0; dim]];
            for row in rows {
                let projected = found.project(index, *row)?;
                for (next, coordinate) in next.iter_mut().zip(projected) {
                    // The sum of all coordinates is 0, so the mean need not be subtracted.
                    add(next, coordinate, index, *row)?;
                }
            }
            let [first, second] = &mut next;
            normalize(first);
            let overlap = dot(first, second);
            second
                .iter_mut()
                .zip(&*first)
                .for_each(|(a, b)| *a -= overlap * b);
            normalize(second);
            found.components = next;
        }
        Ok(found)
    }

    /// Returns the coordinates of a row.
    fn project(&self, index: &FlatIndex, row: RowId) -> cognate_index::Result<[f64; 2]> {
        let mut coordinates = [0.0; 2];
        if let Some(vector) = index.row(row)? {
            for (at, (value, mean)) in vector.iter().zip(&self.mean).enumerate() {
                let value = f64::from(*value) - mean;
                for (coordinate, component) in coordinates.iter_mut().zip(&self.components) {
                    *coordinate += value * component[at];
                }
            }
        }
        Ok(coordinates)
    }
}

/// Adds a multiple of the vector in a row to a sum.
fn add(sum: &mut [f64], factor: f64, index: &FlatIndex, row: RowId) -> cognate_index::Result<()> {
    let vector = index.row(row)?;
    for (sum, value) in sum.iter_mut().zip(vector.iter().flatten()) {
        *sum += factor * f64::from(*value);
    }
    Ok(())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Divides a vector by its norm, unless it is hardly more than rounding errors.
fn normalize(vector: &mut [f64]) {
    let norm = dot(vector, vector).sqrt();
    let factor = if norm > 1e-9 { 1.0 / norm } else { 0.0 };
    for value in vector {
        *value *= factor;
    }
}

/// Returns a pseudo-random number from 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "at most 2^53")]
fn unit(random: &mut Random) -> f64 {
    (random.next() >> 11) as f64 / (1_u64 << 53) as f64
}

fn count(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognate_index::IndexBuilder;
    use ndarray::Array2;

    fn index(rows: &Array2<f32>) -> FlatIndex {
        let mut builder = IndexBuilder::new(rows.ncols()).unwrap();
        builder.append(rows.view()).unwrap();
        builder.build()
    }

    fn starts(rows: &Array2<f32>) -> Vec<Point> {
        let all = 0..u32::try_from(rows.nrows()).unwrap();
        start(&index(rows), &all.map(RowId::new).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn the_first_coordinate_has_the_largest_variance() {
        let mut random = Random::new(7);
        let rows = Array2::from_shape_fn((200, 6), |(_, column)| {
            let spread = [0.1, 1.0, 0.1, 3.0, 0.1, 0.1][column];
            #[expect(clippy::cast_possible_truncation, reason = "rounded to f32")]
            let value = ((unit(&mut random) - 0.5) * spread) as f32;
            value + if column == 0 { 5.0 } else { 0.0 }
        });
        let starts = starts(&rows);
        let mean: f32 = rows.column(3).sum() / 200.0;
        let column = rows
            .column(3)
            .iter()
            .map(|value| value - mean)
            .collect::<Vec<_>>();
        let products = starts
            .iter()
            .zip(&column)
            .map(|(start, value)| start[0] * value);
        let product: f32 = products.sum();
        let norms = starts
            .iter()
            .map(|start| start[0] * start[0])
            .sum::<f32>()
            .sqrt()
            * column.iter().map(|value| value * value).sum::<f32>().sqrt();
        assert!(product.abs() / norms > 0.99, "{}", product / norms);
        let deviation =
            (starts.iter().map(|start| start[0] * start[0]).sum::<f32>() / 200.0).sqrt();
        assert!((deviation - 1e-4).abs() < 1e-5, "{deviation}");
    }

    #[test]
    fn equal_vectors_begin_at_different_points() {
        let starts = starts(&Array2::from_elem((5, 3), 1.0));
        for (at, one) in starts.iter().enumerate() {
            assert!(one.iter().all(|coordinate| coordinate.abs() <= 1.1e-6));
            assert!(!starts[..at].contains(one));
        }
    }
}
