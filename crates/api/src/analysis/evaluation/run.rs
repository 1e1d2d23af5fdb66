//! Runs: the rankings of a retrieval system, in memory and in the files that TREC defines.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::trec_line::invalid_line;
use crate::{Error, Result};

/// A run, as TREC calls it: for each query the documents that a retrieval system found, with scores.
///
/// The documents of a query are ranked as `trec_eval` ranks them: by score, highest first, compared in
/// single precision; documents with equal scores by id, in descending byte order. The order in which
/// they were inserted does not matter.
///
/// ```
/// use cognate::{Qrels, Run};
///
/// let mut run = Run::default();
/// run.insert("q1", "a", 0.5);
/// run.insert("q1", "b", 0.5);
/// run.insert("q1", "c", 0.75);
/// let ids: Vec<&str> = run.ranking("q1").map(|(id, _)| id).collect();
/// assert_eq!(ids, ["c", "b", "a"]);
///
/// let mut qrels = Qrels::default();
/// qrels.insert("q1", "b", 1);
/// assert_eq!(qrels.evaluate(&run).mean().mrr_at_10, 0.5);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    queries: HashMap<String, HashMap<String, f64>>,
}

/// The fields of a line of a run file.
const FIELDS: &str = "query, `Q0`, document, rank, score and tag with spaces between";

impl Run {
    /// Adds a document to the ranking of a query. It replaces an earlier one with the same id.
    pub fn insert(&mut self, query: impl Into<String>, document: impl Into<String>, score: f64) {
        self.queries
            .entry(query.into())
            .or_default()
            .insert(document.into(), score);
    }

    /// Returns the queries that have a ranking, in the order of their ids.
    pub fn queries(&self) -> impl Iterator<Item = &str> {
        let mut queries: Vec<&str> = self.queries.keys().map(String::as_str).collect();
        queries.sort_unstable();
        queries.into_iter()
    }

    /// Returns the documents of a query with their scores, best first. A query without a ranking has
    /// none.
    pub fn ranking(&self, query: &str) -> impl Iterator<Item = (&str, f64)> {
        let documents = self.queries.get(query).into_iter().flatten();
        let mut ranking: Vec<(&str, f64)> =
            documents.map(|(id, score)| (id.as_str(), *score)).collect();
        ranking.sort_by(|(a_id, a), (b_id, b)| {
            let by_score = single_precision(*b).total_cmp(&single_precision(*a));
            by_score.then_with(|| b_id.cmp(a_id))
        });
        ranking.into_iter()
    }

    /// Keeps the best `depth` documents of each query.
    pub fn truncate(&mut self, depth: usize) {
        let queries: Vec<String> = self.queries.keys().cloned().collect();
        for query in queries {
            let best = self.ranking(&query).take(depth);
            let best = best.map(|(id, score)| (id.to_owned(), score)).collect();
            self.queries.insert(query, best);
        }
    }

    /// Reads a run file: lines of query, `Q0`, document, rank, score and tag, separated by spaces or
    /// tabs. As in `trec_eval`, the score alone decides the order; the rank and the tag are ignored.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if the file cannot be read, and [`Error::Papers`] with the number of the
    /// line if a line has other fields, a score is not a finite number, or a query has a document
    /// twice.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
        let mut run = Self::default();
        for (index, line) in text.lines().enumerate() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (query, document, score) = match fields[..] {
                [] => continue,
                [query, _, document, _, score, _] => (query, document, score),
                _ => {
                    let reason = format!("`{}`, expected {FIELDS}", line.trim());
                    return Err(invalid_line(path, index, reason));
                }
            };
            let Some(value) = score.parse().ok().filter(|value: &f64| value.is_finite()) else {
                let reason = format!("score `{score}`, expected a finite number");
                return Err(invalid_line(path, index, reason));
            };
            let documents = run.queries.entry(query.to_owned()).or_default();
            match documents.entry(document.to_owned()) {
                Entry::Vacant(entry) => {
                    entry.insert(value);
                }
                Entry::Occupied(_) => {
                    let reason =
                        format!("document `{document}` of query `{query}`, expected it only once");
                    return Err(invalid_line(path, index, reason));
                }
            }
        }
        Ok(run)
    }

    /// Writes a run file with `tag` as the name of the run, queries in the order of their ids, documents
    /// best first. [`read`](Self::read) returns an equal run.
    ///
    /// # Errors
    ///
    /// Returns an error of the kind `InvalidInput` if an id or the tag is empty or has white space, so
    /// that the fields of a line could not be told apart, and the errors of `writer`.
    pub fn write(&self, mut writer: impl Write, tag: &str) -> io::Result<()> {
        let tag = field("tag", tag)?;
        for query in self.queries() {
            field("query", query)?;
            for (rank, (document, score)) in (1..).zip(self.ranking(query)) {
                let document = field("document", document)?;
                writeln!(writer, "{query} Q0 {document} {rank} {score} {tag}")?;
            }
        }
        writer.flush()
    }
}

