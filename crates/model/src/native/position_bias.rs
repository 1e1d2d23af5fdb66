/// Spreads the biases of the buckets, `[buckets, heads]`, over all distances:
/// `[heads, 2 · span − 1]`, the bias of a query at i and a key at j at `span − 1 + j − i`.
pub(crate) fn by_distance(biases: &[f32], heads: usize, span: usize) -> Vec<f32> {
    let buckets = biases.len() / heads;
    let distances = 0..2 * span - 1;
    (0..heads)
        .flat_map(|head| {
            distances.clone().map(move |at| {
                let (behind, distance) = (at >= span, at.abs_diff(span - 1));
                biases[bucket(behind, distance, buckets) * heads + head]
            })
        })
        .collect()
}

/// The bucket of a distance (<https://arxiv.org/abs/1910.10683>, in the words of transformers):
/// one half for keys behind the query; of a half, the first buckets hold one distance each, the
/// rest grow by a constant factor up to distance 128.
fn bucket(behind: bool, distance: usize, buckets: usize) -> usize {
    const MAX_DISTANCE: f32 = 128.0;
    let half = buckets / 2;
    let exact = half / 2;
    let first = if behind { half } else { 0 };
    if distance < exact {
        return first + distance;
    }
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positions are small, and the logarithm is not negative"
    )]
    let large = {
        // In f32, because the borders of the buckets are where f32 puts them.
        let (exact, rest) = (exact as f32, (half - exact) as f32);
        ((distance as f32 / exact).ln() / (MAX_DISTANCE / exact).ln() * rest) as usize
    };
    first + (exact + large).min(half - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_fall_into_the_buckets_of_transformers() {
        let of = |distances: &[usize]| -> Vec<usize> {
            distances.iter().map(|&d| bucket(false, d, 32)).collect()
        };
        assert_eq!(of(&[0, 1, 7, 8, 11, 12, 15, 16]), [0, 1, 7, 8, 8, 9, 9, 10]);
        assert_eq!(
            of(&[22, 23, 31, 32, 45, 46, 63]),
            [10, 11, 11, 12, 12, 13, 13]
        );
        assert_eq!(of(&[64, 90, 91, 127, 128, 500]), [14, 14, 15, 15, 15, 15]);
        assert_eq!(bucket(true, 1, 32), 17);
        assert_eq!(bucket(true, 500, 32), 31);
    }

    #[test]
    fn each_head_has_its_row() {
        // 4 buckets: 0 and 1 for keys before, 2 and 3 for keys behind; head 0, then head 1.
        let biases = [0.0, 10.0, 1.0, 11.0, 2.0, 12.0, 3.0, 13.0];
        let spread = by_distance(&biases, 2, 3);
        assert_eq!(spread[..5], [1.0, 1.0, 0.0, 3.0, 3.0]);
        assert_eq!(spread[5..], [11.0, 11.0, 10.0, 13.0, 13.0]);
    }
}
