//! Normalization: the one place of the crate that makes unit vectors.

use ndarray::{Array1, ArrayView1, ArrayView2};
use rayon::prelude::*;

use crate::{Error, Flaw, Result};

/// The distance of a norm from 1 up to which a vector counts as a unit vector.
const TOLERANCE: f64 = 1e-6;

/// Returns a vector divided by its Euclidean norm, as an index stores it.
///
/// A vector whose norm is within 10⁻⁶ of 1 is returned bit for bit, so that normalizing is
/// idempotent. The norm and the quotients are computed in f64, and each component is rounded to
/// f32 once.
///
/// # Errors
///
/// Returns the [`Flaw`] of a vector that is zero or has a component that is infinite or NaN.
///
/// # Examples
///
/// ```
/// use cognate_index::{Flaw, unit_vector};
/// use ndarray::array;
///
/// assert_eq!(unit_vector(array![3.0, 4.0].view())?, array![0.6, 0.8]);
/// assert_eq!(unit_vector(array![0.0, 0.0].view()), Err(Flaw::Zero));
/// # Ok::<(), Flaw>(())
/// ```
pub fn unit_vector(vector: ArrayView1<'_, f32>) -> Result<Array1<f32>, Flaw> {
    let mut unit = vec![0.0; vector.len()];
    write_unit(vector, &mut unit)?;
    Ok(Array1::from_vec(unit))
}

/// Normalizes the rows of `[n, dim]` and appends them to `out`.
///
/// # Errors
///
/// Returns the first row that cannot be normalized and its [`Flaw`], and leaves `out` unchanged.
pub(crate) fn extend_with_unit_rows(
    out: &mut Vec<f32>,
    rows: ArrayView2<'_, f32>,
) -> Result<(), (usize, Flaw)> {
    let dim = rows.ncols();
    let start = out.len();
    out.resize(start + rows.len(), 0.0);
    let flawed = out[start..]
        .par_chunks_exact_mut(dim)
        .with_min_len(64)
        .enumerate()
        .find_map_first(|(row, out)| Some((row, write_unit(rows.row(row), out).err()?)));
    if flawed.is_some() {
        out.truncate(start);
    }
    flawed.map_or(Ok(()), Err)
}

/// Normalizes a vector into a slice of the same length, as [`unit_vector`] does.
pub(crate) fn write_unit(vector: ArrayView1<'_, f32>, out: &mut [f32]) -> Result<(), Flaw> {
    match vector.as_slice() {
        Some(vector) => out.copy_from_slice(vector),
        None => out.iter_mut().zip(vector).for_each(|(out, x)| *out = *x),
    }
    let norm = norm(out);
    if !norm.is_finite() {
        let component = out.iter().position(|x| !x.is_finite()).unwrap_or(0);
        let found = out.get(component).copied().unwrap_or(f32::NAN);
        return Err(Flaw::NotFinite { component, found });
    }
    // The square of an f32 does not underflow in f64, so only a zero vector has norm 0.
    if norm == 0.0 {
        return Err(Flaw::Zero);
    }
    if (norm - 1.0).abs() > TOLERANCE {
        for x in out {
            *x = rounded(f64::from(*x) / norm);
        }
    }
    Ok(())
}

/// Returns whether a vector is one that [`write_unit`] may return.
pub(crate) fn is_unit(row: &[f32]) -> bool {
    (norm(row) - 1.0).abs() <= TOLERANCE
}

/// Returns the Euclidean norm, which is finite if and only if all components are.
///
/// The square of an f32 is exact in f64 and at most 2²⁵⁶, so no sum overflows.
fn norm(vector: &[f32]) -> f64 {
    const LANES: usize = 8;
    let mut lanes = [0.0; LANES];
    let (chunks, remainder) = vector.as_chunks::<LANES>();
    for chunk in chunks {
        add_squares(&mut lanes, chunk);
    }
    add_squares(&mut lanes, remainder);
    lanes.iter().sum::<f64>().sqrt()
}

fn add_squares(lanes: &mut [f64], vector: &[f32]) {
    for (lane, x) in lanes.iter_mut().zip(vector) {
        *lane += f64::from(*x) * f64::from(*x);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "rounding is intended")]
fn rounded(x: f64) -> f32 {
    x as f32
}

/// Returns a function that makes the error for a row with a flaw; the row is counted from row
/// `offset` of the caller's matrix.
pub(crate) fn invalid_row(offset: usize) -> impl FnOnce((usize, Flaw)) -> Error {
    move |(row, flaw)| Error::InvalidRow {
        row: offset + row,
        flaw,
    }
}

