/// The bias of the scores of a panel, as rows of one value for each query.
///
/// The values of a key are contiguous, one for each query, and the keys are a constant distance apart:
/// −1 for a bias by distance, of which all keys share one row.
#[derive(Clone, Copy, Debug)]
pub(super) struct PanelBias<'a> {
    values: &'a [f32],
    /// The index of the value of query 0 and key 0, if there is one.
    origin: isize,
    /// The distance between the first values of two neighboring keys.
    key_stride: isize,
}

impl<'a> PanelBias<'a> {
    /// Returns the bias of query i and key j at `tokens − 1 + i − j`.
    pub(super) fn of_distances(values: &'a [f32], tokens: usize) -> Self {
        Self {
            values,
            origin: tokens.cast_signed() - 1,
            key_stride: -1,
        }
    }

    /// Returns the bias of query i and key j at `j · stride + i − first_query`.
    pub(super) fn of_pairs(values: &'a [f32], stride: usize, first_query: usize) -> Self {
        Self {
            values,
            origin: -first_query.cast_signed(),
            key_stride: stride.cast_signed(),
        }
    }

    /// Returns the bias whose first query is the query `first`.
    pub(super) fn starting_at(self, first: usize) -> Self {
        Self {
            origin: self.origin + first.cast_signed(),
            ..self
        }
    }

    /// Returns the values of a key, from the first query on.
    #[inline]
    pub(super) fn of_key(&self, key: usize) -> &'a [f32] {
        let at = self.origin + key.cast_signed() * self.key_stride;
        &self.values[at.cast_unsigned()..]
    }
}
