/// The relative positions that have an embedding of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Buckets {
    /// The number of embeddings in each direction.
    pub(super) span: usize,
    /// The distance whose bucket is the last one, if half of the buckets of a direction have a width
    /// that grows by a constant factor; `None` if all buckets have one distance each.
    pub(super) logarithmic: Option<usize>,
}

impl Buckets {
    /// Returns the number of embeddings of both directions.
    pub(super) fn rows(self) -> usize {
        2 * self.span
    }

    /// Returns the row of query i and key j at `max_tokens − 1 + i − j`.
    pub(super) fn rows_of_distances(self, max_tokens: usize) -> Vec<usize> {
        let row = |at: usize| {
            let bucket = self.bucket(at.abs_diff(max_tokens - 1));
            if at < max_tokens - 1 {
                self.span.saturating_sub(bucket)
            } else {
                (self.span + bucket).min(self.rows() - 1)
            }
        };
        (0..2 * max_tokens - 1).map(row).collect()
    }

    /// Returns the bucket of a distance, following the implementation in transformers.
    fn bucket(self, distance: usize) -> usize {
        let middle = self.span / 2;
        match self.logarithmic {
            Some(last) if distance > middle => {
                #[expect(
                    clippy::cast_precision_loss,
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "positions are small, and the logarithm is positive"
                )]
                let steps = {
                    // In f32, like transformers: f64 would move some distances to another bucket.
                    let [distance, last, middle] = [distance, last, middle].map(|x| x as f32);
                    let share = (distance / middle).ln() / (last / middle).ln();
                    (share * (middle - 1.0)).ceil() as usize
                };
                middle + steps
            }
            _ => distance,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_fall_into_the_buckets_of_transformers() {
        let buckets = |span, positions: usize, distances: &[usize]| -> Vec<usize> {
            let logarithmic = Some(positions - 1);
            let buckets = Buckets { span, logarithmic };
            distances.iter().map(|&d| buckets.bucket(d)).collect()
        };
        let first: Vec<usize> = (0..48).collect();
        let expected = [
            0, 1, 2, 3, 4, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7,
            7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
        ];
        assert_eq!(buckets(8, 48, &first), expected);
        let distances = [127, 128, 129, 510, 511, 512, 1024];
        let expected = [127, 128, 129, 255, 255, 256, 319];
        assert_eq!(buckets(256, 512, &distances), expected);
        assert_eq!(
            buckets(16, 512, &[8, 9, 510, 511, 512, 1024]),
            [8, 9, 15, 15, 16, 17]
        );
    }

    #[test]
    fn rows_increase_with_the_distance_and_stay_in_the_table() {
        for logarithmic in [None, Some(11)] {
            let buckets = Buckets {
                span: 6,
                logarithmic,
            };
            for max_tokens in [1, 2, 40] {
                let rows = buckets.rows_of_distances(max_tokens);
                assert_eq!(rows.len(), 2 * max_tokens - 1);
                assert_eq!(rows[max_tokens - 1], 6);
                assert!(rows.is_sorted() && rows.iter().all(|&row| row < 12));
            }
        }
        let buckets = Buckets {
            span: 3,
            logarithmic: None,
        };
        assert_eq!(buckets.rows_of_distances(5), [0, 0, 1, 2, 3, 4, 5, 5, 5]);
    }
}
