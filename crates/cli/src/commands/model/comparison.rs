//! How far the embeddings of a model are from given ones.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use ndarray::{Array2, ArrayView1};
use ndarray_npy::{ReadNpyError, read_npy};
use serde::Serialize;

use crate::output::count;

/// A difference of a value below which embeddings are the same but for rounding in f32.
pub(crate) const SAME: f64 = 5e-5;

/// A cosine above which two embeddings have the same direction.
const SAME_DIRECTION: f64 = 1.0 - 1e-6;

/// Embeddings compared with given ones. Rows are counted from 1.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Comparison {
    texts: usize,
    dim: usize,
    pub(crate) verdict: Verdict,
    greatest_difference: f64,
    greatest_difference_in: usize,
    mean_cosine: f64,
    least_cosine: f64,
    least_cosine_in: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// No value differs by [`SAME`] or more.
    Same,
    /// The directions are the same, and some lengths differ.
    SameDirections,
    Different,
}

/// Reads a matrix of float32 or float64, one row for each text.
pub(crate) fn read(path: &Path) -> Result<Array2<f64>> {
    let wide = || format!("cannot read `{}`", path.display());
    let rows = match read_npy::<_, Array2<f32>>(path) {
        Err(ReadNpyError::WrongDescriptor(_)) => read_npy::<_, Array2<f64>>(path),
        rows => rows.map(|rows| rows.mapv(f64::from)),
    };
    match rows {
        Err(ReadNpyError::WrongDescriptor(found)) => bail!(
            "`{}` holds values of the type {found}, expected float32 or float64",
            path.display()
        ),
        Err(ReadNpyError::ParseHeader(_)) => bail!(
            "`{}` is not a .npy file, expected a matrix of float32 or float64 as NumPy saves it",
            path.display()
        ),
        rows => rows.with_context(wide),
    }
}

