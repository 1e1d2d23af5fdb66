//! The metrics of one ranking, computed from the grades of its documents.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::{Error, Result};

/// The metrics of a ranking, or their means over several queries. They are defined as in `trec_eval`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Metrics {
    /// The normalized discounted cumulative gain of the first 10 documents (Järvelin and Kekäläinen,
    /// "Cumulated gain-based evaluation of IR techniques", 2002): the sum of the [`Gain`]s, each divided
    /// by the binary logarithm of the rank plus 1, relative to the gain of the ideal ranking.
    #[serde(rename = "ndcg@10")]
    pub ndcg_at_10: f64,
    /// The average precision of the first 100 documents: the precision at the rank of each relevant
    /// document, averaged over all relevant documents.
    #[serde(rename = "map@100")]
    pub map_at_100: f64,
    /// The share of the relevant documents that are among the first 10.
    #[serde(rename = "recall@10")]
    pub recall_at_10: f64,
    /// The share of the relevant documents that are among the first 100.
    #[serde(rename = "recall@100")]
    pub recall_at_100: f64,
    /// The reciprocal rank: 1 divided by the rank of the first relevant document, or 0 if it is not
    /// among the first 10.
    #[serde(rename = "mrr@10")]
    pub mrr_at_10: f64,
}

/// One of the [`Metrics`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Metric {
    /// [`Metrics::ndcg_at_10`].
    NdcgAt10,
    /// [`Metrics::map_at_100`].
    MapAt100,
    /// [`Metrics::recall_at_10`].
    RecallAt10,
    /// [`Metrics::recall_at_100`].
    RecallAt100,
    /// [`Metrics::mrr_at_10`].
    MrrAt10,
}

/// The gain of a document in the discounted cumulative gain, from its grade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Gain {
    /// The grade itself, as in `trec_eval`, so that figures compare with those of BEIR and MTEB.
    #[default]
    Linear,
    /// 2 to the power of the grade, minus 1, which values high grades more (Burges and others, "Learning
    /// to rank using gradient descent", ICML 2005). Both gains are equal if no grade is above 1.
    Exponential,
}

impl Metric {
    /// All metrics, in the order of their declaration.
    pub const ALL: &'static [Self] = &[
        Self::NdcgAt10,
        Self::MapAt100,
        Self::RecallAt10,
        Self::RecallAt100,
        Self::MrrAt10,
    ];

    /// Returns the name, such as `nDCG@10`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NdcgAt10 => "nDCG@10",
            Self::MapAt100 => "MAP@100",
            Self::RecallAt10 => "Recall@10",
            Self::RecallAt100 => "Recall@100",
            Self::MrrAt10 => "MRR@10",
        }
    }
}

impl Gain {
    /// All gains, in the order of their declaration.
    pub const ALL: &'static [Self] = &[Self::Linear, Self::Exponential];

    /// Returns the name, such as `linear`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Exponential => "exponential",
        }
    }

    fn of(self, grade: i32) -> f64 {
        let grade = f64::from(grade.max(0));
        match self {
            Self::Linear => grade,
            Self::Exponential => grade.exp2() - 1.0,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Gain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Metric {
    type Err = Error;

    /// Parses a name, ignoring ASCII case.
    fn from_str(name: &str) -> Result<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|metric| metric.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| Error::unknown_name("metric", name, Self::ALL))
    }
}

impl FromStr for Gain {
    type Err = Error;

    /// Parses a name, ignoring ASCII case.
    fn from_str(name: &str) -> Result<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|gain| gain.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| Error::unknown_name("gain", name, Self::ALL))
    }
}

impl Metrics {
    /// Computes the metrics of a ranking whose documents have these grades, best first. `judged` are the
    /// grades of all judged documents, at least one of them above 0.
    pub(crate) fn of_ranking(ranked: &[i32], judged: &[i32], gain: Gain) -> Self {
        let mut ideal: Vec<i32> = judged.iter().copied().filter(|&grade| grade > 0).collect();
        ideal.sort_unstable_by(|a, b| b.cmp(a));
        let relevant = ideal.len();
        Self {
            ndcg_at_10: dcg(ranked, 10, gain) / dcg(&ideal, 10, gain),
            map_at_100: average_precision(ranked, relevant, 100),
            recall_at_10: recall(ranked, relevant, 10),
            recall_at_100: recall(ranked, relevant, 100),
            mrr_at_10: reciprocal_rank(ranked, 10),
        }
    }

