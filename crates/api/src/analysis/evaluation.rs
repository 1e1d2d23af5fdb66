use std::collections::HashMap;
use std::fs;
use std::path::Path;

use crate::{Error, RecordLocation, Result};

/// Which documents answer which queries, and how well: relevance judgements.
///
/// A grade over 0 is relevant, a higher one more so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgements {
    queries: HashMap<String, HashMap<String, i32>>,
}

/// How good rankings are, averaged over the queries that have a relevant document.
///
/// The meaning is that of `trec_eval`: the gain of a document is its grade, discounted by the
/// binary logarithm of its rank plus one; a query without an answer counts as zero.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Metrics {
    /// Queries that were averaged over.
    pub queries: usize,
    /// Discounted gain of the first 10, over that of the best order
    /// (Järvelin and Kekäläinen 2002).
    pub ndcg_at_10: f64,
    /// Mean over the relevant documents of the precision at their rank, in the first 100.
    pub map_at_100: f64,
    /// Share of the relevant documents in the first 10.
    pub recall_at_10: f64,
    /// Share of the relevant documents in the first 100.
    pub recall_at_100: f64,
    /// One over the rank of the first relevant document, in the first 10.
    pub mrr_at_10: f64,
}

impl Judgements {
    /// Adds a judgement; a later one of the same pair replaces it.
    pub fn insert(&mut self, query: impl Into<String>, document: impl Into<String>, grade: i32) {
        self.queries
            .entry(query.into())
            .or_default()
            .insert(document.into(), grade);
    }

