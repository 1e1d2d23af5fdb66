/// Expands the biases of the buckets, `[buckets, heads]`, to one bias for each distance:
/// `[heads, 2 · span − 1]`, with the bias of query i and key j at `span − 1 + j − i`.
pub(crate) fn expand_buckets(biases: &[f32], heads: usize, span: usize) -> Vec<f32> {
    let buckets = biases.len() / heads;
    let distances = 0..2 * span - 1;
    (0..heads)
        .flat_map(|head| {
            distances.clone().map(move |at| {
                let (is_after, distance) = (at >= span, at.abs_diff(span - 1));
                biases[bucket(is_after, distance, buckets) * heads + head]
            })
        })
        .collect()
}

/// Returns the bucket of a distance between a query and a key (<https://arxiv.org/abs/1910.10683>),
/// following the implementation in transformers.
///
/// Keys after the query use the second half of the buckets. Within a half, the first buckets hold
/// one distance each, and the width of the remaining ones grows by a constant factor up to
/// distance 128.
fn bucket(is_after: bool, distance: usize, buckets: usize) -> usize {
    const MAX_DISTANCE: f32 = 128.0;
    let half = buckets / 2;
    let exact = half / 2;
    let first = if is_after { half } else { 0 };
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
        // In f32, like transformers: f64 would move some distances to another bucket.
        let (exact, growing) = (exact as f32, (half - exact) as f32);
        ((distance as f32 / exact).ln() / (MAX_DISTANCE / exact).ln() * growing) as usize
    };
    first + (exact + large).min(half - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_fall_into_the_buckets_of_transformers() {
        let buckets = |distances: &[usize]| -> Vec<usize> {
            distances.iter().map(|&d| bucket(false, d, 32)).collect()
        };
        assert_eq!(
            buckets(&[0, 1, 7, 8, 11, 12, 15, 16]),
            [0, 1, 7, 8, 8, 9, 9, 10]
        );
        assert_eq!(
            buckets(&[22, 23, 31, 32, 45, 46, 63]),
            [10, 11, 11, 12, 12, 13, 13]
        );
        assert_eq!(
            buckets(&[64, 90, 91, 127, 128, 500]),
            [14, 14, 15, 15, 15, 15]
        );
        assert_eq!(bucket(true, 1, 32), 17);
        assert_eq!(bucket(true, 500, 32), 31);
    }

    #[test]
    fn each_head_has_its_row() {
        // 4 buckets: 0 and 1 for keys before the query, 2 and 3 for keys after it. Each bucket has
        // the bias of head 0, then that of head 1.
        let biases = [0.0, 10.0, 1.0, 11.0, 2.0, 12.0, 3.0, 13.0];
        let expanded = expand_buckets(&biases, 2, 3);
        assert_eq!(expanded[..5], [1.0, 1.0, 0.0, 3.0, 3.0]);
        assert_eq!(expanded[5..], [11.0, 11.0, 10.0, 13.0, 13.0]);
    }
}
