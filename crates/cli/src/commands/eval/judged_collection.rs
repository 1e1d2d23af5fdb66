use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use cognate::{Error, Qrels, Run, SearchSetting};
use serde::Serialize;

use super::Arguments;
use super::collection::{self, Collection, note_missing_queries};
use super::report::{
    Comparison, DifferenceDocument, Evaluated, MetricsDocument, differences_table, means_table,
    per_query, title,
};
use crate::invocation::Invocation;
use crate::json::Header;
use crate::output::{count, present_lines};
use crate::progress::Progress;
use crate::{atomic_file, interrupt};

#[derive(Debug, Serialize)]
struct EvalDocument<'a> {
    #[serde(flatten)]
    searched: Option<&'a SearchedDocument>,
    queries: usize,
    /// The name of the first run.
    setting: &'a str,
    /// The metrics of the first run.
    #[serde(flatten)]
    first: MetricsDocument<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keyword: Option<MetricsDocument<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hybrid: Option<MetricsDocument<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<MetricsDocument<f64>>,
    differences: Vec<DifferenceDocument<'a>>,
}

/// The library that was searched.
#[derive(Debug, Serialize)]
struct SearchedDocument {
    /// The folder of the library, unless it was temporary.
    #[serde(skip)]
    library: Option<PathBuf>,
    model: String,
    precision: String,
    documents: usize,
}

/// The runs of one evaluation, by name.
type Runs = Vec<(String, Run)>;

/// Evaluates searches, or a run file, by the judgments in `qrels_file`.
pub(crate) fn run(arguments: &Arguments, qrels_file: &Path, invocation: &Invocation) -> Result<()> {
    let start = Instant::now();
    let mut qrels = Qrels::read(qrels_file)?.gain(arguments.gain);
    if arguments.related {
        // A paper is no answer to itself.
        qrels.retain(|query, document, _| query != document);
    }
    if qrels.queries().next().is_none() {
        let file = qrels_file.display();
        bail!("`{file}` has no judgment with a grade above 0");
    }
    let baseline = arguments.baseline.as_deref();
    let baseline = baseline.map(|file| read_run(file, &qrels)).transpose()?;
    let (runs, searched) = match &arguments.run {
        Some(file) => {
            let reason = format!("`{}` is evaluated as it is", file.display());
            arguments.settings.refuse(&reason)?;
            (vec![("run".to_owned(), read_run(file, &qrels)?)], None)
        }
        None => search(arguments, &qrels, qrels_file, invocation)?,
    };
    if let (Some(file), [(name, run)]) = (&arguments.write_run, &runs[..]) {
        let cannot_write = || format!("cannot write `{}`", file.display());
        atomic_file::write(file, |out| {
            let out = std::io::BufWriter::new(out);
            run.write(out, name).with_context(cannot_write)
        })?;
    }

    let evaluate = |(name, run): (String, Run)| Evaluated {
        name,
        evaluation: qrels.evaluate(&run),
    };
    let runs: Vec<Evaluated> = runs.into_iter().map(evaluate).collect();
    let baseline = baseline.map(|run| evaluate(("baseline".to_owned(), run)));
    let comparisons = Comparison::all(&runs, baseline.as_ref());
    let columns: Vec<&Evaluated> = runs.iter().chain(&baseline).collect();
    if let Some(file) = &arguments.per_query {
        let text = per_query(&columns);
        atomic_file::write(file, |mut out| {
            let cannot_write = || format!("cannot write `{}`", file.display());
            std::io::Write::write_all(&mut out, text.as_bytes()).with_context(cannot_write)
        })?;
    }
    let Some(first) = runs.first() else {
        bail!("there is nothing to evaluate, expected at least one search setting");
    };
    let queries = first.evaluation.queries().len();
    let took = start.elapsed();
    if arguments.output.json {
        let named = |name: &str| {
            let mut others = runs.iter().skip(1);
            others.find(|run| run.name == name).map(Evaluated::means)
        };
        let mut header = Header::new("eval", took);
        if let Some(dir) = searched
            .as_ref()
            .and_then(|searched| searched.library.as_deref())
        {
            header = header.library(dir);
        }
        let differences = comparisons.iter().map(Comparison::document);
        return header.print(&EvalDocument {
            searched: searched.as_ref(),
            queries,
            setting: &first.name,
            first: first.means(),
            keyword: named("keyword"),
            hybrid: named("hybrid"),
            baseline: baseline.as_ref().map(Evaluated::means),
            differences: differences.collect::<Result<_>>()?,
        });
    }
    let queries = if queries == 1 {
        "1 query".to_owned()
    } else {
        format!("{queries} queries")
    };
    let title = |width| match &searched {
        Some(searched) => {
            let model = format!("{} ({}):", searched.model, searched.precision);
            let documents = count(searched.documents, "document");
            let seconds = took.as_secs_f64();
            title(
                &model,
                &format!("{documents}, {queries}, {seconds:.1} s"),
                width,
            )
        }
        None => format!("{queries}\n"),
    };
    let lines = |width| {
        let differences = differences_table(&comparisons, width)?;
        Ok(title(width) + &means_table(&columns, width) + &differences)
    };
    present_lines(lines, |line| line.starts_with(' '))
}

/// Reads a run file, and reports on stderr how many judged queries it lacks.
fn read_run(file: &Path, qrels: &Qrels) -> Result<Run> {
    let run = Run::read(file)?;
    let judged: Vec<&str> = qrels.queries().collect();
    let answered = judged
        .iter()
        .filter(|query| run.ranking(query).next().is_some());
    note_missing_queries(judged.len(), answered.count(), &file.display().to_string());
    Ok(run)
}

/// Searches for all queries in all settings.
fn search(
    arguments: &Arguments,
    qrels: &Qrels,
    qrels_file: &Path,
    invocation: &Invocation,
) -> Result<(Runs, Option<SearchedDocument>)> {
    // An unknown cross-encoder is found before the corpus is embedded.
    let precision = collection::precision(arguments, invocation)?;
    let reranker = arguments.settings.load_reranker(precision)?;
    let settings = arguments.settings.settings(reranker);
    if arguments.write_run.is_some() && settings.len() > 1 {
        let names: Vec<&str> = settings.iter().map(SearchSetting::name).collect();
        bail!(
            "--write-run writes one run, found {} ({}); use --mode to choose one",
            settings.len(),
            names.join(", "),
        );
    }
    let Collection {
        library,
        queries,
        scratch,
    } = Collection::open(arguments, qrels, qrels_file, invocation)?;
    let mut progress = Progress::new(queries.len() * settings.len(), "queries");
    let mut runs = Vec::new();
    for (position, setting) in settings.iter().enumerate() {
        let before = position * queries.len();
        let outcome = library.run(setting, &queries, &mut |state| {
            progress.update(before + state.done);
            interrupt::check()
        });
        match outcome {
            Ok(run) => runs.push((setting.name().to_owned(), run)),
            Err(Error::Cancelled { .. }) => bail!("interrupted"),
            Err(error) => return Err(error.into()),
        }
    }
    drop(progress);
    let info = library.embedder_info();
    let searched = SearchedDocument {
        library: scratch.is_none().then(|| library.dir().to_owned()),
        model: info.model.clone(),
        precision: info.precision.clone(),
        documents: library.len()?,
    };
    Ok((runs, Some(searched)))
}
