use ndarray::Array2;

/// Scales each row to length 1, as `torch.nn.functional.normalize` does: a row shorter than 1e-12
/// is divided by 1e-12 instead of its length, so that a zero row stays zero.
pub(crate) fn normalize_rows(rows: &mut Array2<f32>) {
    for mut row in rows.outer_iter_mut() {
        let squares: f64 = row
            .iter()
            .map(|&value| f64::from(value) * f64::from(value))
            .sum();
        let length = squares.sqrt().max(1e-12);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the result is f32, rounded once"
        )]
        row.mapv_inplace(|value| (f64::from(value) / length) as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn scales_to_length_one_and_keeps_zero_rows() {
        let mut rows = array![[3.0, -4.0], [0.0, 0.0], [1e-30, 0.0]];
        normalize_rows(&mut rows);
        assert_eq!(rows, array![[0.6, -0.8], [0.0, 0.0], [1e-18, 0.0]]);
    }
}