    /// Reads a file of judgements: query, document and grade with tabs between and a header line
    /// (BEIR), or query, a number, document and grade with spaces between (TREC).
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when it cannot be read; [`Error::Record`] with the line that is neither.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
        let mut judgements = Self::default();
        for (at, line) in text
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
                return Err(fault(path, at, format!("`{line}`, expected {expected}")));
            };
            match grade.parse() {
                Ok(grade) => judgements.insert(query, document, grade),
                Err(_) if at == 0 => {}
                Err(_) => {
                    let reason = format!("grade `{grade}`, expected a whole number");
                    return Err(fault(path, at, reason));
                }
            }
        }
        Ok(judgements)
    }

    /// The queries that have a relevant document.
    pub fn queries(&self) -> impl Iterator<Item = &str> {
        let has_relevant = |(_, grades): &(&String, &HashMap<String, i32>)| {
            grades.values().any(|&grade| grade > 0)
        };
        self.queries
            .iter()
            .filter(has_relevant)
            .map(|(query, _)| query.as_str())
    }

    /// The documents that are judged.
    pub fn documents(&self) -> impl Iterator<Item = &str> {
        self.queries
            .values()
            .flat_map(|grades| grades.keys().map(String::as_str))
    }

    /// Judges rankings: for each query the ids of its hits, best first.
    pub fn evaluate(&self, rankings: &HashMap<String, Vec<String>>) -> Metrics {
        let mut metrics = Metrics::default();
        // In a fixed order, so that the sums are the same bits every time.
        let mut queries: Vec<&str> = self.queries().collect();
        queries.sort_unstable();
        for query in queries {
            let grades = &self.queries[query];
            let empty = Vec::new();
            let ranking = rankings.get(query).unwrap_or(&empty);
            let found: Vec<i32> = ranking
                .iter()
                .map(|id| grades.get(id).copied().unwrap_or(0))
                .collect();
            let mut judged: Vec<i32> = grades.values().copied().filter(|&g| g > 0).collect();
            judged.sort_unstable_by(|a, b| b.cmp(a));
            metrics.queries += 1;
            metrics.ndcg_at_10 += gain(&found, 10) / gain(&judged, 10);
            metrics.map_at_100 += average_precision(&found, judged.len(), 100);
            metrics.recall_at_10 += recall(&found, judged.len(), 10);
            metrics.recall_at_100 += recall(&found, judged.len(), 100);
            metrics.mrr_at_10 += reciprocal_rank(&found, 10);
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

fn fault(path: &Path, at: usize, reason: String) -> Error {
    Error::Papers(cognate_papers::Error::Record {
        origin: path.display().to_string(),
        location: RecordLocation::Line(at + 1),
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

/// The discounted gain of the first `k` grades.
fn gain(grades: &[i32], k: usize) -> f64 {
    let discounted = |(at, &grade): (usize, &i32)| f64::from(grade.max(0)) / count(at + 2).log2();
    grades.iter().take(k).enumerate().map(discounted).sum()
}

fn average_precision(grades: &[i32], relevant: usize, k: usize) -> f64 {
    let mut hits = 0;
    let mut sum = 0.0;
    for (at, _) in grades
        .iter()
        .take(k)
        .enumerate()
        .filter(|&(_, &grade)| grade > 0)
    {
        hits += 1;
        sum += count(hits) / count(at + 1);
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
        .map_or(0.0, |at| 1.0 / count(at + 1))
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

    fn judgements(list: &[(&str, &str, i32)]) -> Judgements {
        let mut judgements = Judgements::default();
        for &(query, document, grade) in list {
            judgements.insert(query, document, grade);
        }
        judgements
    }

    #[track_caller]
    fn assert_near(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() < 1e-12,
            "{found}, expected {expected}"
        );
    }

    #[test]
    fn agrees_with_sums_by_hand() {
        // Grades at ranks 1 to 4: 0, 3, not judged, 1; one of grade 2 is not found.
        let judged = judgements(&[("q", "a", 0), ("q", "b", 3), ("q", "c", 1), ("q", "d", 2)]);
        let metrics = judged.evaluate(&rankings(&[("q", &["a", "b", "x", "c"])]));
        let found = 3.0 / 3_f64.log2() + 1.0 / 5_f64.log2();
        let best = 3.0 + 2.0 / 3_f64.log2() + 1.0 / 4_f64.log2();
        assert_eq!(metrics.queries, 1);
        assert_near(metrics.ndcg_at_10, found / best);
        assert_near(metrics.map_at_100, (1.0 / 2.0 + 2.0 / 4.0) / 3.0);
        assert_near(metrics.recall_at_10, 2.0 / 3.0);
        assert_near(metrics.mrr_at_10, 1.0 / 2.0);
    }

    #[test]
    fn counts_a_query_without_an_answer_and_none_without_relevant_documents() {
        let judged = judgements(&[("q", "a", 1), ("r", "b", 1), ("s", "c", 0)]);
        let metrics = judged.evaluate(&rankings(&[("q", &["a"]), ("s", &["c"])]));
        assert_eq!(metrics.queries, 2);
        assert_near(metrics.ndcg_at_10, 0.5);
        assert_near(metrics.recall_at_100, 0.5);
    }

    #[test]
    fn cuts_at_the_rank() {
        let judged = judgements(&[("q", "late", 1)]);
        let mut ids: Vec<String> = (0..10).map(|n| format!("x{n}")).collect();
        ids.push("late".to_owned());
        let metrics = judged.evaluate(&HashMap::from([("q".to_owned(), ids)]));
        assert_near(metrics.recall_at_10, 0.0);
        assert_near(metrics.mrr_at_10, 0.0);
        assert_near(metrics.recall_at_100, 1.0);
        assert_near(metrics.map_at_100, 1.0 / 11.0);
    }

    #[test]
    fn reads_both_layouts_and_names_a_bad_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("qrels.tsv");
        let expected = judgements(&[("1", "31", 1), ("2", "32", 0)]);
        for text in [
            "query-id\tcorpus-id\tscore\n1\t31\t1\n\n2\t32\t0\n",
            "1 0 31 1\n2 0 32 0\n",
            "1\t31\t1\n2\t32\t0",
        ] {
            fs::write(&path, text).unwrap();
            assert_eq!(Judgements::read(&path).unwrap(), expected);
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
            let error = Judgements::read(&path).unwrap_err().to_string();
            assert!(error.ends_with(message), "{error}");
        }
    }
}
