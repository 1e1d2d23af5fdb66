//! A map from the vectors of one model to those of another.

use nalgebra::{Cholesky, DMatrix};
use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::unit_vector::{length, to_unit};

/// The penalties that are tried, relative to the mean variance of a dimension.
const PENALTIES: [f64; 6] = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0];

/// Every row with a number divisible by this is held out to choose the penalty.
const HELD_OUT: usize = 5;

/// An affine map, `y = (x − μx)·W + μy`, learned by ridge regression from texts that both models have
/// embedded.
pub(crate) struct LinearMap {
    from_mean: Array1<f64>,
    to_mean: Array1<f64>,
    /// `[from, to]`
    weights: Array2<f64>,
}

impl LinearMap {
    /// Learns the map from the rows of `from`, `[n, d]`, to those of `to`, `[n, e]`. The penalty is
    /// the one whose map gives held-out rows the highest mean cosine with their targets. Returns
    /// `None` if there is no row, or a value is not finite.
    ///
    /// # Complexity
    ///
    /// O(n · d · (d + e) + d³).
    pub(crate) fn learn(from: ArrayView2<'_, f64>, to: ArrayView2<'_, f64>) -> Option<Self> {
        let (held_out, kept): (Vec<usize>, Vec<usize>) =
            (0..from.nrows()).partition(|row| row.is_multiple_of(HELD_OUT));
        let rows = |rows: &[usize]| (from.select(Axis(0), rows), to.select(Axis(0), rows));
        let (held_from, held_to) = rows(&held_out);
        let (kept_from, kept_to) = rows(&kept);
        let moments = Moments::of(kept_from.view(), kept_to.view())?;
        let mut best: Option<(f64, f64)> = None;
        for penalty in PENALTIES {
            let Some(map) = moments.solve(penalty) else {
                continue;
            };
            let mapped = map.affine(held_from.view());
            let cosine = mean_cosine(mapped.view(), held_to.view());
            if best.is_none_or(|(highest, _)| cosine > highest) {
                best = Some((cosine, penalty));
            }
        }
        let (_, penalty) = best?;
        Moments::of(from, to)?.solve(penalty)
    }

    /// Maps the rows of `[n, d]` and scales them to length 1. A row without a direction becomes zero.
    pub(crate) fn apply(&self, rows: ArrayView2<'_, f64>) -> Array2<f32> {
        let mapped = self.affine(rows);
        let mut units = Array2::zeros(mapped.dim());
        for (mut unit, row) in units.outer_iter_mut().zip(mapped.outer_iter()) {
            if let Some(row) = to_unit(&row.to_owned()) {
                unit.assign(&row);
            }
        }
        units
    }

    fn affine(&self, rows: ArrayView2<'_, f64>) -> Array2<f64> {
        (&rows - &self.from_mean).dot(&self.weights) + &self.to_mean
    }
}

/// The means and the products of centered rows, from which the map of any penalty follows.
struct Moments {
    from_mean: Array1<f64>,
    to_mean: Array1<f64>,
    /// `XᵀX`, `[from, from]`
    from_from: Array2<f64>,
    /// `XᵀY`, `[from, to]`
    from_to: Array2<f64>,
}

impl Moments {
    fn of(from: ArrayView2<'_, f64>, to: ArrayView2<'_, f64>) -> Option<Self> {
        let (from_mean, to_mean) = (from.mean_axis(Axis(0))?, to.mean_axis(Axis(0))?);
        let (from, to) = (&from - &from_mean, &to - &to_mean);
        Some(Self {
            from_from: from.t().dot(&from),
            from_to: from.t().dot(&to),
            from_mean,
            to_mean,
        })
    }

    /// Solves `(XᵀX + λI)·W = XᵀY`, where λ is `penalty` times the mean of the diagonal of `XᵀX`.
    fn solve(&self, penalty: f64) -> Option<LinearMap> {
        let (dim, to) = self.from_to.dim();
        let trace = self.from_from.diag().sum();
        #[expect(clippy::cast_precision_loss, reason = "dimensions are far below 2⁵²")]
        let lambda = penalty * (trace / dim as f64).max(f64::MIN_POSITIVE);
        let mut normal = DMatrix::from_fn(dim, dim, |i, j| self.from_from[[i, j]]);
        for i in 0..dim {
            normal[(i, i)] += lambda;
        }
        let targets = DMatrix::from_fn(dim, to, |i, j| self.from_to[[i, j]]);
        let weights = Cholesky::new(normal)?.solve(&targets);
        let weights = Array2::from_shape_fn((dim, to), |(i, j)| weights[(i, j)]);
        weights
            .iter()
            .all(|weight| weight.is_finite())
            .then(|| LinearMap {
                from_mean: self.from_mean.clone(),
                to_mean: self.to_mean.clone(),
                weights,
            })
    }
}

