use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use cognate::{Library, Metrics, Mode, Qrels, Query, TextReader};
use serde::Serialize;

use crate::arguments::ModelArguments;
use crate::output::{count, note, print, print_json};
use crate::paper_files::PaperFiles;
use crate::{adding, truncation, writable_library};

/// The number of hits per query that are evaluated.
const DEPTH: usize = 100;

/// The files of a judged collection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Collection<'a> {
    pub(crate) corpus: &'a Path,
    pub(crate) queries: &'a Path,
    pub(crate) qrels: &'a Path,
    /// Whether to skip invalid records of the corpus.
    pub(crate) skip_bad: bool,
}

#[derive(Debug, Serialize)]
struct EvalDocument<'a> {
    model: &'a str,
    precision: &'a str,
    documents: usize,
    queries: usize,
    #[serde(flatten)]
    vector: MetricsDocument,
    keyword: MetricsDocument,
    hybrid: MetricsDocument,
    seconds: f64,
}

#[derive(Debug, Serialize)]
struct MetricsDocument {
    #[serde(rename = "ndcg@10")]
    ndcg_at_10: f64,
    #[serde(rename = "map@100")]
    map_at_100: f64,
    #[serde(rename = "recall@10")]
    recall_at_10: f64,
    #[serde(rename = "recall@100")]
    recall_at_100: f64,
    #[serde(rename = "mrr@10")]
    mrr_at_10: f64,
}

impl From<Metrics> for MetricsDocument {
    fn from(metrics: Metrics) -> Self {
        Self {
            ndcg_at_10: metrics.ndcg_at_10,
            map_at_100: metrics.map_at_100,
            recall_at_10: metrics.recall_at_10,
            recall_at_100: metrics.recall_at_100,
            mrr_at_10: metrics.mrr_at_10,
        }
    }
}

/// Evaluates each search mode on `collection`, whose vectors are kept in `library` if it is given.
pub(crate) fn run(
    collection: &Collection<'_>,
    library: Option<&Path>,
    model: &ModelArguments,
    json: bool,
) -> Result<()> {
    let start = Instant::now();
    let qrels = Qrels::read(collection.qrels)?;
    if qrels.queries().next().is_none() {
        bail!(
            "`{}` has no judgment with a grade above 0",
            collection.qrels.display()
        );
    }
    let queries = read_queries(collection, &qrels)?;
    let corpus = [collection.corpus.to_owned()];
    let corpus = PaperFiles::check(&corpus, None, collection.skip_bad)?;

    let scratch = tempfile::tempdir().context("cannot create a temporary folder")?;
    let dir = match library {
        Some(dir) => dir.to_owned(),
        None => scratch.path().join("library"),
    };
    let found = writable_library::find(&dir)?;
    let writable = writable_library::open_or_create(&dir, found, model)?;
    let library = writable.library;
    let (report, _) = adding::add(&library, &corpus)?;
    truncation::report(&report.truncation, report.embedded, writable.max_tokens);
    let documents = library.len()?;
    if documents != corpus.len() {
        bail!(
            "the library `{}` holds {}, the corpus {}; use a separate library for the evaluation",
            dir.display(),
            count(documents, "paper"),
            corpus.len(),
        );
    }

    let evaluate = |mode| evaluate(&library, &qrels, &queries, mode);
    let vector = evaluate(Mode::Vector)?;
    let info = library.embedder_info();
    let document = EvalDocument {
        model: &info.model,
        precision: &info.precision,
        documents,
        queries: vector.queries,
        vector: vector.into(),
        keyword: evaluate(Mode::Keyword)?.into(),
        hybrid: evaluate(Mode::Hybrid)?.into(),
        seconds: start.elapsed().as_secs_f64(),
    };
    if json {
        return print_json(&document);
    }
    print(&table(&document))
}

/// Returns the ids and texts of the queries that have judgments.
fn read_queries(collection: &Collection<'_>, qrels: &Qrels) -> Result<Vec<(String, String)>> {
    let path = collection.queries;
    let judged: HashSet<&str> = qrels.queries().collect();
    let mut queries = Vec::new();
    for record in TextReader::open(path)? {
        let record = record?;
        if judged.contains(record.id.as_str()) {
            queries.push((record.id, record.text));
        }
    }
    if queries.is_empty() {
        bail!(
            "no query of `{}` has a judgment in `{}`; check that the ids agree",
            path.display(),
            collection.qrels.display(),
        );
    }
    let missing = judged.len().saturating_sub(queries.len());
    if missing > 0 {
        let path = path.display();
        note(&format!(
            "judged queries missing from `{path}`, counted as unanswered: {missing}"
        ));
    }
    Ok(queries)
}

fn evaluate(
    library: &Library,
    qrels: &Qrels,
    queries: &[(String, String)],
    mode: Mode,
) -> Result<Metrics> {
    let k = DEPTH.min(library.len()?);
    // Every version is a hit of its own, because the judgments name ids.
    let batch: Vec<Query> = queries
        .iter()
        .map(|(_, text)| Query::text(text).mode(mode).k(k).every_version(true))
        .collect();
    let results = library.search_batch(&batch)?;
    let mut rankings = HashMap::new();
    for ((id, _), hits) in queries.iter().zip(results) {
        let ids = hits.into_iter().map(|hit| hit.paper.id).collect();
        rankings.insert(id.clone(), ids);
    }
    Ok(qrels.evaluate(&rankings))
}

/// A function that selects one of the metrics.
type Metric = fn(&MetricsDocument) -> f64;

fn table(document: &EvalDocument<'_>) -> String {
    let EvalDocument {
        model,
        precision,
        documents,
        queries,
        seconds,
        ..
    } = document;
    let mut text = format!(
        "{model} ({precision}): {}, {queries} queries, {seconds:.1} s\n",
        count(*documents, "document"),
    );
    let modes = [&document.vector, &document.keyword, &document.hybrid];
    let rows: [(&str, Metric); 5] = [
        ("nDCG@10", |metrics| metrics.ndcg_at_10),
        ("MAP@100", |metrics| metrics.map_at_100),
        ("Recall@10", |metrics| metrics.recall_at_10),
        ("Recall@100", |metrics| metrics.recall_at_100),
        ("MRR@10", |metrics| metrics.mrr_at_10),
    ];
    // Writing to a string never fails.
    let _ = writeln!(text, "{:<12}{:<10}{:<10}hybrid", "", "vector", "keyword");
    for (name, value) in rows {
        let _ = write!(text, "{name:<12}");
        let values = modes.map(|mode| format!("{:<10.5}", value(mode)));
        let _ = writeln!(text, "{}", values.concat().trim_end());
    }
    text
}
