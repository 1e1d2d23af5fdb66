//! Relevance judgments, and the evaluation of runs by them.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::metrics::{Gain, Metrics};
use super::results::Evaluation;
use super::run::Run;
use super::trec_line::invalid_line;
use crate::{Error, Result};

/// Relevance judgments, called qrels by TREC: which documents are relevant to which queries.
///
/// A document with a grade above 0 is relevant to the query, and a higher grade means more relevant.
/// A document without a judgment is not relevant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Qrels {
    queries: HashMap<String, HashMap<String, i32>>,
    gain: Gain,
}

impl Qrels {
    /// Adds a judgment, which replaces an earlier one of the same query and document.
    pub fn insert(&mut self, query: impl Into<String>, document: impl Into<String>, grade: i32) {
        self.queries
            .entry(query.into())
            .or_default()
            .insert(document.into(), grade);
    }

    /// Sets the gain of a grade in the nDCG. Default: [`Gain::Linear`].
    #[must_use]
    pub fn gain(mut self, gain: Gain) -> Self {
        self.gain = gain;
        self
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

    /// Keeps the judgments for which `keep` returns true, given the query, the document and the grade.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &str, i32) -> bool) {
        for (query, grades) in &mut self.queries {
            grades.retain(|document, grade| keep(query, document, *grade));
        }
    }

    /// Computes the metrics of every query that has a relevant document, from its ranking in `run`. A
    /// query without a ranking counts as zero, as with the option `-c` of `trec_eval`.
    pub fn evaluate(&self, run: &Run) -> Evaluation {
        let metrics_of = |query: &str| {
            let grades = &self.queries[query];
            let grade = |document: &str| grades.get(document).copied().unwrap_or(0);
            let ranked: Vec<i32> = run.ranking(query).map(|(id, _)| grade(id)).collect();
            let judged: Vec<i32> = grades.values().copied().collect();
            Metrics::of_ranking(&ranked, &judged, self.gain)
        };
        let queries = self.queries();
        Evaluation::new(
            queries
                .map(|query| (query.to_owned(), metrics_of(query)))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn qrels(list: &[(&str, &str, i32)]) -> Qrels {
        let mut qrels = Qrels::default();
        for &(query, document, grade) in list {
            qrels.insert(query, document, grade);
        }
        qrels
    }

    #[test]
    fn counts_a_query_without_a_ranking_but_not_one_without_relevant_documents() {
        let judged = qrels(&[("q", "a", 1), ("r", "b", 1), ("s", "c", 0)]);
        let mut run = Run::default();
        run.insert("q", "a", 1.0);
        run.insert("s", "c", 1.0);
        let evaluation = judged.evaluate(&run);
        let queries = evaluation.queries().iter().map(|(query, _)| query.as_str());
        assert_eq!(queries.collect::<Vec<_>>(), ["q", "r"]);
        assert!((evaluation.mean().ndcg_at_10 - 0.5).abs() < 1e-12);
        assert!((evaluation.mean().recall_at_100 - 0.5).abs() < 1e-12);
    }

    #[test]
    fn the_gain_applies_to_the_grades() {
        let judged = qrels(&[("q", "a", 1), ("q", "b", 3)]);
        let mut run = Run::default();
        run.insert("q", "a", 2.0);
        run.insert("q", "b", 1.0);
        let ndcg = |gain| judged.clone().gain(gain).evaluate(&run).mean().ndcg_at_10;
        let log = 3_f64.log2();
        let linear = (1.0 + 3.0 / log) / (3.0 + 1.0 / log);
        let exponential = (1.0 + 7.0 / log) / (7.0 + 1.0 / log);
        assert!((ndcg(Gain::Linear) - linear).abs() < 1e-12);
        assert!((ndcg(Gain::Exponential) - exponential).abs() < 1e-12);
    }

    #[test]
    fn judgments_can_be_left_out() {
        let mut judged = qrels(&[("a", "a", 1), ("a", "b", 1), ("c", "c", 2)]);
        judged.retain(|query, document, _| query != document);
        assert_eq!(judged.queries().collect::<Vec<_>>(), ["a"]);
        assert_eq!(judged.documents().collect::<Vec<_>>(), ["b"]);
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
