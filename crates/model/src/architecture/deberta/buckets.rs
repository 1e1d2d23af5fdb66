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
