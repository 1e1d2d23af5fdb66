//! The metrics of every query of a run, their means, and the differences between two runs.

use super::estimate::Estimate;
use super::metrics::{Metric, Metrics};
use crate::{Error, Result};

/// The result of [`Qrels::evaluate`](crate::Qrels::evaluate): the metrics of each query that has a
/// relevant document.
///
/// Serialized, it is the [estimate](Self::estimate) of each metric by its name in lower case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluation {
    /// The queries in the order of their ids, so that sums always have the same bits.
    queries: Vec<(String, Metrics)>,
}

impl Evaluation {
    /// Creates an evaluation from the metrics of each query.
    pub(crate) fn new(mut queries: Vec<(String, Metrics)>) -> Self {
        queries.sort_by(|(a, _), (b, _)| a.cmp(b));
        Self { queries }
    }

    /// Returns the queries with their metrics, in the order of their ids.
    pub fn queries(&self) -> &[(String, Metrics)] {
        &self.queries
    }

    /// Returns the means over the queries, 0 if there is none.
    pub fn mean(&self) -> Metrics {
        Metrics::mean(self.queries.iter().map(|(_, metrics)| metrics))
    }

    /// Returns the mean of one metric with its confidence interval.
    pub fn estimate(&self, metric: Metric) -> Estimate {
        let values = self.queries.iter().map(|(_, metrics)| metrics.get(metric));
        Estimate::of(&values.collect::<Vec<_>>())
    }

    /// Returns the mean of the difference of one metric, this evaluation minus `baseline`, with the
    /// confidence interval of the paired bootstrap.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidOption`] if the two have different queries.
    pub fn difference(&self, baseline: &Self, metric: Metric) -> Result<Estimate> {
        let ids = |evaluation: &Self| -> Vec<String> {
            let ids = evaluation.queries.iter().map(|(id, _)| id.clone());
            ids.collect()
        };
        if ids(self) != ids(baseline) {
            return Err(Error::InvalidOption {
                option: "baseline",
                found: format!("an evaluation of {} queries", baseline.queries.len()),
                expected: format!("the same {} queries", self.queries.len()),
            });
        }
        let pairs = self.queries.iter().zip(&baseline.queries);
        let values = pairs.map(|((_, ours), (_, theirs))| ours.get(metric) - theirs.get(metric));
        Ok(Estimate::of(&values.collect::<Vec<_>>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluation(values: &[(&str, f64)]) -> Evaluation {
        let metrics = |value| Metrics {
            ndcg_at_10: value,
            ..Metrics::default()
        };
        let queries = values
            .iter()
            .map(|(id, value)| ((*id).to_owned(), metrics(*value)));
        Evaluation::new(queries.collect())
    }

    fn estimate(mean: f64, low: f64, high: f64) -> Estimate {
        Estimate { mean, low, high }
    }

    #[test]
    fn a_difference_is_paired_by_query() {
        let better = evaluation(&[("a", 0.75), ("b", 0.25), ("c", 1.0)]);
        let worse = evaluation(&[("c", 0.75), ("a", 0.5), ("b", 0.0)]);
        // Each query gains 0.25, so the difference has no spread, though the values have.
        let difference = better.difference(&worse, Metric::NdcgAt10).unwrap();
        assert_eq!(difference, estimate(0.25, 0.25, 0.25));
        assert!(difference.excludes_zero());
        let spread = better.estimate(Metric::NdcgAt10);
        assert!(spread.low < 0.5 && spread.high > 0.8, "{spread:?}");
        let none = better.difference(&better, Metric::MapAt100).unwrap();
        assert_eq!(none, estimate(0.0, 0.0, 0.0));
    }

    #[test]
    fn the_interval_of_a_difference_has_the_percentiles_of_its_bootstrap_distribution() {
        // One of four queries gains 1. A bootstrap sample has it n times of 4 with the binomial
        // probabilities 0.316, 0.422, 0.211, 0.047 and 0.004, so percentile 2.5 is 0 and 97.5 is 3/4.
        let difference = evaluation(&[("a", 1.0), ("b", 0.5), ("c", 0.5), ("d", 0.0)])
            .difference(
                &evaluation(&[("a", 0.0), ("b", 0.5), ("c", 0.5), ("d", 0.0)]),
                Metric::NdcgAt10,
            )
            .unwrap();
        assert_eq!(difference, estimate(0.25, 0.0, 0.75));
    }

    #[test]
    fn evaluations_of_different_queries_are_not_compared() {
        let (one, other) = (evaluation(&[("a", 1.0)]), evaluation(&[("b", 1.0)]));
        let error = one.difference(&other, Metric::NdcgAt10).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`baseline` is an evaluation of 1 queries, expected the same 1 queries"
        );
    }
}
