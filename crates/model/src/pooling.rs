use ndarray::{Array2, ArrayView2, Axis, Slice};

use crate::{Error, Result, TokenBatch};

/// How the hidden states of a text are pooled into one row.
///
/// The names and the formulas are those of sentence-transformers. The `Debug` form of a variant is
/// part of fingerprints and must not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PoolingMode {
    /// The hidden state of the first token.
    Cls,
    /// The maximum of each dimension.
    Max,
    /// The mean over all tokens.
    Mean,
    /// The sum over all tokens, divided by the square root of their number.
    MeanSqrtLen,
    /// The mean weighted by position, 1, 2, 3, … (<https://arxiv.org/abs/2202.08904>).
    WeightedMean,
    /// The hidden state of the last token.
    LastToken,
}

/// The pooling of a checkpoint: one mode, or several whose results are concatenated.
///
/// The `Debug` form is part of fingerprints and must not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pooling {
    /// The modes in the order in which their results are concatenated.
    pub(crate) modes: Vec<PoolingMode>,
    /// Whether the tokens of a prompt count too.
    pub(crate) include_prompt: bool,
}

impl Pooling {
    /// Returns the pooling in front of the head of a cross-encoder: the first token.
    pub(crate) fn first_token() -> Self {
        Self {
            modes: vec![PoolingMode::Cls],
            include_prompt: true,
        }
    }

    /// Returns the mean over all tokens.
    pub(crate) fn mean() -> Self {
        Self {
            modes: vec![PoolingMode::Mean],
            include_prompt: true,
        }
    }

    /// Returns the width of a pooled row.
    pub(crate) fn dim(&self, hidden_size: usize) -> usize {
        self.modes.len() * hidden_size
    }

    /// Returns how many tokens at the start of a text are not pooled, given the number of tokens of
    /// its prompt.
    pub(crate) fn skipped(&self, prompt_tokens: usize) -> usize {
        if self.include_prompt {
            0
        } else {
            prompt_tokens
        }
    }

    /// Pools the hidden states of each text into one row.
    ///
    /// `hidden` is `[T, hidden_size]`, packed like `batch`; the result is `[B, dim]`. Every token
    /// counts, special tokens included, as in sentence-transformers; only the first
    /// `prompt_tokens` are skipped if the checkpoint excludes the prompt.
    pub(crate) fn apply(
        &self,
        hidden: ArrayView2<'_, f32>,
        batch: &TokenBatch,
        prompt_tokens: usize,
    ) -> Result<Array2<f32>> {
        if hidden.nrows() != batch.ids().len() {
            return Err(Error::Shape {
                what: "rows of hidden states",
                expected: batch.ids().len(),
                found: hidden.nrows(),
            });
        }
        let width = hidden.ncols();
        let mut pooled = Array2::zeros((batch.len(), self.dim(width)));
        let skip = self.skipped(prompt_tokens);
        for (text, bounds) in batch.offsets().windows(2).enumerate() {
            let states = hidden.slice_axis(Axis(0), Slice::from(bounds[0]..bounds[1]));
            if states.is_empty() && !self.modes.iter().all(|mode| mode.is_average()) {
                return Err(Error::Shape {
                    what: "tokens of a text, least",
                    expected: 1,
                    found: 0,
                });
            }
            for (index, mode) in self.modes.iter().enumerate() {
                let row = mode.apply(states, skip.min(states.nrows()));
                let mut pooled = pooled.row_mut(text);
                let columns = Slice::from(index * width..(index + 1) * width);
                pooled
                    .slice_axis_mut(Axis(0), columns)
                    .into_iter()
                    .zip(row)
                    .for_each(|(to, value)| *to = value);
            }
        }
        Ok(pooled)
    }
}

impl PoolingMode {
    /// Returns whether the mode gives zeros for a text without tokens.
    fn is_average(self) -> bool {
        matches!(self, Self::Mean | Self::MeanSqrtLen | Self::WeightedMean)
    }