    /// Returns the means of the metrics of some queries, 0 if there is none.
    pub(crate) fn mean<'a>(queries: impl ExactSizeIterator<Item = &'a Self>) -> Self {
        let queries_count = count(queries.len().max(1));
        let mut mean = Self::default();
        for metrics in queries {
            for metric in Metric::ALL {
                *mean.get_mut(*metric) += metrics.get(*metric);
            }
        }
        for metric in Metric::ALL {
            *mean.get_mut(*metric) /= queries_count;
        }
        mean
    }

    /// Returns the value of one metric.
    pub const fn get(&self, metric: Metric) -> f64 {
        match metric {
            Metric::NdcgAt10 => self.ndcg_at_10,
            Metric::MapAt100 => self.map_at_100,
            Metric::RecallAt10 => self.recall_at_10,
            Metric::RecallAt100 => self.recall_at_100,
            Metric::MrrAt10 => self.mrr_at_10,
        }
    }

    const fn get_mut(&mut self, metric: Metric) -> &mut f64 {
        match metric {
            Metric::NdcgAt10 => &mut self.ndcg_at_10,
            Metric::MapAt100 => &mut self.map_at_100,
            Metric::RecallAt10 => &mut self.recall_at_10,
            Metric::RecallAt100 => &mut self.recall_at_100,
            Metric::MrrAt10 => &mut self.mrr_at_10,
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a number of documents is far below 2^52"
)]
fn count(number: usize) -> f64 {
    number as f64
}

/// Returns the discounted cumulative gain of the first `k` grades.
fn dcg(grades: &[i32], k: usize, gain: Gain) -> f64 {
    let discounted = |(index, &grade): (usize, &i32)| gain.of(grade) / count(index + 2).log2();
    grades.iter().take(k).enumerate().map(discounted).sum()
}

fn average_precision(grades: &[i32], relevant: usize, k: usize) -> f64 {
    let mut hits = 0;
    let mut sum = 0.0;
    for (index, _) in grades
        .iter()
        .take(k)
        .enumerate()
        .filter(|&(_, &grade)| grade > 0)
    {
        hits += 1;
        sum += count(hits) / count(index + 1);
    }
    sum / count(relevant)
}

fn recall(grades: &[i32], relevant: usize, k: usize) -> f64 {
    count(grades.iter().take(k).filter(|&&grade| grade > 0).count()) / count(relevant)
}

fn reciprocal_rank(grades: &[i32], k: usize) -> f64 {
    grades
        .iter()
        .take(k)
        .position(|&grade| grade > 0)
        .map_or(0.0, |index| 1.0 / count(index + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_near(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() < 1e-12,
            "{found}, expected {expected}"
        );
    }

    #[test]
    fn agrees_with_metrics_computed_by_hand() {
        // One relevant document, of grade 2, is not ranked.
        let metrics = Metrics::of_ranking(&[0, 3, 0, 1], &[0, 3, 1, 2], Gain::Linear);
        let dcg = 3.0 / 3_f64.log2() + 1.0 / 5_f64.log2();
        let ideal_dcg = 3.0 + 2.0 / 3_f64.log2() + 1.0 / 4_f64.log2();
        assert_near(metrics.ndcg_at_10, dcg / ideal_dcg);
        assert_near(metrics.map_at_100, (1.0 / 2.0 + 2.0 / 4.0) / 3.0);
        assert_near(metrics.recall_at_10, 2.0 / 3.0);
        assert_near(metrics.mrr_at_10, 1.0 / 2.0);
    }

    #[test]
    fn exponential_gains_value_high_grades_more() {
        let metrics = Metrics::of_ranking(&[1, 3], &[1, 3, -1], Gain::Exponential);
        let dcg = 1.0 + 7.0 / 3_f64.log2();
        let ideal_dcg = 7.0 + 1.0 / 3_f64.log2();
        assert_near(metrics.ndcg_at_10, dcg / ideal_dcg);
        let linear = Metrics::of_ranking(&[1, 3], &[1, 3, -1], Gain::Linear);
        assert!(metrics.ndcg_at_10 < linear.ndcg_at_10);
        let without_ndcg = |metrics: Metrics| Metrics {
            ndcg_at_10: 0.0,
            ..metrics
        };
        assert_eq!(without_ndcg(metrics), without_ndcg(linear));
        // Both gains are equal for binary judgments.
        assert_eq!(
            Metrics::of_ranking(&[0, 1], &[1, 1], Gain::Exponential),
            Metrics::of_ranking(&[0, 1], &[1, 1], Gain::Linear)
        );
    }

    #[test]
    fn ignores_documents_beyond_the_cutoff() {
        let mut ranked = vec![0; 10];
        ranked.push(1);
        let metrics = Metrics::of_ranking(&ranked, &[1], Gain::Linear);
        assert_near(metrics.recall_at_10, 0.0);
        assert_near(metrics.mrr_at_10, 0.0);
        assert_near(metrics.recall_at_100, 1.0);
        assert_near(metrics.map_at_100, 1.0 / 11.0);
    }

    #[test]
    fn names_are_parsed_in_any_case() {
        for metric in Metric::ALL {
            let name = metric.name().to_lowercase();
            assert_eq!(name.parse::<Metric>().unwrap(), *metric);
        }
        for gain in Gain::ALL {
            assert_eq!(gain.to_string().parse::<Gain>().unwrap(), *gain);
        }
        assert_eq!(
            "cubic".parse::<Gain>().unwrap_err().to_string(),
            "`gain` is `cubic`, expected one of `linear`, `exponential`"
        );
    }
}
