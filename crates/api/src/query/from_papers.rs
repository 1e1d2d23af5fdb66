//! Turns several papers into directions to search in: by Rocchio's formula, one direction per subject,
//! or by a classifier.

use ndarray::{Array1, Array2, ArrayView1};

use crate::query::linear_svm::separate;
use crate::unit_vector::{length, to_unit};

/// The weight of the mean of the wanted papers in Rocchio's formula.
const WANTED: f64 = 0.75;

/// The weight of the mean of the unwanted papers in Rocchio's formula, which is subtracted.
const UNWANTED: f64 = 0.15;

/// Clusters unit vectors by average linkage until the mean cosine between any two clusters is at most
/// `threshold`.
///
/// Returns the positions of the vectors of each cluster in ascending order, the largest cluster first,
/// clusters of the same size in the order of their first members.
pub(crate) fn groups(vectors: &[ArrayView1<'_, f32>], threshold: f64) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = (0..vectors.len()).map(|member| vec![member]).collect();
    // The sum of the cosines between two groups is at the positions of their first members. When two
    // groups are merged, their sums are added.
    let mut sums = Array2::from_shape_fn((vectors.len(), vectors.len()), |(a, b)| {
        f64::from(vectors[a].dot(&vectors[b]))
    });
    loop {
        let mut nearest: Option<(usize, usize, f64)> = None;
        for a in 0..groups.len() {
            for b in a + 1..groups.len() {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "numbers of papers are far below 2^52"
                )]
                let pairs = (groups[a].len() * groups[b].len()) as f64;
                let mean = sums[(groups[a][0], groups[b][0])] / pairs;
                if mean > threshold && nearest.is_none_or(|(_, _, best)| mean > best) {
                    nearest = Some((a, b, mean));
                }
            }
        }
        let Some((a, b, _)) = nearest else {
            groups.sort_by_key(|group| (std::cmp::Reverse(group.len()), group[0]));
            return groups;
        };
        let merged = groups.remove(b);
        let (into, from) = (groups[a][0], merged[0]);
        for other in 0..vectors.len() {
            let sum = sums[(from, other)];
            sums[(into, other)] += sum;
        }
        for other in 0..vectors.len() {
            let sum = sums[(other, from)];
            sums[(other, into)] += sum;
        }
        groups[a].extend(merged);
        groups[a].sort_unstable();
    }
}

/// Returns the unit vector toward the wanted vectors and away from the unwanted ones by Rocchio's
/// formula, or `None` if the vectors cancel one another out. For one wanted vector alone, the result is
/// that vector, bit for bit.
pub(crate) fn direction(
    wanted: &[ArrayView1<'_, f32>],
    unwanted: &[ArrayView1<'_, f32>],
) -> Option<Array1<f32>> {
    if let ([one], []) = (wanted, unwanted) {
        return Some(one.to_owned());
    }
    let dim = wanted.first()?.len();
    let mut sum: Array1<f64> = Array1::zeros(dim);
    for (vectors, weight) in [(wanted, WANTED), (unwanted, -UNWANTED)] {
        #[expect(
            clippy::cast_precision_loss,
            reason = "numbers of papers are far below 2^52"
        )]
        let weight = weight / vectors.len().max(1) as f64;
        for vector in vectors {
            sum.zip_mut_with(vector, |sum, &value| *sum += weight * f64::from(value));
        }
    }
    to_unit(&sum)
}

/// Returns the unit vector along which a linear classifier separates the first `wanted` rows from the
/// other rows, or `None` if there is none.
pub(crate) fn classified(rows: &Array2<f32>, wanted: usize) -> Option<Array1<f32>> {
    to_unit(&separate(rows.view(), wanted))
}

/// The weight of the mean of the vectors that a query found when the query is moved toward them.
const FOUND: f64 = 0.3;

/// Moves a query toward the mean of the vectors that it found: the query scaled to length 1, plus 0.3
/// times the mean, scaled to length 1 again. Returns `None` if the two cancel each other out.
pub(crate) fn rocchio(
    query: ArrayView1<'_, f32>,
    found: &[ArrayView1<'_, f32>],
) -> Option<Array1<f32>> {
    let mut sum = query.mapv(f64::from);
    sum /= length(&sum);
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of papers are far below 2^52"
    )]
    let weight = FOUND / found.len().max(1) as f64;
    for vector in found {
        sum.zip_mut_with(vector, |sum, &value| *sum += weight * f64::from(value));
    }
    to_unit(&sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn unit_of(x: f32, y: f32, z: f32) -> Array1<f32> {
        to_unit(&array![f64::from(x), f64::from(y), f64::from(z)]).unwrap()
    }

    #[test]
    fn merges_groups_until_all_are_below_the_threshold() {
        let vectors = [
            unit_of(1.0, 0.0, 0.0),
            unit_of(0.0, 1.0, 0.1),
            unit_of(0.9, 0.1, 0.0),
            unit_of(0.0, 1.0, 0.0),
            unit_of(1.0, 0.1, 0.1),
        ];
        let views: Vec<_> = vectors.iter().map(|vector| vector.view()).collect();
        assert_eq!(groups(&views, 0.3), [vec![0, 2, 4], vec![1, 3]]);
        assert_eq!(groups(&views, -1.0), [vec![0, 1, 2, 3, 4]]);
        assert_eq!(groups(&views, 1.1).len(), 5);
        assert!(groups(&[], 0.3).is_empty());
    }

    #[test]
    fn weighs_wanted_and_unwanted_by_rocchios_formula() {
        let (x, y) = (unit_of(1.0, 0.0, 0.0), unit_of(0.0, 1.0, 0.0));
        assert_eq!(direction(&[x.view()], &[]).unwrap(), x);
        let away = direction(&[x.view()], &[y.view()]).unwrap();
        assert!((away[1] / away[0] + 0.2).abs() < 1e-6, "{away}");
        assert_eq!(direction(&[x.view(), (-&x).view()], &[]), None);
        let nearer = rocchio(x.view(), &[y.view(), x.view()]).unwrap();
        assert!(
            (nearer[1] / nearer[0] - 0.15 / 1.15).abs() < 1e-6,
            "{nearer}"
        );
    }
}
