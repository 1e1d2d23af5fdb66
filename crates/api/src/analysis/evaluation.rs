//! Relevance judgments, and the metrics of rankings that are computed from them.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use crate::{Error, RecordLocation, Result};

/// Relevance judgments, called qrels by TREC: which documents are relevant to which queries.
///
/// A document with a grade above 0 is relevant to the query, and a higher grade means more relevant.
/// A document without a judgment is not relevant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Qrels {
    queries: HashMap<String, HashMap<String, i32>>,
}

/// Metrics of rankings, averaged over the queries that have a relevant document.
///
/// The metrics are defined as in `trec_eval`. A query without a ranking counts as zero.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Metrics {
    /// The number of queries that have a relevant document.
    pub queries: usize,
    /// The normalized discounted cumulative gain of the first 10 documents (Järvelin and Kekäläinen,
    /// "Cumulated gain-based evaluation of IR techniques", 2002): the sum of the grades, each divided
    /// by the binary logarithm of the rank plus 1, relative to that of the ideal ranking.
    pub ndcg_at_10: f64,
    /// The mean average precision of the first 100 documents: the precision at the rank of each
    /// relevant document, averaged over all relevant documents.
    pub map_at_100: f64,
    /// The share of the relevant documents that are among the first 10.
    pub recall_at_10: f64,
    /// The share of the relevant documents that are among the first 100.
    pub recall_at_100: f64,
    /// The mean reciprocal rank: 1 divided by the rank of the first relevant document, or 0 if it is
    /// not among the first 10.
    pub mrr_at_10: f64,
}

impl Qrels {
    /// Adds a judgment, which replaces an earlier one of the same query and document.
    pub fn insert(&mut self, query: impl Into<String>, document: impl Into<String>, grade: i32) {
        self.queries
            .entry(query.into())
            .or_default()
            .insert(document.into(), grade);
    }

    /// Reads a file of qrels in the layout of BEIR (query, document and grade, separated by tabs, with
    /// or without a header line) or of TREC (query, an ignored field, document and grade, separated by
    /// spaces).
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if the file cannot be read, and [`Error::Papers`] with the number of the
    /// line if a line has neither layout.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
        let mut qrels = Self::default();
        for (index, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
        {
            let tabs: Vec<&str> = line.split('\t').map(str::trim).collect();
            let spaces: Vec<&str> = line.split_whitespace().collect();
            let ((&[query, document, grade], _) | (_, &[query, _, document, grade])) =
                (&tabs[..], &spaces[..])
            else {
                let expected = "query, document and grade with tabs between";
                return Err(invalid_line(
                    path,
                    index,
                    format!("`{line}`, expected {expected}"),
                ));
            };
            match grade.parse() {
                Ok(grade) => qrels.insert(query, document, grade),
                // The header line of BEIR.
                Err(_) if index == 0 => {}
                Err(_) => {
                    let reason = format!("grade `{grade}`, expected a whole number");
                    return Err(invalid_line(path, index, reason));
                }
            }
        }
        Ok(qrels)
    }

    /// Returns the queries that have a relevant document, in no particular order.
    pub fn queries(&self) -> impl Iterator<Item = &str> {
        let has_relevant = |(_, grades): &(&String, &HashMap<String, i32>)| {
            grades.values().any(|&grade| grade > 0)
        };
        self.queries
            .iter()
            .filter(has_relevant)
            .map(|(query, _)| query.as_str())
    }

    /// Returns the documents of all judgments, in no particular order. A document that is judged for
    /// several queries occurs several times.
    pub fn documents(&self) -> impl Iterator<Item = &str> {
        self.queries
            .values()
            .flat_map(|grades| grades.keys().map(String::as_str))
    }

    /// Computes the metrics of `rankings`, which map each query to the ids of its hits, best first.
    pub fn evaluate(&self, rankings: &HashMap<String, Vec<String>>) -> Metrics {
        let mut metrics = Metrics::default();
        // The order is fixed so that the sums always have the same bits.
        let mut queries: Vec<&str> = self.queries().collect();
        queries.sort_unstable();
        for query in queries {
            let grades = &self.queries[query];
            let empty = Vec::new();
            let ranking = rankings.get(query).unwrap_or(&empty);
            let ranked_grades: Vec<i32> = ranking
                .iter()
                .map(|id| grades.get(id).copied().unwrap_or(0))
                .collect();
            let mut ideal_grades: Vec<i32> = grades.values().copied().filter(|&g| g > 0).collect();
            ideal_grades.sort_unstable_by(|a, b| b.cmp(a));
            let relevant = ideal_grades.len();
            metrics.queries += 1;
            metrics.ndcg_at_10 += dcg(&ranked_grades, 10) / dcg(&ideal_grades, 10);
            metrics.map_at_100 += average_precision(&ranked_grades, relevant, 100);
            metrics.recall_at_10 += recall(&ranked_grades, relevant, 10);
            metrics.recall_at_100 += recall(&ranked_grades, relevant, 100);
            metrics.mrr_at_10 += reciprocal_rank(&ranked_grades, 10);
        }
        let count = count(metrics.queries.max(1));
        for value in [
            &mut metrics.ndcg_at_10,
            &mut metrics.map_at_100,
            &mut metrics.recall_at_10,
            &mut metrics.recall_at_100,
            &mut metrics.mrr_at_10,
        ] {
            *value /= count;
        }
        metrics
    }
}

