//! Means over queries with confidence intervals by the bootstrap.

use serde::Serialize;

use crate::sampling::Random;

/// A mean over queries with its 95% confidence interval, from percentile 2.5 to 97.5 of the means of
/// 2,000 bootstrap samples of the queries (Efron, "Bootstrap methods: another look at the jackknife",
/// 1979).
///
/// The estimate of a difference is paired: each sample takes both sides of the difference from the
/// same queries. The samples are pseudo-random with a fixed seed, so the same values always give the
/// same interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

/// The number of bootstrap samples.
const RESAMPLES: usize = 2000;

impl Estimate {
    /// Returns the mean of some values with its confidence interval.
    pub(crate) fn of(values: &[f64]) -> Self {
        let mean = |sum: f64| {
            #[expect(clippy::cast_precision_loss, reason = "a number of queries")]
            let mean = sum / values.len().max(1) as f64;
            mean
        };
        let mut random = Random::new(0);
        let count = values.len();
        let mut means: Vec<f64> = (0..RESAMPLES)
            .map(|_| mean(values.iter().map(|_| values[random.below(count)]).sum()))
            .collect();
        means.sort_by(f64::total_cmp);
        Self {
            mean: mean(values.iter().sum()),
            low: means[RESAMPLES / 40],
            high: means[RESAMPLES - 1 - RESAMPLES / 40],
        }
    }

    /// Returns whether the interval lies on one side of 0, so that a difference is significant at the
    /// 5% level.
    pub fn excludes_zero(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_contains_the_mean_and_narrows_with_more_queries() {
        let values = |count: usize| -> Vec<f64> {
            (0..count)
                .map(|n| f64::from(u8::from(n % 2 == 0)))
                .collect()
        };
        let (few, many) = (Estimate::of(&values(20)), Estimate::of(&values(2000)));
        for estimate in [few, many] {
            assert!((estimate.mean - 0.5).abs() < 1e-9);
            assert!(estimate.low < 0.5 && estimate.high > 0.5);
            assert!(estimate.excludes_zero());
        }
        // The standard error of the mean of 20 values is 0.112, and that of 2,000 values a tenth of it.
        assert!((0.35..0.5).contains(&(few.high - few.low)), "{few:?}");
        assert!((0.035..0.05).contains(&(many.high - many.low)), "{many:?}");
        assert_eq!(few, Estimate::of(&values(20)));
    }

    #[test]
    fn an_interval_around_zero_is_not_significant() {
        assert!(!Estimate::of(&[0.1, -0.1, 0.2, -0.2]).excludes_zero());
        assert!(!Estimate::of(&[0.0; 9]).excludes_zero());
        assert!(Estimate::of(&[-0.1; 9]).excludes_zero());
    }

    #[test]
    fn the_mean_of_no_values_is_zero() {
        let estimate = Estimate::of(&[]);
        assert_eq!(
            estimate,
            Estimate {
                mean: 0.0,
                low: 0.0,
                high: 0.0
            }
        );
    }
}