/// Returns the mean cosine between rows with the same number.
fn mean_cosine(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> f64 {
    let cosine = |a: Array1<f64>, b: Array1<f64>| {
        let lengths = length(&a) * length(&b);
        if lengths > 0.0 {
            a.dot(&b) / lengths
        } else {
            0.0
        }
    };
    let rows = a.outer_iter().zip(b.outer_iter());
    let sum: f64 = rows.map(|(a, b)| cosine(a.to_owned(), b.to_owned())).sum();
    #[expect(clippy::cast_precision_loss, reason = "rows are far below 2⁵²")]
    let count = a.nrows().max(1) as f64;
    sum / count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::Random;

    #[expect(clippy::cast_precision_loss, reason = "below 2⁵²")]
    fn random(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
        let mut random = Random::new(seed);
        Array2::from_shape_simple_fn((rows, columns), || random.below(2001) as f64 / 1000.0 - 1.0)
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

    #[test]
    fn agrees_with_gaussian_elimination_of_the_normal_equations() {
        let (from, to) = (random(40, 7, 1), random(40, 9, 2));
        let penalty = 0.3;
        let map = Moments::of(from.view(), to.view())
            .unwrap()
            .solve(penalty)
            .unwrap();
        // The bias as a constant dimension without a penalty gives the same map as centered rows.
        let with_one =
            Array2::from_shape_fn((40, 8), |(i, j)| if j < 7 { from[[i, j]] } else { 1.0 });
        let centered = &from - &from.mean_axis(Axis(0)).unwrap();
        let lambda = penalty * centered.iter().map(|x| x * x).sum::<f64>() / 7.0;
        let mut normal = with_one.t().dot(&with_one);
        for i in 0..7 {
            normal[[i, i]] += lambda;
        }
        let weights = reference_solve(normal, with_one.t().dot(&to));
        let expected = with_one.dot(&weights);
        let difference = (&map.affine(from.view()) - &expected).mapv(f64::abs);
        assert!(difference.iter().all(|x| *x < 1e-12), "{difference}");
    }

    #[test]
    fn maps_vectors_of_a_linear_relation_and_chooses_a_small_penalty_for_them() {
        let weights = random(6, 4, 3);
        let bias = random(1, 4, 4);
        let target = |from: &Array2<f64>| from.dot(&weights) + &bias;
        let (sample, others) = (random(200, 6, 5), random(50, 6, 6));
        let map = LinearMap::learn(sample.view(), target(&sample).view()).unwrap();
        let mapped = map.apply(others.view()).mapv(f64::from);
        let cosine = mean_cosine(mapped.view(), target(&others).view());
        assert!(cosine > 0.9999, "{cosine}");
        let lengths = mapped.outer_iter().map(|row| row.dot(&row));
        assert!(
            lengths
                .into_iter()
                .all(|squared| (squared - 1.0).abs() < 1e-6)
        );
    }

    #[test]
    fn chooses_a_large_penalty_if_the_vectors_have_nothing_in_common() {
        let (from, to) = (random(30, 20, 7), random(30, 5, 8));
        let shifted = &to + 1.0;
        let map = LinearMap::learn(from.view(), shifted.view()).unwrap();
        let largest = Moments::of(from.view(), shifted.view())
            .unwrap()
            .solve(1.0)
            .unwrap();
        assert_eq!(map.weights, largest.weights);
    }

    #[test]
    fn there_is_no_map_without_rows_or_of_values_that_are_not_finite() {
        let (from, to) = (random(1, 3, 9), random(1, 2, 10));
        assert!(LinearMap::learn(from.view(), to.view()).is_none());
        let (mut from, to) = (random(20, 3, 9), random(20, 2, 10));
        assert!(LinearMap::learn(from.view(), to.view()).is_some());
        from[[7, 1]] = f64::NAN;
        assert!(LinearMap::learn(from.view(), to.view()).is_none());
        // Equal vectors have no variance; the map is then a constant.
        let map = LinearMap::learn(Array2::ones((20, 3)).view(), to.view()).unwrap();
        assert!(map.weights.iter().all(|weight| *weight == 0.0));
    }
}
