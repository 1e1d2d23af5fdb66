//! A linear support vector machine with squared hinge loss, trained by dual coordinate descent
//! (Hsieh, Chang, Lin, Keerthi and Sundararajan, "A dual coordinate descent method for large-scale
//! linear SVM", ICML 2008).

use ndarray::{Array1, ArrayView2};

use crate::sampling::Random;

/// The cost of an error relative to the width of the margin, usually called C. The value is the one that
/// arxiv-sanity uses.
const C: f64 = 0.1;

/// The largest number of passes over the rows; some tens usually suffice.
const MAX_PASSES: usize = 1000;

/// Training ends when the largest projected gradient of a pass is below this value.
const TOLERANCE: f64 = 1e-4;

/// Returns the normal of the hyperplane that separates the first `wanted` rows of `rows`, `[n, dim]`,
/// from the others. The two classes have the same total weight, however few rows are wanted.
///
/// Each pass is linear in the values of `rows`. The same rows give the same result, bit for bit.
pub(crate) fn separate(rows: ArrayView2<'_, f32>, wanted: usize) -> Array1<f64> {
    let count = rows.nrows();
    let class_weight = |class_size: usize| {
        #[expect(
            clippy::cast_precision_loss,
            reason = "numbers of rows are far below 2^52"
        )]
        let weight = count as f64 / (2.0 * class_size.max(1) as f64);
        weight
    };
    let cost = |row: usize| {
        C * if row < wanted {
            class_weight(wanted)
        } else {
            class_weight(count - wanted)
        }
    };
    let sign = |row: usize| if row < wanted { 1.0 } else { -1.0 };
    // Each row is extended by a 1, whose weight is the bias.
    let squared_lengths: Vec<f64> = rows
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
        let mut largest: f64 = 0.0;
        for &position in &order {
            let row = rows.row(position);
            let dot: f64 = row
                .iter()
                .zip(&weights)
                .map(|(x, w)| f64::from(*x) * w)
                .sum();
            let diagonal = 0.5 / cost(position);
            let gradient = sign(position) * (dot + bias) - 1.0 + diagonal * alphas[position];
            let projected = if alphas[position] > 0.0 {
                gradient
            } else {
                gradient.min(0.0)
            };
            largest = largest.max(projected.abs());
            if projected == 0.0 {
                continue;
            }
            let before = alphas[position];
            alphas[position] =
                (before - gradient / (squared_lengths[position] + diagonal)).max(0.0);
            let step = sign(position) * (alphas[position] - before);
            weights.zip_mut_with(&row, |w, x| *w += step * f64::from(*x));
            bias += step;
        }
        if largest < TOLERANCE {
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
    fn points_from_the_negative_rows_to_the_wanted() {
        // Only the second value separates the classes; the first is large and the same in both.
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

    /// The gradient of a convex function is zero at its minimum.
    #[test]
    fn finds_the_minimum_of_the_primal_problem() {
        let mut random = Random::new(7);
        let mut value = || f32::from(u8::try_from(random.below(200)).unwrap()) / 100.0 - 1.0;
        let rows = Array2::from_shape_simple_fn((40, 6), &mut value);
        let wanted = 5;
        let weights = separate(rows.view(), wanted);
        // The bias is not returned; the right one makes its own component of the gradient zero.
        let gradient = |bias: f64| {
            let mut gradient = weights.clone();
            let mut bias_gradient = bias;
            for (position, row) in rows.outer_iter().enumerate() {
                let (sign, class_size) = if position < wanted {
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
                let factor = -2.0 * C * 40.0 / (2.0 * class_size) * sign * slack;
                gradient.zip_mut_with(&row, |g, x| *g += factor * f64::from(*x));
                bias_gradient += factor;
            }
            (gradient, bias_gradient)
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
