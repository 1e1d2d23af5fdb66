//! Norms of vectors: scaling to length 1, and the cosine of the angle between two vectors.
//!
//! The functions round alike (they compute in `f64` and round each result once), but not all of them
//! add in the same order or ignore the same lengths. The scores of a library depend on these bits.

use ndarray::{Array1, ArrayView1, ArrayViewMut1};

/// Vectors of at most this length are sums of unit vectors that cancel one another out.
const MIN_SUM_LENGTH: f64 = 1e-6;

/// The same for sums that were rounded to `f32` and are scaled in place.
const MIN_ROUNDED_LENGTH: f64 = 1e-9;

/// Returns the length of a vector.
pub(crate) fn length(vector: &Array1<f64>) -> f64 {
    vector.dot(vector).sqrt()
}

/// Returns a vector scaled to length 1, or `None` if its length is at most 10⁻⁶.
pub(crate) fn to_unit(vector: &Array1<f64>) -> Option<Array1<f32>> {
    let length = length(vector);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a vector is f32, rounded once"
    )]
    let unit = || vector.mapv(|value| (value / length) as f32);
    (length > MIN_SUM_LENGTH).then(unit)
}

/// Scales a vector to length 1 in place. A vector whose length is at most 10⁻⁹ becomes zero.
pub(crate) fn scale_to_unit(mut vector: ArrayViewMut1<'_, f32>) {
    let squares = vector.iter().map(|&value| f64::from(value).powi(2));
    let length = squares.sum::<f64>().sqrt();
    if length > MIN_ROUNDED_LENGTH {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a vector is f32, rounded once"
        )]
        vector.mapv_inplace(|value| (f64::from(value) / length) as f32);
    } else {
        vector.fill(0.0);
    }
}

/// Scales the values of a sparse vector to length 1 in place. A zero vector stays zero.
pub(crate) fn scale_sparse_to_unit(vector: &mut [(usize, f64)]) {
    let squares = vector.iter().map(|(_, value)| value * value);
    let length = squares.sum::<f64>().sqrt();
    if length > 0.0 {
        for (_, value) in vector {
            *value /= length;
        }
    }
}

/// Returns the cosine of the angle between two vectors of any length, or 0 if one of them is zero.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a score is f32, rounded once"
)]
pub(crate) fn cosine(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f32 {
    let (mut dot, mut a_squared, mut b_squared) = (0.0, 0.0, 0.0);
    for (&a, &b) in a.iter().zip(b) {
        let (a, b) = (f64::from(a), f64::from(b));
        dot += a * b;
        a_squared += a * a;
        b_squared += b * b;
    }
    let lengths = (a_squared * b_squared).sqrt();
    if lengths > 0.0 {
        (dot / lengths).clamp(-1.0, 1.0) as f32
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn bits(vector: &Array1<f32>) -> Vec<u32> {
        vector.iter().map(|value| value.to_bits()).collect()
    }

    #[test]
    fn scales_to_length_one() {
        let expected = bits(&array![0.6, -0.8]);
        assert_eq!(bits(&to_unit(&array![3.0, -4.0]).unwrap()), expected);
        let mut vector = array![3.0, -4.0];
        scale_to_unit(vector.view_mut());
        assert_eq!(bits(&vector), expected);
        let mut sparse = [(7, 3.0), (2, -4.0)];
        scale_sparse_to_unit(&mut sparse);
        assert_eq!(sparse, [(7, 0.6), (2, -0.8)]);
    }

    #[test]
    fn a_vector_without_a_direction_does_not_become_nan() {
        assert_eq!(to_unit(&array![1e-7, 0.0]), None);
        let mut vector = array![1e-10, 0.0];
        scale_to_unit(vector.view_mut());
        assert_eq!(bits(&vector), [0, 0]);
        let mut sparse = [(0, 0.0)];
        scale_sparse_to_unit(&mut sparse);
        assert_eq!(sparse, [(0, 0.0)]);
    }

    #[test]
    fn cosine_does_not_depend_on_length() {
        let rows = array![[3.0, 4.0], [-6.0, -8.0], [4.0, -3.0], [0.0, 0.0]];
        let score = |a: usize, b: usize| cosine(rows.row(a), rows.row(b));
        assert_eq!(
            [score(0, 0), score(0, 1), score(0, 2), score(0, 3)].map(f32::to_bits),
            [1.0_f32, -1.0, 0.0, 0.0].map(f32::to_bits)
        );
    }
}
