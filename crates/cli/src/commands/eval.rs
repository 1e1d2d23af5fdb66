use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use cognate::{Judgements, Library, Metrics, Mode, Query, TextReader};
use serde::Serialize;

use crate::arguments::EvalArguments;
use crate::commands::add::{self, note_cut_off};
use crate::commands::self_eval;
use crate::input::PaperFiles;
use crate::library;
use crate::output::{count, note, print, print_json};

/// The depth to which rankings are judged.
const DEPTH: usize = 100;

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

pub(crate) fn run(arguments: &EvalArguments) -> Result<()> {
    let (Some(corpus), Some(queries), Some(qrels)) =
        (&arguments.corpus, &arguments.queries, &arguments.qrels)
    else {
        return self_eval::run(arguments);
    };
    let start = Instant::now();
    let judgements = Judgements::read(qrels)?;
    if judgements.queries().next().is_none() {
        bail!("`{}` has no judgement with a grade over 0", qrels.display());
    }
    let queries = read_queries(queries, qrels, &judgements)?;
    let corpus = PaperFiles::check(std::slice::from_ref(corpus), None, arguments.skip_bad)?;

    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let dir = match &arguments.library {
        Some(dir) => dir.clone(),
        None => scratch.path().join("library"),
    };
    let found = library::find(&dir)?;
    let writable = library::open_or_create(&dir, found, &arguments.model)?;
    let library = writable.library;
    let (report, _) = add::add(&library, &corpus)?;
    note_cut_off(&report.truncation, report.embedded, writable.max_tokens);
    let documents = library.len()?;
    if documents != corpus.len() {
        bail!(
            "the library `{}` holds {}, the corpus {}; evaluate with a library of its own",
            dir.display(),
            count(documents, "paper"),
            corpus.len(),
        );
    }

    let judge = |mode| judge(&library, &judgements, &queries, mode);
    let vector = judge(Mode::Vector)?;
    let info = library.embedder_info();
    let document = EvalDocument {
        model: &info.model,
        precision: &info.precision,
        documents,
        queries: vector.queries,
        vector: vector.into(),
        keyword: judge(Mode::Keyword)?.into(),
        hybrid: judge(Mode::Hybrid)?.into(),
        seconds: start.elapsed().as_secs_f64(),
    };
    if arguments.json {
        return print_json(&document);
    }
    print(&table(&document))
}

/// The queries that have judgements.
fn read_queries(
    path: &Path,
    qrels: &Path,
    judgements: &Judgements,
) -> Result<Vec<(String, String)>> {
    let judged: HashSet<&str> = judgements.queries().collect();
    let mut queries = Vec::new();
    for record in TextReader::open(path)? {
        let record = record?;
        if judged.contains(record.id.as_str()) {
            queries.push((record.id, record.text));
        }
    }
    if queries.is_empty() {
        bail!(
            "no query of `{}` has a judgement in `{}`; do their ids agree?",
            path.display(),
            qrels.display(),
        );
    }
    let missing = judged.len().saturating_sub(queries.len());
    if missing > 0 {
        let (what, path) = (count(missing, "judged query"), path.display());
        note(&format!(
            "{what} not in `{path}`: counted as without an answer"
        ));
    }
    Ok(queries)
}

fn judge(
    library: &Library,
    judgements: &Judgements,
    queries: &[(String, String)],
    mode: Mode,
) -> Result<Metrics> {
    let k = DEPTH.min(library.len()?);
    let texts = queries.iter().map(|(_, text)| text);
    let texts: Vec<Query> = texts
        .map(|text| Query::text(text).mode(mode).k(k))
        .collect();
    let answers = library.search_batch(&texts)?;
    let mut rankings = HashMap::new();
    for ((query, _), hits) in queries.iter().zip(answers) {
        let ids = hits.into_iter().map(|hit| hit.paper.id).collect();
        rankings.insert(query.clone(), ids);
    }
    Ok(judgements.evaluate(&rankings))
}

/// One number of several.
type Measure = fn(&MetricsDocument) -> f64;

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
    let rows: [(&str, Measure); 5] = [
        ("nDCG@10", |metrics| metrics.ndcg_at_10),
        ("MAP@100", |metrics| metrics.map_at_100),
        ("Recall@10", |metrics| metrics.recall_at_10),
        ("Recall@100", |metrics| metrics.recall_at_100),
        ("MRR@10", |metrics| metrics.mrr_at_10),
    ];
    // Writing to a string does not fail.
    let _ = writeln!(text, "{:<12}{:<10}{:<10}hybrid", "", "vector", "keyword");
    for (name, value) in rows {
        let _ = write!(text, "{name:<12}");
        let values = modes.map(|mode| format!("{:<10.5}", value(mode)));
        let _ = writeln!(text, "{}", values.concat().trim_end());
    }
    text
}
