//! Metrics and differences as tables of at most 80 columns and as JSON.

use std::fmt::Write as _;

use anyhow::Result;
use cognate::{Estimate, Evaluation, Metric};
use serde::Serialize;

/// The largest width of a table.
const WIDTH: usize = 80;

/// A run with its metrics.
#[derive(Debug)]
pub(crate) struct Evaluated {
    pub(crate) name: String,
    pub(crate) evaluation: Evaluation,
}

/// A value for each metric.
#[derive(Debug, Serialize)]
pub(crate) struct MetricsDocument<T> {
    #[serde(rename = "ndcg@10")]
    ndcg_at_10: T,
    #[serde(rename = "map@100")]
    map_at_100: T,
    #[serde(rename = "recall@10")]
    recall_at_10: T,
    #[serde(rename = "recall@100")]
    recall_at_100: T,
    #[serde(rename = "mrr@10")]
    mrr_at_10: T,
}

#[derive(Debug, Serialize)]
pub(crate) struct EstimateDocument {
    mean: f64,
    low: f64,
    high: f64,
}

/// The differences of the metrics of two runs.
#[derive(Debug, Serialize)]
pub(crate) struct DifferenceDocument<'a> {
    run: &'a str,
    baseline: &'a str,
    #[serde(flatten)]
    metrics: MetricsDocument<EstimateDocument>,
}

/// Two runs to compare.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Comparison<'a> {
    run: &'a Evaluated,
    baseline: &'a Evaluated,
}

impl<T> MetricsDocument<T> {
    pub(crate) fn new(mut value: impl FnMut(Metric) -> T) -> Self {
        Self {
            ndcg_at_10: value(Metric::NdcgAt10),
            map_at_100: value(Metric::MapAt100),
            recall_at_10: value(Metric::RecallAt10),
            recall_at_100: value(Metric::RecallAt100),
            mrr_at_10: value(Metric::MrrAt10),
        }
    }
}

impl From<Estimate> for EstimateDocument {
    fn from(estimate: Estimate) -> Self {
        let Estimate {
            mean, low, high, ..
        } = estimate;
        Self { mean, low, high }
    }
}

impl Evaluated {
    /// Returns the means of the metrics.
    pub(crate) fn means(&self) -> MetricsDocument<f64> {
        let means = self.evaluation.mean();
        MetricsDocument::new(|metric| means.get(metric))
    }

    /// Returns the means of the metrics with their confidence intervals.
    pub(crate) fn estimates(&self) -> MetricsDocument<EstimateDocument> {
        MetricsDocument::new(|metric| self.evaluation.estimate(metric).into())
    }
}

impl<'a> Comparison<'a> {
    /// Compares each run with `baseline`, if there is one, and the last run with those before it.
    pub(crate) fn all(runs: &'a [Evaluated], baseline: Option<&'a Evaluated>) -> Vec<Self> {
        let with_baseline = baseline
            .into_iter()
            .flat_map(|baseline| runs.iter().map(move |run| Self { run, baseline }));
        let with_last = runs
            .split_last()
            .into_iter()
            .flat_map(|(run, others)| others.iter().map(move |baseline| Self { run, baseline }));
        with_baseline.chain(with_last).collect()
    }

    pub(crate) fn name(&self) -> String {
        format!("{} - {}", self.run.name, self.baseline.name)
    }

    pub(crate) fn difference(&self, metric: Metric) -> Result<Estimate> {
        let baseline = &self.baseline.evaluation;
        Ok(self.run.evaluation.difference(baseline, metric)?)
    }

    pub(crate) fn document(&self) -> Result<DifferenceDocument<'a>> {
        let mut failure = None;
        let metrics = MetricsDocument::new(|metric| {
            let difference = self.difference(metric);
            difference.map_or_else(
                |error| {
                    failure = Some(error);
                    EstimateDocument {
                        mean: 0.0,
                        low: 0.0,
                        high: 0.0,
                    }
                },
                EstimateDocument::from,
            )
        });
        match failure {
            Some(error) => Err(error),
            None => Ok(DifferenceDocument {
                run: &self.run.name,
                baseline: &self.baseline.name,
                metrics,
            }),
        }
    }
}

/// Returns a title of two parts on one line, or on two if they are too long for one.
pub(crate) fn title(first: &str, second: &str) -> String {
    let fits = first.chars().count() + 1 + second.chars().count() <= WIDTH;
    format!("{first}{}{second}\n", if fits { " " } else { "\n" })
}

