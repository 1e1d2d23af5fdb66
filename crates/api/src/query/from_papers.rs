//! Several papers as one query: their directions, or the nearest of them, or a classifier.

use ndarray::{Array1, Array2, ArrayView1};

use crate::query::linear_svm::separate;

/// The weights of Rocchio's formula for wanted and unwanted papers.
const WANTED: f64 = 0.75;
const UNWANTED: f64 = 0.15;

/// Groups vectors, of length 1, so that the mean cosine between the vectors of two groups is at most
/// `apart`: average linkage, the nearest two groups first. Largest group first, then by first place.
pub(crate) fn groups(vectors: &[ArrayView1<'_, f32>], apart: f64) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = (0..vectors.len()).map(|place| vec![place]).collect();
    // Sums of cosines between groups; those of two groups that become one are added.
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
                if mean > apart && nearest.is_none_or(|(_, _, best)| mean > best) {
                    nearest = Some((a, b, mean));
                }
            }
        }
        let Some((a, b, _)) = nearest else {
            groups.sort_by_key(|group| (std::cmp::Reverse(group.len()), group[0]));
            return groups;
        };
        let joined = groups.remove(b);
        let (into, from) = (groups[a][0], joined[0]);
        for other in 0..vectors.len() {
            let sum = sums[(from, other)];
            sums[(into, other)] += sum;
        }
        for other in 0..vectors.len() {
            let sum = sums[(other, from)];
            sums[(other, into)] += sum;
        }
        groups[a].extend(joined);
        groups[a].sort_unstable();
    }
}

/// The direction to the wanted vectors and away from the unwanted, of length 1; nothing where they
/// cancel one another out. The direction to one vector is that vector, bit for bit.
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
    unit(&sum)
}

/// The direction in which a classifier finds the first `wanted` of `rows`; nothing where there is none.
pub(crate) fn classified(rows: &Array2<f32>, wanted: usize) -> Option<Array1<f32>> {
    unit(&separate(rows.view(), wanted))
}

/// A vector plus 0.75 times the mean of the vectors found by it, of length 1.
pub(crate) fn towards(
    query: ArrayView1<'_, f32>,
    found: &[ArrayView1<'_, f32>],
) -> Option<Array1<f32>> {
    let mut sum = query.mapv(f64::from);
    let length = sum.dot(&sum).sqrt();
    sum /= length;
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of papers are far below 2^52"
    )]
    let weight = WANTED / found.len().max(1) as f64;
    for vector in found {
        sum.zip_mut_with(vector, |sum, &value| *sum += weight * f64::from(value));
    }
    unit(&sum)
}

fn unit(vector: &Array1<f64>) -> Option<Array1<f32>> {
    let length = vector.dot(vector).sqrt();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a vector is f32, rounded once"
    )]
    let unit = || vector.mapv(|value| (value / length) as f32);
    (length > 1e-6).then(unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn unit_of(x: f32, y: f32, z: f32) -> Array1<f32> {
        unit(&array![f64::from(x), f64::from(y), f64::from(z)]).unwrap()
    }

    #[test]
    fn keeps_apart_what_is_far_apart() {
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
    fn weighs_wanted_and_unwanted_as_rocchio_does() {
        let (x, y) = (unit_of(1.0, 0.0, 0.0), unit_of(0.0, 1.0, 0.0));
        assert_eq!(direction(&[x.view()], &[]).unwrap(), x);
        let away = direction(&[x.view()], &[y.view()]).unwrap();
        assert!((away[1] / away[0] + 0.2).abs() < 1e-6, "{away}");
        assert_eq!(direction(&[x.view(), (-&x).view()], &[]), None);
        let nearer = towards(x.view(), &[y.view(), x.view()]).unwrap();
        assert!(
            (nearer[1] / nearer[0] - 0.375 / 1.375).abs() < 1e-6,
            "{nearer}"
        );
    }
}
