use nalgebra::{DMatrix, SymmetricEigen};
use ndarray::Array2;

/// The largest number of rows that are rotated one by one. A product of matrices copies the whole matrix
/// first, which takes longer than such a rotation.
const FEW_ROWS: usize = 4;

/// An orthogonal matrix whose first rows are the directions in which vectors vary most.
pub(crate) struct Rotation {
    /// `[dim, dim]`
    matrix: Array2<f64>,
    /// The distance from an orthogonal matrix: the Frobenius norm of `RᵀR − I`.
    distortion: f64,
}

impl Rotation {
    /// Computes the principal directions of a sample, `[n, dim]`, around the origin: the
    /// eigenvectors of its second moments, by descending eigenvalue. Returns `None` if they are not
    /// finite.
    pub(crate) fn learn(dim: usize, sample: &[f32]) -> Option<Self> {
        let sample = to_f64(dim, sample);
        let moments = sample.t().dot(&sample);
        let moments = DMatrix::from_fn(dim, dim, |i, j| moments[[i, j]]);
        let eigen = SymmetricEigen::new(moments);
        let mut order: Vec<usize> = (0..dim).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        let matrix = Array2::from_shape_fn((dim, dim), |(i, j)| eigen.eigenvectors[(j, order[i])]);
        let mut error = matrix.dot(&matrix.t());
        error.diag_mut().mapv_inplace(|x| x - 1.0);
        let distortion = error.iter().map(|x| x * x).sum::<f64>().sqrt();
        distortion
            .is_finite()
            .then_some(Self { matrix, distortion })
    }

    /// Restores a rotation from its values, `[dim, dim]`. Returns `None` if there are not `dim²` of
    /// them.
    pub(crate) fn from_values(dim: usize, values: Vec<f64>, distortion: f64) -> Option<Self> {
        let matrix = Array2::from_shape_vec((dim, dim), values).ok()?;
        Some(Self { matrix, distortion })
    }

    pub(crate) fn dim(&self) -> usize {
        self.matrix.nrows()
    }

    /// Returns the values of the matrix, `[dim, dim]`.
    pub(crate) fn values(&self) -> impl Iterator<Item = f64> {
        self.matrix.iter().copied()
    }

    pub(crate) fn distortion(&self) -> f64 {
        self.distortion
    }

    /// Rotates the rows of `[n, dim]`, in f64.
    pub(crate) fn apply(&self, rows: &[f32]) -> Array2<f64> {
        let mut rows = to_f64(self.dim(), rows);
        if rows.nrows() > FEW_ROWS {
            return rows.dot(&self.matrix.t());
        }
        for mut row in rows.outer_iter_mut() {
            let rotated = self.matrix.dot(&row);
            row.assign(&rotated);
        }
        rows
    }
}

/// Converts `[n, dim]` to f64.
fn to_f64(dim: usize, values: &[f32]) -> Array2<f64> {
    Array2::from_shape_fn((values.len() / dim, dim), |(i, j)| {
        f64::from(values[i * dim + j])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_are_rotated_as_many_are() {
        let dim = 37;
        let value =
            |i: usize| (f32::from(u16::try_from(i * 7919 % 1009).unwrap()) - 504.0) / 1009.0;
        let rows: Vec<f32> = (0..dim * (FEW_ROWS + 1)).map(value).collect();
        let rotation = Rotation::learn(dim, &rows).unwrap();
        let all = rotation.apply(&rows);
        for n in 1..=FEW_ROWS {
            let few = rotation.apply(&rows[..n * dim]);
            assert_eq!(few.dim(), (n, dim));
            for (few, all) in few.iter().zip(&all) {
                assert!((few - all).abs() < 1e-13, "{few} {all}");
            }
        }
    }
}