/// Returns the error for a query with a flaw.
pub(crate) fn invalid_query((query, flaw): (usize, Flaw)) -> Error {
    Error::InvalidQuery { query, flaw }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, ShapeBuilder, arr2, aview1, s};
    use proptest::prelude::*;

    use super::*;

    fn unit(vector: &[f32]) -> Result<Vec<f32>, Flaw> {
        let mut out = vec![f32::NAN; vector.len()];
        write_unit(aview1(vector), &mut out).map(|()| out)
    }

    fn bits(vector: &[f32]) -> Vec<u32> {
        vector.iter().map(|x| x.to_bits()).collect()
    }

    #[test]
    fn tiny_and_huge_vectors_are_normalized() {
        for scale in [f32::from_bits(1), f32::MIN_POSITIVE, 1e-20, 1e20, f32::MAX] {
            let found = unit(&[scale, -scale]).unwrap();
            let half = 0.5f64.sqrt();
            assert_eq!(
                bits(&found),
                bits(&[rounded(half), rounded(-half)]),
                "{scale}"
            );
        }
        assert_eq!(unit(&[0.0, f32::from_bits(1)]).unwrap(), [0.0, 1.0]);
    }

    #[test]
    fn vectors_without_a_direction_are_refused() {
        assert_eq!(unit(&[0.0, -0.0]), Err(Flaw::Zero));
        for (bad, printed) in [
            (f32::NAN, "NaN"),
            (f32::INFINITY, "inf"),
            (f32::NEG_INFINITY, "-inf"),
        ] {
            let message = unit(&[f32::MAX, 1.0, bad, bad]).unwrap_err().to_string();
            let expected = format!("holds `{printed}` in component 2, expected finite numbers");
            assert_eq!(message, expected);
        }
    }

    #[test]
    fn unit_vectors_are_kept_bit_for_bit() {
        for near in [1.0, 1.0 + 9e-7, 1.0 - 9e-7, -1.0] {
            let vector = [near, 0.0, -0.0, 1e-30];
            assert_eq!(bits(&unit(&vector).unwrap()), bits(&vector));
        }
        assert_eq!(unit(&[1.00001]).unwrap(), [1.0]);
    }

    #[test]
    fn the_first_flawed_row_is_reported_and_nothing_is_appended() {
        let mut rows = Array2::ones((1000, 3));
        rows.slice_mut(s![700.., ..]).fill(0.0);
        rows[[900, 1]] = f32::NAN;
        let mut out = vec![5.0];
        let bad = extend_with_unit_rows(&mut out, rows.view());
        assert_eq!(bad, Err((700, Flaw::Zero)));
        assert_eq!(out, [5.0]);
    }

    #[test]
    fn the_memory_layout_does_not_change_the_result() {
        let rows = arr2(&[[1.0, 2.0, 3.0], [-4.0, 5.0, 6.0], [7.0, 8.0, -9.0]]);
        let mut expected = Vec::new();
        extend_with_unit_rows(&mut expected, rows.view()).unwrap();
        let mut columns = Array2::zeros((3, 3).f());
        columns.assign(&rows);
        let mut wide = Array2::zeros((6, 6));
        wide.slice_mut(s![..;2, ..;-2]).assign(&rows);
        for view in [columns.view(), wide.slice(s![..;2, ..;-2])] {
            let mut found = Vec::new();
            extend_with_unit_rows(&mut found, view).unwrap();
            assert_eq!(bits(&found), bits(&expected));
        }
    }

    proptest! {
        #[test]
        fn the_norm_is_one_and_normalizing_is_idempotent(
            vector in prop::collection::vec(
                prop::num::f32::NORMAL | prop::num::f32::SUBNORMAL | prop::num::f32::ZERO, 1..100,
            )
        ) {
            prop_assume!(vector.iter().any(|x| *x != 0.0));
            let once = unit(&vector).unwrap();
            prop_assert!(is_unit(&once));
            prop_assert_eq!(bits(&unit(&once).unwrap()), bits(&once));
        }

        #[test]
        fn each_component_is_the_exact_quotient_rounded_once(
            vector in prop::collection::vec(-1e3f32..1e3, 1..50)
        ) {
            let norm = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
            prop_assume!((norm - 1.0).abs() > 1e-5);
            for (x, found) in vector.iter().zip(unit(&vector).unwrap()) {
                let exact = f64::from(*x) / norm;
                let error = (f64::from(found) - exact).abs();
                prop_assert!(error <= exact.abs() * f64::from(f32::EPSILON) * 0.500_001 + 1e-45);
            }
        }
    }
}