fn invalid_line(path: &Path, index: usize, reason: String) -> Error {
    Error::Papers(cognate_papers::Error::Record {
        origin: path.display().to_string(),
        location: RecordLocation::Line(index + 1),
        reason,
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a number of documents is far below 2^52"
)]
fn count(number: usize) -> f64 {
    number as f64
}

/// Returns the discounted cumulative gain of the first `k` grades.
fn dcg(grades: &[i32], k: usize) -> f64 {
    let discounted =
        |(index, &grade): (usize, &i32)| f64::from(grade.max(0)) / count(index + 2).log2();
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

    fn rankings(lists: &[(&str, &[&str])]) -> HashMap<String, Vec<String>> {
        let owned = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect();
        lists
            .iter()
            .map(|(query, ids)| ((*query).to_owned(), owned(ids)))
            .collect()
    }

    fn qrels(list: &[(&str, &str, i32)]) -> Qrels {
        let mut qrels = Qrels::default();
        for &(query, document, grade) in list {
            qrels.insert(query, document, grade);
        }
        qrels
    }

    #[track_caller]
    fn assert_near(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() < 1e-12,
            "{found}, expected {expected}"
        );
    }

    #[test]
    fn agrees_with_metrics_computed_by_hand() {
        // The grades at ranks 1 to 4 are 0, 3, none and 1. A document of grade 2 is not ranked.
        let judged = qrels(&[("q", "a", 0), ("q", "b", 3), ("q", "c", 1), ("q", "d", 2)]);
        let metrics = judged.evaluate(&rankings(&[("q", &["a", "b", "x", "c"])]));
        let dcg = 3.0 / 3_f64.log2() + 1.0 / 5_f64.log2();
        let ideal_dcg = 3.0 + 2.0 / 3_f64.log2() + 1.0 / 4_f64.log2();
        assert_eq!(metrics.queries, 1);
        assert_near(metrics.ndcg_at_10, dcg / ideal_dcg);
        assert_near(metrics.map_at_100, (1.0 / 2.0 + 2.0 / 4.0) / 3.0);
        assert_near(metrics.recall_at_10, 2.0 / 3.0);
        assert_near(metrics.mrr_at_10, 1.0 / 2.0);
    }

    #[test]
    fn counts_a_query_without_a_ranking_but_not_one_without_relevant_documents() {
        let judged = qrels(&[("q", "a", 1), ("r", "b", 1), ("s", "c", 0)]);
        let metrics = judged.evaluate(&rankings(&[("q", &["a"]), ("s", &["c"])]));
        assert_eq!(metrics.queries, 2);
        assert_near(metrics.ndcg_at_10, 0.5);
        assert_near(metrics.recall_at_100, 0.5);
    }

    #[test]
    fn ignores_documents_beyond_the_cutoff() {
        let judged = qrels(&[("q", "late", 1)]);
        let mut ids: Vec<String> = (0..10).map(|n| format!("x{n}")).collect();
        ids.push("late".to_owned());
        let metrics = judged.evaluate(&HashMap::from([("q".to_owned(), ids)]));
        assert_near(metrics.recall_at_10, 0.0);
        assert_near(metrics.mrr_at_10, 0.0);
        assert_near(metrics.recall_at_100, 1.0);
        assert_near(metrics.map_at_100, 1.0 / 11.0);
    }

    #[test]
    fn reads_both_layouts_and_reports_an_invalid_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("qrels.tsv");
        let expected = qrels(&[("1", "31", 1), ("2", "32", 0)]);
        for text in [
            "query-id\tcorpus-id\tscore\n1\t31\t1\n\n2\t32\t0\n",
            "1 0 31 1\n2 0 32 0\n",
            "1\t31\t1\n2\t32\t0",
        ] {
            fs::write(&path, text).unwrap();
            assert_eq!(Qrels::read(&path).unwrap(), expected);
        }
        for (text, message) in [
            (
                "1\t31\t1\n2\t32\tgood\n",
                ":2: grade `good`, expected a whole number",
            ),
            (
                "1\t31\n",
                ":1: `1\t31`, expected query, document and grade with tabs between",
            ),
        ] {
            fs::write(&path, text).unwrap();
            let error = Qrels::read(&path).unwrap_err().to_string();
            assert!(error.ends_with(message), "{error}");
        }
    }
}
