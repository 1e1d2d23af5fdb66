//! A map from what is known of a paper to its vector of another model.

use nalgebra::{Cholesky, DMatrix};
use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::unit_vector::to_unit;

/// The factor γ of the kernel `exp(γ·(a·b − 1))` of two rows of length 1. A small one makes the map
/// nearly linear.
///
/// Measured on `SciFact`, from all-MiniLM-L6-v2 to all-mpnet-base-v2: nDCG@10 of mapped vectors changes
/// by less than 0.005 for γ from 0.1 to 0.5 and penalties from 0.001 to 0.003.
const GAMMA: f64 = 0.25;

/// The penalty λ of ridge regression. The kernel of a row with itself is 1.
const PENALTY: f64 = 0.003;

/// A smooth map learned by kernel ridge regression (Saunders, Gammerman and Vovk, "Ridge regression
/// learning algorithm in dual variables", ICML 1998) from examples, rows of length 1 and their
/// targets.
pub(super) struct VectorMap {
    /// The examples, `[n, d]`.
    examples: Array2<f64>,
    /// The mean of the targets.
    mean: Array1<f64>,
    /// The weights of the examples, `[n, e]`.
    weights: Array2<f64>,
}

impl VectorMap {
    /// Learns the map from the rows of `examples`, `[n, d]`, of length 1, to those of `targets`,
    /// `[n, e]`: solves `(K + λI)·W = Y − μ`, where K has the kernel of every pair of examples. Returns
    /// `None` if there is no row, or a value is not finite.
    ///
    /// # Complexity
    ///
    /// O(n² · (n + d + e)).
    pub(super) fn learn(
        examples: ArrayView2<'_, f64>,
        targets: ArrayView2<'_, f64>,
    ) -> Option<Self> {
        let mean = targets.mean_axis(Axis(0))?;
        let centered = &targets - &mean;
        let (count, dim) = centered.dim();
        let kernel = kernel(examples, examples);
        let diagonal = |i, j| if i == j { PENALTY } else { 0.0 };
        let system = DMatrix::from_fn(count, count, |i, j| kernel[[i, j]] + diagonal(i, j));
        let targets = DMatrix::from_fn(count, dim, |i, j| centered[[i, j]]);
        let weights = Cholesky::new(system)?.solve(&targets);
        let weights = Array2::from_shape_fn((count, dim), |(i, j)| weights[(i, j)]);
        let is_finite = weights.iter().all(|weight| weight.is_finite());
        is_finite.then(|| Self {
            examples: examples.to_owned(),
            mean,
            weights,
        })
    }

    /// Maps the rows of `[n, d]`, of length 1, to rows of length 1.
    pub(super) fn apply(&self, rows: ArrayView2<'_, f64>) -> Array2<f32> {
        let mapped = kernel(rows, self.examples.view()).dot(&self.weights) + &self.mean;
        let mut units = Array2::zeros(mapped.dim());
        for (mut unit, row) in units.outer_iter_mut().zip(mapped.outer_iter()) {
            // A row without a direction stays zero, which an index refuses.
            if let Some(row) = to_unit(&row.to_owned()) {
                unit.assign(&row);
            }
        }
        units
    }
}

/// Returns the kernel of each row of `a` with each row of `b`.
fn kernel(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Array2<f64> {
    let mut products = a.dot(&b.t());
    products.mapv_inplace(|product| (GAMMA * (product - 1.0)).exp());
    products
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::Random;

    /// Returns pseudo-random rows of length 1.
    #[expect(clippy::cast_precision_loss, reason = "below 2⁵²")]
    fn random(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
        let mut random = Random::new(seed);
        let mut value = || random.below(2001) as f64 / 1000.0 - 1.0;
        let mut rows = Array2::from_shape_simple_fn((rows, columns), &mut value);
        for mut row in rows.outer_iter_mut() {
            let length = row.dot(&row).sqrt();
            row.mapv_inplace(|value| value / length);
        }
        rows
    }

    /// Solves a system of linear equations by Gaussian elimination with pivoting.
    fn reference_solve(mut a: Array2<f64>, mut b: Array2<f64>) -> Array2<f64> {
        let n = a.nrows();
        for i in 0..n {
            let by_size = |&r: &usize, &s: &usize| a[[r, i]].abs().total_cmp(&a[[s, i]].abs());
            let pivot = (i..n).max_by(by_size).unwrap();
            for column in 0..n {
                a.swap([i, column], [pivot, column]);
            }
            for column in 0..b.ncols() {
                b.swap([i, column], [pivot, column]);
            }
            for row in (0..n).filter(|row| *row != i) {
                let factor = a[[row, i]] / a[[i, i]];
                for column in 0..n {
                    a[[row, column]] -= factor * a[[i, column]];
                }
                for column in 0..b.ncols() {
                    b[[row, column]] -= factor * b[[i, column]];
                }
            }
        }
        Array2::from_shape_fn(b.dim(), |(i, j)| b[[i, j]] / a[[i, i]])
    }

    fn mean_cosine(a: &Array2<f32>, b: &Array2<f64>) -> f64 {
        let products = a.mapv(f64::from) * b;
        products.sum_axis(Axis(1)).mean().unwrap()
    }

    #[test]
    fn agrees_with_gaussian_elimination() {
        let (examples, targets) = (random(40, 7, 1), random(40, 9, 2));
        let map = VectorMap::learn(examples.view(), targets.view()).unwrap();
        let mut system = Array2::zeros((40, 40));
        for (i, a) in examples.outer_iter().enumerate() {
            for (j, b) in examples.outer_iter().enumerate() {
                let difference = &a - &b;
                // Rows of length 1: |a − b|² = 2 − 2·a·b.
                system[[i, j]] = (-GAMMA / 2.0 * difference.dot(&difference)).exp();
            }
            system[[i, i]] += PENALTY;
        }
        let mean = targets.mean_axis(Axis(0)).unwrap();
        let expected = reference_solve(system, &targets - &mean);
        let error = (&map.weights - &expected).mapv(f64::abs);
        assert!(error.iter().all(|x| *x < 1e-10), "{error}");
    }

    #[test]
    fn maps_rows_that_it_has_not_seen() {
        let weights = random(6, 8, 3);
        let target = |rows: &Array2<f64>| {
            let mut targets = rows.dot(&weights);
            for mut row in targets.outer_iter_mut() {
                let length = row.dot(&row).sqrt();
                row.mapv_inplace(|value| value / length);
            }
            targets
        };
        let (examples, others) = (random(200, 6, 5), random(50, 6, 6));
        let map = VectorMap::learn(examples.view(), target(&examples).view()).unwrap();
        let mapped = map.apply(others.view());
        let cosine = mean_cosine(&mapped, &target(&others));
        assert!(cosine > 0.99, "{cosine}");
        let lengths = mapped.outer_iter().map(|row| row.dot(&row));
        assert!(
            lengths
                .into_iter()
                .all(|squared| (squared - 1.0).abs() < 1e-5)
        );
    }

    #[test]
    fn there_is_no_map_without_rows_or_of_values_that_are_not_finite() {
        let (none, no_target) = (Array2::zeros((0, 3)), Array2::zeros((0, 2)));
        assert!(VectorMap::learn(none.view(), no_target.view()).is_none());
        let (mut examples, targets) = (random(20, 3, 9), random(20, 2, 10));
        assert!(VectorMap::learn(examples.view(), targets.view()).is_some());
        examples[[7, 1]] = f64::NAN;
        assert!(VectorMap::learn(examples.view(), targets.view()).is_none());
    }
}
