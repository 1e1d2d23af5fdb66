use ndarray::{Array2, ArrayView2, Axis, Slice};

use crate::{Error, Result, TokenBatch};

/// How the hidden states of a text become one row.
///
/// The names and the formulas are those of sentence-transformers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PoolingMode {
    /// The first token.
    Cls,
    /// The largest value of each dimension.
    Max,
    /// The average.
    Mean,
    /// The sum over the square root of the number of tokens.
    MeanSqrtLen,
    /// The average weighted by position, 1, 2, 3, … (<https://arxiv.org/abs/2202.08904>).
    WeightedMean,
    /// The last token.
    LastToken,
}

/// The pooling of a checkpoint: one or several modes, side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pooling {
    /// In the order in which their results are put side by side.
    pub(crate) modes: Vec<PoolingMode>,
    /// Whether the tokens of a prompt count too.
    pub(crate) include_prompt: bool,
}

impl Pooling {
    /// What the head of a cross-encoder reads.
    pub(crate) fn first_token() -> Self {
        Self {
            modes: vec![PoolingMode::Cls],
            include_prompt: true,
        }
    }

    /// The width of a pooled row.
    pub(crate) fn dim(&self, hidden_size: usize) -> usize {
        self.modes.len() * hidden_size
    }

    /// How many tokens of each text do not count, if its prompt has so many.
    pub(crate) fn skipped(&self, prompt_tokens: usize) -> usize {
        if self.include_prompt {
            0
        } else {
            prompt_tokens
        }
    }

    /// Turns the hidden states of each text into one row.
    ///
    /// `hidden` is `[T, hidden_size]`, packed as `batch` says; the result is `[B, dim]`. Every
    /// token counts, special tokens included, because that is what sentence-transformers does;
    /// only the first `prompt_tokens` are left out where the checkpoint says so.
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
            if states.is_empty() {
                return Err(Error::Shape {
                    what: "tokens of a text, least",
                    expected: 1,
                    found: 0,
                });
            }
            for (at, mode) in self.modes.iter().enumerate() {
                let row = mode.apply(states, skip.min(states.nrows()));
                let mut pooled = pooled.row_mut(text);
                let place =
                    pooled.slice_axis_mut(Axis(0), Slice::from(at * width..(at + 1) * width));
                place
                    .into_iter()
                    .zip(row)
                    .for_each(|(to, value)| *to = value);
            }
        }
        Ok(pooled)
    }
}

impl PoolingMode {
    /// `states` is `[tokens, width]` and not empty; its first `skip` tokens are masked.
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
            Self::Mean => weighted(states, skip, |_| 1.0, |weight| weight),
            Self::MeanSqrtLen => weighted(states, skip, |_| 1.0, f64::sqrt),
            #[expect(clippy::cast_precision_loss, reason = "a position is far below 2^52")]
            Self::WeightedMean => weighted(
                states,
                skip,
                |position| (position + 1) as f64,
                |weight| weight,
            ),
        }
    }
}

/// Sums the rows from `skip` on, each times its weight, and divides by a function of the weights'
/// sum. In f64, so that the order of the sum does not matter to an f32.
fn weighted(
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
    fn pools_each_text_by_itself() {
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
    fn leaves_the_prompt_out_where_told() {
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
