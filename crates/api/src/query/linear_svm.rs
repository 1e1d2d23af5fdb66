//! A linear classifier: a support vector machine with squared hinge loss, by dual coordinate descent
//! (Hsieh, Chang, Lin, Keerthi and Sundararajan, "A dual coordinate descent method for large-scale
//! linear SVM", ICML 2008).

use ndarray::{Array1, ArrayView2};

use crate::sampling::Random;

/// What an error costs against a wide margin; the value that arxiv-sanity uses.
const C: f64 = 0.1;

const MAX_PASSES: usize = 1000;

/// The largest projected gradient at which the classifier counts as found.
const TOLERANCE: f64 = 1e-4;

/// The direction that separates the first `wanted` rows of `rows` `[n, dim]` from the others. Errors on
/// each side cost the same in all, however few are wanted.
///
/// Linear in the values of `rows` for each pass; some tens of passes are usual. The same rows give the
/// same direction, bit for bit.
pub(crate) fn separate(rows: ArrayView2<'_, f32>, wanted: usize) -> Array1<f64> {
    let count = rows.nrows();
    let share = |of: usize| {
        #[expect(
            clippy::cast_precision_loss,
            reason = "numbers of rows are far below 2^52"
        )]
        let weight = count as f64 / (2.0 * of.max(1) as f64);
        weight
    };
    let cost = |row: usize| {
        C * if row < wanted {
            share(wanted)
        } else {
            share(count - wanted)
        }
    };
    let sign = |row: usize| if row < wanted { 1.0 } else { -1.0 };
    let squares: Vec<f64> = rows
        .outer_iter()
        .map(|row| row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() + 1.0)
        .collect();
    let mut weights: Array1<f64> = Array1::zeros(rows.ncols());
    let mut bias = 0.0;
    let mut alphas = vec![0.0_f64; count];
    let mut order: Vec<usize> = (0..count).collect();
    let mut random = Random::new(0);
    for _ in 0..MAX_PASSES {
        random.shuffle(&mut order);
        let mut worst: f64 = 0.0;
        for &at in &order {
            let row = rows.row(at);
            let dot: f64 = row
                .iter()
                .zip(&weights)
                .map(|(x, w)| f64::from(*x) * w)
                .sum();
            let diagonal = 0.5 / cost(at);
            let gradient = sign(at) * (dot + bias) - 1.0 + diagonal * alphas[at];
            let projected = if alphas[at] > 0.0 {
                gradient
            } else {
                gradient.min(0.0)
            };
            worst = worst.max(projected.abs());
            if projected == 0.0 {
                continue;
            }
            let before = alphas[at];
            alphas[at] = (before - gradient / (squares[at] + diagonal)).max(0.0);
            let step = sign(at) * (alphas[at] - before);
            weights.zip_mut_with(&row, |w, x| *w += step * f64::from(*x));
            bias += step;
        }
        if worst < TOLERANCE {
            break;
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn points_from_the_rest_to_the_wanted() {
        // Only the second value tells them apart; the first is large and says nothing.
        let rows: Array2<f32> = array![
            [0.9, 0.4],
            [-0.9, 0.4],
            [0.9, -0.4],
            [-0.9, -0.4],
            [0.8, -0.5]
        ];
        let weights = separate(rows.view(), 2);
        assert!(weights[1] > 0.0);
        assert!(weights[0].abs() < 0.3 * weights[1], "{weights}");
        assert_eq!(weights, separate(rows.view(), 2));
    }

    /// At the least of a convex function its gradient is zero.
    #[test]
    fn finds_the_least_of_the_primal_problem() {
        let mut random = Random::new(7);
        let mut value = || f32::from(u8::try_from(random.below(200)).unwrap()) / 100.0 - 1.0;
        let rows = Array2::from_shape_simple_fn((40, 6), &mut value);
        let wanted = 5;
        let weights = separate(rows.view(), wanted);
        // The bias is not given back: it is the one at which its own part of the gradient is zero.
        let gradient = |bias: f64| {
            let mut gradient = weights.clone();
            let mut of_bias = bias;
            for (at, row) in rows.outer_iter().enumerate() {
                let (sign, of) = if at < wanted {
                    (1.0, 5.0)
                } else {
                    (-1.0, 35.0)
                };
                let dot: f64 = row
                    .iter()
                    .zip(&weights)
                    .map(|(x, w)| f64::from(*x) * w)
                    .sum();
                let slack = (1.0 - sign * (dot + bias)).max(0.0);
                let factor = -2.0 * C * 40.0 / (2.0 * of) * sign * slack;
                gradient.zip_mut_with(&row, |g, x| *g += factor * f64::from(*x));
                of_bias += factor;
            }
            (gradient, of_bias)
        };
        let (mut low, mut high) = (-10.0, 10.0);
        for _ in 0..100 {
            let middle = f64::midpoint(low, high);
            if gradient(middle).1 < 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        let (gradient, _) = gradient(low);
        assert!(gradient.iter().all(|g| g.abs() < 1e-2), "{gradient}");
    }
}