/// Formats an estimate, such as `0.645 [0.601, 0.689]`.
pub(crate) fn estimate(estimate: Estimate) -> String {
    let Estimate {
        mean, low, high, ..
    } = estimate;
    format!("{mean:.3} [{low:.3}, {high:.3}]")
}

/// Formats the estimate of a difference, such as `+0.0123 [-0.0045, +0.0291]`.
pub(crate) fn difference(estimate: Estimate) -> String {
    let Estimate {
        mean, low, high, ..
    } = estimate;
    format!("{mean:+.4} [{low:+.4}, {high:+.4}]")
}

/// Returns a table of the means of each run.
pub(crate) fn means_table(runs: &[&Evaluated]) -> String {
    let column = |run: &&Evaluated| {
        let means = run.evaluation.mean();
        let values = Metric::ALL
            .iter()
            .map(|metric| format!("{:.5}", means.get(*metric)));
        (run.name.clone(), values.collect())
    };
    table(10, runs.iter().map(column).collect())
}

/// Returns a table of the differences of all comparisons, or an empty text if there is none.
pub(crate) fn differences_table(comparisons: &[Comparison<'_>]) -> Result<String> {
    let mut columns = Vec::new();
    for comparison in comparisons {
        let values = Metric::ALL
            .iter()
            .map(|metric| comparison.difference(*metric).map(difference));
        columns.push((comparison.name(), values.collect::<Result<Vec<_>>>()?));
    }
    if columns.is_empty() {
        return Ok(String::new());
    }
    let title = "\ndifference [95 % confidence interval]\n";
    Ok(title.to_owned() + &table(30, columns))
}

/// Returns a table with a row for each metric and columns of at least `width` characters, each with a
/// header. Columns that do not fit in a line of [`WIDTH`] follow in another block.
fn table(width: usize, columns: Vec<(String, Vec<String>)>) -> String {
    const LABEL: usize = 12;
    let mut blocks: Vec<Vec<(usize, String, Vec<String>)>> = Vec::new();
    let mut used = WIDTH;
    for (header, values) in columns {
        let width = width.max(header.chars().count() + 2);
        if used + width > WIDTH + 2 {
            blocks.push(Vec::new());
            used = LABEL;
        }
        used += width;
        if let Some(block) = blocks.last_mut() {
            block.push((width, header, values));
        }
    }
    let mut text = String::new();
    for (position, block) in blocks.iter().enumerate() {
        if position > 0 {
            text.push('\n');
        }
        let mut line = |label: &str, cell: &dyn Fn(&(usize, String, Vec<String>)) -> String| {
            let mut line = format!("{label:<LABEL$}");
            for column in block {
                // Writing to a string never fails.
                let _ = write!(line, "{:<width$}", cell(column), width = column.0);
            }
            text.push_str(line.trim_end());
            text.push('\n');
        };
        line("", &|(_, header, _)| header.clone());
        for (row, metric) in Metric::ALL.iter().enumerate() {
            line(metric.name(), &|(_, _, values)| {
                values.get(row).cloned().unwrap_or_default()
            });
        }
    }
    text
}

/// Returns tab-separated lines with a header: for each run and query the metrics.
pub(crate) fn per_query(runs: &[&Evaluated]) -> String {
    let mut text = "run\tquery".to_owned();
    for metric in Metric::ALL {
        // Writing to a string never fails.
        let _ = write!(text, "\t{}", metric.name().to_lowercase());
    }
    text.push('\n');
    for run in runs {
        for (query, metrics) in run.evaluation.queries() {
            let _ = write!(text, "{}\t{query}", run.name);
            for metric in Metric::ALL {
                let _ = write!(text, "\t{}", metrics.get(*metric));
            }
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_do_not_fit_follow_in_another_block() {
        let values = vec!["+0.1234 [-0.1234, +0.1234]".to_owned(); 5];
        let columns = ["a", "b", "c"].map(|name| (name.to_owned(), values.clone()));
        let text = table(30, columns.to_vec());
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert_eq!(text.lines().count(), 13);
        let headers = text.lines().filter(|line| line.starts_with("   "));
        let headers: Vec<Vec<&str>> = headers
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(headers, [vec!["a", "b"], vec!["c"]]);
    }
}