impl Comparison {
    /// Compares the rows that a model gives with those that were read from the file `name`.
    pub(crate) fn new(found: &Array2<f32>, expected: &Array2<f64>, name: &str) -> Result<Self> {
        let (texts, dim) = found.dim();
        if expected.dim() != (texts, dim) {
            let (rows, values) = expected.dim();
            bail!(
                "`{name}` has {} of {}, expected {} of {}: one for each text",
                count(rows, "row"),
                count(values, "value"),
                count(texts, "row"),
                count(dim, "value"),
            );
        }
        if let Some(row) = expected
            .outer_iter()
            .position(|row| !row.iter().all(|x| x.is_finite()))
        {
            bail!("row {} of `{name}` has a value that is not finite", row + 1);
        }
        let mut comparison = Self {
            texts,
            dim,
            verdict: Verdict::Same,
            greatest_difference: 0.0,
            greatest_difference_in: 1,
            mean_cosine: 0.0,
            least_cosine: f64::INFINITY,
            least_cosine_in: 1,
        };
        for (row, (found, expected)) in found.outer_iter().zip(expected.outer_iter()).enumerate() {
            let found = found.mapv(f64::from);
            let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
            let difference = differences.fold(0.0, f64::max);
            if difference > comparison.greatest_difference {
                comparison.greatest_difference = difference;
                comparison.greatest_difference_in = row + 1;
            }
            let cosine = cosine(found.view(), expected);
            comparison.mean_cosine += cosine;
            if cosine < comparison.least_cosine {
                comparison.least_cosine = cosine;
                comparison.least_cosine_in = row + 1;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a number of texts")]
        let texts = texts.max(1) as f64;
        comparison.mean_cosine /= texts;
        comparison.verdict = match &comparison {
            Self {
                greatest_difference,
                ..
            } if *greatest_difference < SAME => Verdict::Same,
            Self { least_cosine, .. } if *least_cosine > SAME_DIRECTION => Verdict::SameDirections,
            _ => Verdict::Different,
        };
        Ok(comparison)
    }

    /// Describes the comparison with the file `name` by named values.
    pub(crate) fn fields(&self, name: &str) -> [(&'static str, String); 4] {
        let verdict = match self.verdict {
            Verdict::Same => format!("the same: no value differs by {SAME:e} or more"),
            Verdict::SameDirections => "the same directions, of other lengths".to_owned(),
            Verdict::Different => "different".to_owned(),
        };
        [
            (
                "compared",
                format!("{} with `{name}`", count(self.texts, "text")),
            ),
            (
                "difference",
                format!(
                    "at most {:.2e} of a value, in row {}",
                    self.greatest_difference, self.greatest_difference_in
                ),
            ),
            (
                "cosine",
                format!(
                    "{:.8} in the mean, {:.8} at least, in row {}",
                    self.mean_cosine, self.least_cosine, self.least_cosine_in
                ),
            ),
            ("verdict", verdict),
        ]
    }
}

/// Returns the cosine of two vectors, 1 for equal ones and 0 if only one of them is zero.
fn cosine(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> f64 {
    let norms = (a.dot(&a) * b.dot(&b)).sqrt();
    if a == b {
        1.0
    } else if norms.is_infinite() {
        // The squares of finite values may not be finite, unlike the squares of an embedding.
        let largest = b
            .iter()
            .fold(0.0, |largest: f64, value| largest.max(value.abs()));
        cosine(a, b.mapv(|value| value / largest).view())
    } else if norms > 0.0 {
        a.dot(&b) / norms
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn compare(found: &Array2<f32>, expected: &Array2<f64>) -> Comparison {
        Comparison::new(found, expected, "f.npy").unwrap()
    }

    #[test]
    fn the_greatest_difference_and_the_least_cosine_have_their_rows() {
        let found = array![[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]];
        let expected = array![[1.0, 0.0], [0.6, 0.8], [0.6, 0.8]];
        let comparison = compare(&found, &expected);
        assert_eq!(comparison.greatest_difference_in, 3);
        assert!((comparison.greatest_difference - 0.6).abs() < 1e-12);
        assert_eq!(comparison.least_cosine_in, 3);
        assert!((comparison.least_cosine - 0.8).abs() < 1e-12);
        assert!((comparison.mean_cosine - 2.8 / 3.0).abs() < 1e-7);
        assert_eq!(comparison.verdict, Verdict::Different);
    }

    #[test]
    fn the_verdict_tells_rounding_from_lengths_and_directions() {
        let found = array![[0.6, 0.8]];
        for (expected, verdict) in [
            (array![[0.600_049, 0.799_951]], Verdict::Same),
            (array![[0.600_051, 0.8]], Verdict::SameDirections),
            (array![[3.0, 4.0]], Verdict::SameDirections),
            (array![[3e200, 4e200]], Verdict::SameDirections),
            (array![[0.61, 0.79]], Verdict::Different),
            (array![[-0.6, -0.8]], Verdict::Different),
            (array![[0.0, 0.0]], Verdict::Different),
        ] {
            let comparison = compare(&found, &expected);
            assert_eq!(comparison.verdict, verdict, "{expected}");
        }
    }

    #[test]
    fn rows_that_cannot_be_compared_are_errors() {
        let error = |expected: &Array2<f64>| {
            let found = array![[0.6, 0.8]];
            let error = Comparison::new(&found, expected, "f.npy").unwrap_err();
            error.to_string()
        };
        assert_eq!(
            error(&array![[1.0, 0.0], [0.0, 1.0]]),
            "`f.npy` has 2 rows of 2 values, expected 1 row of 2 values: one for each text"
        );
        assert_eq!(
            error(&array![[1.0]]),
            "`f.npy` has 1 row of 1 value, expected 1 row of 2 values: one for each text"
        );
        assert_eq!(
            error(&array![[1.0, f64::NAN]]),
            "row 1 of `f.npy` has a value that is not finite"
        );
    }
}
