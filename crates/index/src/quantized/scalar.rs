//! Scalar quantization with outward rounding.

use ndarray::{ArrayView1, Axis};

/// The largest code; the smallest is its negative.
pub(super) const MAX_CODE: f64 = 127.0;

/// Splits a rotated vector into its leading and its residual dimensions.
pub(super) fn split(
    y: ArrayView1<'_, f64>,
    leading: usize,
) -> (ArrayView1<'_, f64>, ArrayView1<'_, f64>) {
    y.split_at(Axis(0), leading.min(y.len()))
}

/// Returns the position of the code of leading dimension `i`: dimensions are stored in the order 0,
/// `leading − 1`, 1, `leading − 2`, …
///
/// The first dimensions have the largest values, so each pair has one large and one small value.
pub(super) fn paired_position(i: usize, leading: usize) -> usize {
    if i < leading / 2 {
        2 * i
    } else {
        2 * (leading - 1 - i) + 1
    }
}

/// Returns the step at which no code of `y` exceeds `max_code`.
pub(super) fn step_for(y: ArrayView1<'_, f64>, max_code: f64) -> f32 {
    let largest = y.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    round_up(largest / max_code)
}

/// Returns the code of `x`: the number of steps, rounded to an integer.
pub(super) fn code(x: f64, step: f32) -> i16 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the step is chosen so that codes fit"
    )]
    let code = rounded_steps(x, step) as i16;
    code
}

/// Returns the norm of what quantization with `step` loses of `y`.
pub(super) fn quantization_error(y: ArrayView1<'_, f64>, step: f32) -> f64 {
    norm(
        y.iter()
            .map(|&x| x - f64::from(step) * rounded_steps(x, step)),
    )
}

fn rounded_steps(x: f64, step: f32) -> f64 {
    if step > 0.0 {
        (x / f64::from(step)).round()
    } else {
        0.0
    }
}

/// Returns an upper bound of the norm: the computed norm, increased by more than its rounding error.
pub(super) fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|x| x * x).sum::<f64>().sqrt() * (1.0 + 1e-9)
}

/// Returns the smallest f32 that is not below `x`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a result that was rounded down is corrected"
)]
pub(super) fn round_up(x: f64) -> f32 {
    let nearest = x as f32;
    if f64::from(nearest) < x {
        nearest.next_up()
    } else {
        nearest
    }
}