    /// Pools `states`, `[tokens, width]` with at least one token; the first `skip` tokens are
    /// masked.
    fn apply(self, states: ArrayView2<'_, f32>, skip: usize) -> Vec<f32> {
        let counted = states.slice_axis(Axis(0), Slice::from(skip..));
        match self {
            Self::Cls if skip == states.nrows() => states.row(0).to_vec(),
            Self::Cls => states.row(skip).to_vec(),
            Self::LastToken if skip == states.nrows() => vec![0.0; states.ncols()],
            Self::LastToken => states.row(states.nrows() - 1).to_vec(),
            Self::Max => counted
                .axis_iter(Axis(1))
                .map(|column| column.iter().copied().fold(f32::NEG_INFINITY, f32::max))
                .collect(),
            Self::Mean => weighted_sum(states, skip, |_| 1.0, |weight| weight),
            Self::MeanSqrtLen => weighted_sum(states, skip, |_| 1.0, f64::sqrt),
            #[expect(clippy::cast_precision_loss, reason = "a position is far below 2^52")]
            Self::WeightedMean => weighted_sum(
                states,
                skip,
                |position| (position + 1) as f64,
                |weight| weight,
            ),
        }
    }
}

/// Sums the rows from `skip` on, each multiplied by the `weight` of its position, and divides by the
/// `divisor` of the sum of the weights.
///
/// The sum is in f64, so that its rounding errors do not show in the f32 result.
fn weighted_sum(
    states: ArrayView2<'_, f32>,
    skip: usize,
    weight: impl Fn(usize) -> f64,
    divisor: impl Fn(f64) -> f64,
) -> Vec<f32> {
    let mut sums = vec![0.0; states.ncols()];
    let mut total = 0.0;
    for (position, row) in states.outer_iter().enumerate().skip(skip) {
        let weight = weight(position);
        total += weight;
        for (sum, &value) in sums.iter_mut().zip(row) {
            *sum += weight * f64::from(value);
        }
    }
    let divisor = divisor(total.max(1e-9));
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the result is f32, rounded once"
    )]
    sums.into_iter().map(|sum| (sum / divisor) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn pool(mode: PoolingMode, include_prompt: bool, prompt_tokens: usize) -> Vec<f32> {
        let hidden = array![[9.0, 9.0], [1.0, -4.0], [2.0, 0.0], [6.0, 1.0]];
        let batch = TokenBatch::new(vec![0; 4], vec![0, 1, 4]).unwrap();
        let pooling = Pooling {
            modes: vec![mode],
            include_prompt,
        };
        let pooled = pooling.apply(hidden.view(), &batch, prompt_tokens).unwrap();
        pooled.row(1).to_vec()
    }

    #[test]
    fn pools_each_text_separately() {
        assert_eq!(pool(PoolingMode::Cls, true, 0), [1.0, -4.0]);
        assert_eq!(pool(PoolingMode::LastToken, true, 0), [6.0, 1.0]);
        assert_eq!(pool(PoolingMode::Max, true, 0), [6.0, 1.0]);
        assert_eq!(pool(PoolingMode::Mean, true, 0), [3.0, -1.0]);
        assert_eq!(
            pool(PoolingMode::MeanSqrtLen, true, 0),
            [5.196_152, -1.732_050_8]
        );
        assert_eq!(
            pool(PoolingMode::WeightedMean, true, 0),
            [23.0 / 6.0, -1.0 / 6.0]
        );
    }

    #[test]
    fn skips_the_prompt_if_it_is_excluded() {
        assert_eq!(pool(PoolingMode::Mean, false, 1), [4.0, 0.5]);
        assert_eq!(
            pool(PoolingMode::WeightedMean, false, 1),
            [22.0 / 5.0, 3.0 / 5.0]
        );
        assert_eq!(pool(PoolingMode::Cls, false, 1), [2.0, 0.0]);
        assert_eq!(pool(PoolingMode::LastToken, false, 3), [0.0, 0.0]);
        assert_eq!(pool(PoolingMode::Mean, true, 1), [3.0, -1.0]);
    }

    #[test]
    fn refuses_hidden_states_of_another_batch() {
        let batch = TokenBatch::new(vec![0; 4], vec![0, 1, 4]).unwrap();
        let pooling = Pooling {
            modes: vec![PoolingMode::Mean],
            include_prompt: true,
        };
        let error = pooling
            .apply(Array2::zeros((3, 2)).view(), &batch, 0)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "rows of hidden states: expected 4, found 3"
        );
    }
}
