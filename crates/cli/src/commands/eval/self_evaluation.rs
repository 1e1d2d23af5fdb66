use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};
use cognate::{Error, Library, Metric, SelfEvaluationOptions, SelfTask};
use serde::Serialize;

use super::Arguments;
use super::report::{
    Comparison, DifferenceDocument, EstimateDocument, Evaluated, MetricsDocument, difference,
    estimate,
};
use crate::json::Header;
use crate::output::{count, present_lines, thousands};
use crate::progress::Progress;
use crate::{interrupt, writable_library};

#[derive(Debug, Serialize)]
struct SelfEvalDocument<'a> {
    model: &'a str,
    precision: &'a str,
    tasks: Vec<TaskDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct TaskDocument<'a> {
    task: &'static str,
    queries: usize,
    documents: usize,
    results: Vec<ResultDocument<'a>>,
    differences: Vec<DifferenceDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct ResultDocument<'a> {
    mode: &'a str,
    #[serde(flatten)]
    metrics: MetricsDocument<EstimateDocument>,
}

/// A task with its evaluations.
#[derive(Debug)]
struct Evaluations {
    name: &'static str,
    queries: usize,
    documents: usize,
    runs: Vec<Evaluated>,
}

impl From<SelfTask> for Evaluations {
    fn from(task: SelfTask) -> Self {
        let results = task.results.into_iter();
        Self {
            name: task.name,
            queries: task.queries,
            documents: task.documents,
            runs: results
                .map(|(name, evaluation)| Evaluated { name, evaluation })
                .collect(),
        }
    }
}

/// Evaluates the library in `dir` on its own papers.
pub(crate) fn run(dir: &Path, arguments: &Arguments) -> Result<()> {
    let library = Library::open(dir)?;
    let library = writable_library::open_or_create(dir, Some(library), &arguments.model)?.library;
    let precision = library.embedder_info().precision.parse()?;
    let reranker = arguments.settings.load_reranker(precision)?;
    let options = SelfEvaluationOptions::default()
        .sample(arguments.sample)
        .settings(arguments.settings.settings(reranker));
    interrupt::watch()?;
    let start = Instant::now();
    let mut progress: Option<Progress> = None;
    let outcome = library.evaluate_itself(&options, &mut |state| {
        progress
            .get_or_insert_with(|| Progress::new(state.total, "texts and queries"))
            .update(state.done);
        interrupt::check()
    });
    let took = start.elapsed();
    drop(progress);
    let evaluation = match outcome {
        Ok(evaluation) => evaluation,
        Err(Error::Cancelled { .. }) => bail!("interrupted"),
        Err(error) => return Err(error.into()),
    };
    if evaluation.tasks.is_empty() {
        bail!(
            "the library `{}` has too few papers for an evaluation, expected at least 10 with title and \
             abstract, or with references or categories",
            dir.display()
        );
    }
    let tasks: Vec<Evaluations> = evaluation.tasks.into_iter().map(Into::into).collect();
    if arguments.output.json {
        let info = library.embedder_info();
        let tasks = tasks.iter().map(document);
        let header = Header::new("eval", took).library(dir);
        return header.print(&SelfEvalDocument {
            model: &info.model,
            precision: &info.precision,
            tasks: tasks.collect::<Result<_>>()?,
        });
    }
    let is_head = |line: &str| !line.starts_with(' ');
    present_lines(|width| table(&tasks, width), is_head)
}

fn document(task: &Evaluations) -> Result<TaskDocument<'_>> {
    let comparisons = Comparison::all(&task.runs, None);
    let results = task.runs.iter().map(|run| ResultDocument {
        mode: &run.name,
        metrics: run.estimates(),
    });
    Ok(TaskDocument {
        task: task.name,
        queries: task.queries,
        documents: task.documents,
        results: results.collect(),
        differences: comparisons
            .iter()
            .map(Comparison::document)
            .collect::<Result<_>>()?,
    })
}

/// The metrics of the table; JSON has all.
const METRICS: [Metric; 2] = [Metric::NdcgAt10, Metric::MapAt100];

/// The columns of the widest line with both metrics.
const BOTH_METRICS: usize = 78;

/// Returns a table of all tasks, or one for each metric if `width` has no room for both.
fn table(tasks: &[Evaluations], width: usize) -> Result<String> {
    if width >= BOTH_METRICS {
        return table_of(&METRICS, tasks);
    }
    let tables = METRICS.map(|metric| table_of(&[metric], tasks));
    let tables: Vec<String> = tables.into_iter().collect::<Result<_>>()?;
    Ok(tables.join("\n"))
}

fn table_of(metrics: &[Metric], tasks: &[Evaluations]) -> Result<String> {
    let line = |name: &str, cells: Vec<String>| {
        let cells = cells.iter().map(|cell| format!("{cell:<28}"));
        let line = format!("{name:<20}  {}", cells.collect::<String>());
        line.trim_end().to_owned() + "\n"
    };
    let names = metrics.iter().map(|metric| metric.name().to_owned());
    let mut text = line("95 % intervals", names.collect());
    for task in tasks {
        // Writing to a string never fails.
        let _ = writeln!(
            text,
            "\n{}: {} queries, {}",
            task.name,
            thousands(task.queries),
            count(task.documents, "paper"),
        );
        for run in &task.runs {
            let cells = metrics
                .iter()
                .map(|metric| estimate(run.evaluation.estimate(*metric)));
            text += &line(&format!("  {}", run.name), cells.collect());
        }
        for comparison in Comparison::all(&task.runs, None) {
            let cells = metrics
                .iter()
                .map(|metric| comparison.difference(*metric).map(difference));
            let cells = cells.collect::<Result<_>>()?;
            text += &line(&format!("  {}", comparison.name()), cells);
        }
    }
    Ok(text)
}