/// Returns `text` if it can be a field of a run file.
fn field<'a>(name: &str, text: &'a str) -> io::Result<&'a str> {
    if text.is_empty() || text.contains(char::is_whitespace) {
        let reason = format!("{name} `{text}`, expected at least one character and no white space");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    Ok(text)
}

/// Returns a score as `trec_eval` stores it.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding is what trec_eval does"
)]
fn single_precision(score: f64) -> f32 {
    score as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(list: &[(&str, &str, f64)]) -> Run {
        let mut run = Run::default();
        for &(query, document, score) in list {
            run.insert(query, document, score);
        }
        run
    }

    fn ids<'a>(run: &'a Run, query: &str) -> Vec<&'a str> {
        run.ranking(query).map(|(id, _)| id).collect()
    }

    #[test]
    fn ties_are_in_descending_order_of_ids_whatever_the_order_of_insertion() {
        let documents = [
            ("9", 0.5),
            ("10", 0.5),
            ("a", 0.25),
            ("b", 0.75),
            ("Z", 0.5),
        ];
        let mut forward = Run::default();
        let mut backward = Run::default();
        for (id, score) in documents {
            forward.insert("q", id, score);
        }
        for (id, score) in documents.into_iter().rev() {
            backward.insert("q", id, score);
        }
        assert_eq!(ids(&forward, "q"), ["b", "Z", "9", "10", "a"]);
        assert_eq!(forward, backward);
        // The scores differ by less than single precision can tell.
        let close = run(&[("q", "a", 0.1 + 1e-12), ("q", "b", 0.1)]);
        assert_eq!(ids(&close, "q"), ["b", "a"]);
        assert!(ids(&close, "other").is_empty());
    }

    #[test]
    fn the_best_documents_are_kept() {
        let mut run = run(&[("q", "a", 1.0), ("q", "b", 2.0), ("q", "c", 1.0)]);
        run.truncate(2);
        assert_eq!(ids(&run, "q"), ["b", "c"]);
    }

    #[test]
    fn a_written_run_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.txt");
        let original = run(&[
            ("q2", "arXiv:hep-ph/9401204", 1.0 / 3.0),
            ("q2", "b", -12.5),
            ("q10", "c", 1e-30),
        ]);
        let mut bytes = Vec::new();
        original.write(&mut bytes, "hybrid").unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let second = text.lines().nth(1).unwrap();
        assert_eq!(
            second,
            "q2 Q0 arXiv:hep-ph/9401204 1 0.3333333333333333 hybrid"
        );
        fs::write(&path, text).unwrap();
        assert_eq!(Run::read(&path).unwrap(), original);
    }

    #[test]
    fn invalid_lines_are_reported_by_number() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.txt");
        for (text, message) in [
            (
                "q Q0 a 1 0.5 t\n\nq Q0 b 2 high t\n",
                ":3: score `high`, expected a finite number",
            ),
            (
                "q Q0 a 1 NaN t\n",
                ":1: score `NaN`, expected a finite number",
            ),
            (
                "q\tQ0\ta\t1\t0.5\tt\nq a 0.5\n",
                ":2: `q a 0.5`, expected query, `Q0`, document, rank, score and tag with spaces \
                 between",
            ),
            (
                "q Q0 a 1 0.5 t\nr Q0 a 1 0.5 t\nq Q0 a 2 0.25 t\n",
                ":3: document `a` of query `q`, expected it only once",
            ),
        ] {
            fs::write(&path, text).unwrap();
            let error = Run::read(&path).unwrap_err().to_string();
            assert!(error.ends_with(message), "{error}");
        }
    }

    #[test]
    fn fields_that_could_not_be_read_back_are_not_written() {
        for (id, tag, message) in [
            (
                "a b",
                "t",
                "document `a b`, expected at least one character and no white space",
            ),
            (
                "a",
                "",
                "tag ``, expected at least one character and no white space",
            ),
        ] {
            let error = run(&[("q", id, 1.0)]).write(Vec::new(), tag).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }
}
