//! Metrics and differences as tables and as JSON.

use std::convert::Infallible;
use std::fmt::Write as _;

use anyhow::Result;
use cognate::{Estimate, Evaluation, Metric};
use serde::Serialize;

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
    fn try_new<E>(value: impl Fn(Metric) -> Result<T, E>) -> Result<Self, E> {
        Ok(Self {
            ndcg_at_10: value(Metric::NdcgAt10)?,
            map_at_100: value(Metric::MapAt100)?,
            recall_at_10: value(Metric::RecallAt10)?,
            recall_at_100: value(Metric::RecallAt100)?,
            mrr_at_10: value(Metric::MrrAt10)?,
        })
    }

    fn new(value: impl Fn(Metric) -> T) -> Self {
        let Ok(document) = Self::try_new(|metric| Ok::<T, Infallible>(value(metric)));
        document
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
        Ok(DifferenceDocument {
            run: &self.run.name,
            baseline: &self.baseline.name,
            metrics: MetricsDocument::try_new(|metric| {
                self.difference(metric).map(EstimateDocument::from)
            })?,
        })
    }
}

/// Returns a title of two parts on one line of `width` columns, or on two if they are too long for one.
pub(crate) fn title(first: &str, second: &str, width: usize) -> String {
    let fits = first.chars().count() + 1 + second.chars().count() <= width;
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

/// A column of a table: a header and a value for each metric.
#[derive(Clone, Debug)]
struct Column {
    header: String,
    values: Vec<String>,
}

/// The width of the column with the names of the metrics.
const NAMES: usize = 12;

/// Returns a table of the means of each run, for a screen of `width` columns.
pub(crate) fn means_table(runs: &[&Evaluated], width: usize) -> String {
    let column = |run: &&Evaluated| {
        let means = run.evaluation.mean();
        let values = Metric::ALL
            .iter()
            .map(|metric| format!("{:.5}", means.get(*metric)));
        Column {
            header: run.name.clone(),
            values: values.collect(),
        }
    };
    table(10, runs.iter().map(column).collect(), width)
}

/// Returns a table of the differences of all comparisons, for a screen of `width` columns, or an empty
/// text if there is none.
pub(crate) fn differences_table(comparisons: &[Comparison<'_>], width: usize) -> Result<String> {
    if comparisons.is_empty() {
        return Ok(String::new());
    }
    let column = |comparison: &Comparison<'_>| {
        let values = Metric::ALL
            .iter()
            .map(|metric| comparison.difference(*metric).map(difference));
        Ok(Column {
            header: comparison.name(),
            values: values.collect::<Result<_>>()?,
        })
    };
    let columns = comparisons.iter().map(column).collect::<Result<_>>()?;
    Ok("\ndifference [95 % confidence interval]\n".to_owned() + &table(30, columns, width))
}

/// Returns a table with a row for each metric and columns of at least `min_width` characters. Columns
/// that do not fit in `screen_width` follow in another block.
fn table(min_width: usize, columns: Vec<Column>, screen_width: usize) -> String {
    let width = |column: &Column| min_width.max(column.header.chars().count() + 2);
    let mut blocks: Vec<Vec<Column>> = Vec::new();
    for column in columns {
        let used = |block: &Vec<Column>| NAMES + block.iter().map(width).sum::<usize>();
        match blocks.last_mut() {
            // The space after the last column is not printed.
            Some(block) if used(block) + width(&column) <= screen_width + 2 => block.push(column),
            _ => blocks.push(vec![column]),
        }
    }
    let line = |name: &str, cells: Vec<(usize, &str)>| {
        let mut line = format!("{name:<NAMES$}");
        for (width, cell) in cells {
            // Writing to a string never fails.
            let _ = write!(line, "{cell:<width$}");
        }
        line.trim_end().to_owned() + "\n"
    };
    let block = |block: &Vec<Column>| {
        let headers = block
            .iter()
            .map(|column| (width(column), column.header.as_str()));
        let mut text = line("", headers.collect());
        for (row, metric) in Metric::ALL.iter().enumerate() {
            let cells = block.iter().map(|column| {
                (
                    width(column),
                    column.values.get(row).map_or("", String::as_str),
                )
            });
            text += &line(metric.name(), cells.collect());
        }
        text
    };
    blocks.iter().map(block).collect::<Vec<_>>().join("\n")
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
        let columns = ["a", "b", "c"].map(|name| Column {
            header: name.to_owned(),
            values: values.clone(),
        });
        let text = table(30, columns.to_vec(), 80);
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
        assert_eq!(text.lines().count(), 13);
        let headers = text.lines().filter(|line| line.starts_with("   "));
        let headers: Vec<Vec<&str>> = headers
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(headers, [vec!["a", "b"], vec!["c"]]);
        let narrow = table(30, columns.to_vec(), 50);
        assert!(narrow.lines().all(|line| line.len() <= 50), "{narrow}");
        assert_eq!(narrow.lines().count(), 20);
    }
}
