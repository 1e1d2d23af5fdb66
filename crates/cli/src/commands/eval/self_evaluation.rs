use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, bail};
use cognate::{Error, Estimate, Library, SelfEvaluation, SelfTask};
use serde::Serialize;

use crate::arguments::ModelArguments;
use crate::output::{print, print_json};
use crate::progress::Progress;
use crate::{interrupt, model};

#[derive(Debug, Serialize)]
struct SelfEvalDocument<'a> {
    model: &'a str,
    precision: &'a str,
    tasks: Vec<TaskDocument>,
}

#[derive(Debug, Serialize)]
struct TaskDocument {
    task: &'static str,
    queries: usize,
    documents: usize,
    results: Vec<ResultDocument>,
}

#[derive(Debug, Serialize)]
struct ResultDocument {
    mode: String,
    #[serde(rename = "ndcg@10")]
    ndcg_at_10: EstimateDocument,
    #[serde(rename = "mrr@10")]
    mrr_at_10: EstimateDocument,
}

#[derive(Debug, Serialize)]
struct EstimateDocument {
    mean: f64,
    low: f64,
    high: f64,
}

impl From<Estimate> for EstimateDocument {
    fn from(estimate: Estimate) -> Self {
        let Estimate {
            mean, low, high, ..
        } = estimate;
        Self { mean, low, high }
    }
}

impl From<&SelfTask> for TaskDocument {
    fn from(task: &SelfTask) -> Self {
        Self {
            task: task.name,
            queries: task.queries,
            documents: task.documents,
            results: task
                .results
                .iter()
                .map(|(mode, metrics)| ResultDocument {
                    mode: mode.to_string(),
                    ndcg_at_10: metrics.ndcg_at_10.into(),
                    mrr_at_10: metrics.mrr_at_10.into(),
                })
                .collect(),
        }
    }
}

/// Evaluates the library in `dir` on its own papers, `sample` of which are the queries.
pub(crate) fn run(dir: &Path, sample: usize, model: &ModelArguments, json: bool) -> Result<()> {
    let library = Library::open(dir)?;
    let stored = library.embedder_info().clone();
    let name = model.model.as_ref().unwrap_or(&stored.model);
    let device = model.device.device;
    let precision = model::supported_precision(device, stored.precision.parse()?);
    let encoder = model::load(name, precision, device)?;
    let library = library.with_embedder(encoder)?;
    interrupt::watch()?;
    let mut progress = Progress::new(2 * sample.min(library.len()?), "texts");
    let outcome = library.evaluate_itself(sample, &mut |state| {
        progress.update(state.done);
        interrupt::check()
    });
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
    if json {
        return print_json(&SelfEvalDocument {
            model: &stored.model,
            precision: &stored.precision,
            tasks: evaluation.tasks.iter().map(TaskDocument::from).collect(),
        });
    }
    print(&table(&evaluation))
}

fn table(evaluation: &SelfEvaluation) -> String {
    let mut text = "nDCG@10 [95 % confidence interval]\n".to_owned();
    // Writing to a string never fails.
    let _ = write!(text, "{:<32}{:>8}", "", "queries");
    for (mode, _) in evaluation
        .tasks
        .iter()
        .take(1)
        .flat_map(|task| &task.results)
    {
        let _ = write!(text, "  {mode:<20}");
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    for task in &evaluation.tasks {
        let _ = write!(text, "{:<32}{:>8}", task.name, task.queries);
        for (_, metrics) in &task.results {
            let Estimate {
                mean, low, high, ..
            } = metrics.ndcg_at_10;
            let _ = write!(text, "  {mean:.3} [{low:.3}, {high:.3}]");
        }
        text.push('\n');
    }
    text
}
