//! Evaluation of search on a library without labels: the metadata of its papers say which hits are
//! right.

pub(crate) mod options;
mod tasks;

use std::ops::ControlFlow;
use std::sync::Arc;

use serde::Serialize;

use self::options::SelfEvaluationOptions;
use self::tasks::{JudgedQuery, Outline, Task};
use crate::analysis::evaluation::metrics::{Gain, Metrics};
use crate::analysis::evaluation::results::Evaluation;
use crate::analysis::evaluation::run::Run;
use crate::analysis::evaluation::setting::SearchSetting;
use crate::analysis::require_papers;
use crate::library::{IfExists, Library};
use crate::query::Query;
use crate::{AddOptions, Error, Progress, Result};

/// The result of [`Library::evaluate_itself`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SelfEvaluation {
    /// The tasks for which the metadata of the papers suffice.
    pub tasks: Vec<SelfTask>,
}

/// Queries of one kind, made from the papers of a library, whose relevant papers are known.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SelfTask {
    /// The name of the task, such as `a title finds its abstract`.
    pub name: &'static str,
    /// The number of queries.
    pub queries: usize,
    /// The number of papers that are searched.
    pub documents: usize,
    /// The evaluation of each setting by its name, in the order of the settings.
    pub results: Vec<(String, Evaluation)>,
}

/// The fewest queries of a task; a mean over fewer would have a very wide interval.
const MIN_QUERIES: usize = 10;

impl Library {
    /// Evaluates settings of search on tasks that are made from the papers of this library, without
    /// labels by people:
    ///
    /// - a title finds its abstract, among abstracts without titles;
    /// - a sentence finds the abstract that it was taken from (the inverse cloze task: Lee, Chang and
    ///   Toutanova, "Latent retrieval for weakly supervised open domain question answering", ACL 2019);
    /// - a paper finds the papers that it cites among the related ones, if the library knows their
    ///   [`references`](crate::Paper::references);
    /// - a paper finds the papers of the same first category among the related ones.
    ///
    /// A task is left out if a setting has an option that does not apply to its queries, as feedback does
    /// not apply to queries by paper.
    ///
    /// The queries come from papers that are evenly spaced over the library, in the order of ids. The first two tasks embed
    /// the abstracts of these papers again; `progress` is called with the number of embedded texts and
    /// answered queries. The same library always gives the same numbers.
    ///
    /// # Errors
    ///
    /// Returns [`Error::EmptyLibrary`] if there is no paper, [`Error::NoEmbedder`] if the library was
    /// opened without an embedder, [`Error::InvalidOption`] if the settings apply to no task,
    /// [`Error::Cancelled`] if `progress` breaks, and the errors of
    /// [`search`](Self::search), [`rerank`](Self::rerank) and [`create`](Self::create), which creates
    /// temporary libraries in the folder for temporary files.
    pub fn evaluate_itself(
        &self,
        options: &SelfEvaluationOptions<'_>,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<SelfEvaluation> {
        self.embedder()?;
        require_papers(self)?;
        let papers = self.outlines()?;
        let mut tasks = tasks::of_papers(&papers, options.sample, |id| self.get(id))?;
        tasks.retain(|task| task.queries.len() >= MIN_QUERIES);
        let mut refusal = None;
        tasks.retain(|task| match check(task, &options.settings, papers.len()) {
            Ok(()) => true,
            Err(error) => {
                refusal = Some(error);
                false
            }
        });
        if let Some(error) = refusal.filter(|_| tasks.is_empty()) {
            return Err(error);
        }
        let steps = |task: &Task| {
            task.documents.as_ref().map_or(0, Vec::len)
                + task.queries.len() * options.settings.len()
        };
        let total = tasks.iter().map(steps).sum();
        let mut before = 0;
        let mut results = Vec::new();
        for task in tasks {
            let steps = steps(&task);
            let mut progress = |done| progress(Progress::new(before + done, total));
            results.push(evaluate(self, task, &options.settings, &mut progress)?);
            before += steps;
        }
        Ok(SelfEvaluation { tasks: results })
    }
}

impl Library {
    /// Returns what the tasks need of each paper, in the order of ids, since the order of adding must not
    /// decide which papers are sampled.
    fn outlines(&self) -> Result<Vec<Outline>> {
        let mut papers = Vec::new();
        self.for_each(|paper| {
            papers.push(Outline::of(paper));
            ControlFlow::Continue(())
        })?;
        papers.sort_by(|a, b| a.paper.id.cmp(&b.paper.id));
        Ok(papers)
    }
}

/// Checks that the queries of a task can have all settings, on a library of `papers` papers.
fn check(task: &Task, settings: &[SearchSetting<'_>], papers: usize) -> Result<()> {
    let papers = task.documents.as_ref().map_or(papers, Vec::len);
    for query in task.queries.iter().take(1) {
        for setting in settings {
            setting.configure(query.query.clone(), papers).check()?;
        }
    }
    Ok(())
}

/// Evaluates a task, on a temporary library if it has documents of its own.
fn evaluate(
    library: &Library,
    task: Task,
    settings: &[SearchSetting<'_>],
    progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<SelfTask> {
    let Some(documents) = task.documents else {
        return evaluate_on(library, task.name, &task.queries, settings, progress);
    };
    let dir = std::env::temp_dir();
    let folder = tempfile::tempdir().map_err(Error::io("create", &dir))?;
    let documents_only = Library::create_shared(
        folder.path().join("library"),
        Arc::clone(library.embedder()?),
        IfExists::Fail,
    )?
    .with_text_recipe(library.text.clone())?;
    let count = documents.len();
    let options = AddOptions::default();
    documents_only.add_with(
        documents.into_iter().map(Ok::<_, Error>),
        &options,
        &mut |state| progress(state.papers),
    )?;
    evaluate_on(
        &documents_only,
        task.name,
        &task.queries,
        settings,
        &mut |done| progress(count + done),
    )
}

/// Evaluates queries on a library in each setting.
fn evaluate_on(
    library: &Library,
    name: &'static str,
    judged: &[JudgedQuery],
    settings: &[SearchSetting<'_>],
    progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<SelfTask> {
    let queries: Vec<(String, Query)> = judged
        .iter()
        .map(|judged| (judged.id.clone(), judged.query.clone()))
        .collect();
    let mut results = Vec::new();
    for (position, setting) in settings.iter().enumerate() {
        let before = position * judged.len();
        let mut progress = |state: Progress| progress(before + state.done);
        let run = library.run(setting, &queries, &mut progress)?;
        results.push((setting.name().to_owned(), evaluation(judged, &run)));
    }
    Ok(SelfTask {
        name,
        queries: judged.len(),
        documents: library.len()?,
        results,
    })
}

/// Returns the metrics of the queries, as [`Qrels::evaluate`](crate::Qrels::evaluate) does, without a list of
/// the relevant papers for each query.
fn evaluation(judged: &[JudgedQuery], run: &Run) -> Evaluation {
    let metrics = |query: &JudgedQuery| {
        let ranking = run.ranking(&query.id);
        let ranked: Vec<i32> = ranking
            .map(|(id, _)| i32::from(query.is_relevant(id)))
            .collect();
        let relevant = vec![1; query.count_relevant()];
        (
            query.id.clone(),
            Metrics::of_ranking(&ranked, &relevant, Gain::default()),
        )
    };
    Evaluation::new(judged.iter().map(metrics).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::Qrels;
    use crate::analysis::self_evaluation::tasks::Relevant;

    #[test]
    fn the_metrics_are_those_of_qrels() {
        let set =
            |ids: &[&str]| -> HashSet<String> { ids.iter().map(|id| (*id).to_owned()).collect() };
        let shared = Arc::new(set(&["a", "b", "c", "d"]));
        let relevant = [
            ("a", Relevant::OthersOf(Arc::clone(&shared))),
            ("b", Relevant::OthersOf(shared)),
            ("x", Relevant::Only(set(&["x", "c"]))),
            ("unanswered", Relevant::Only(set(&["a"]))),
        ];
        let judged = relevant.map(|(id, relevant)| JudgedQuery {
            id: id.to_owned(),
            query: Query::text(id),
            relevant,
        });
        let mut run = Run::default();
        let mut qrels = Qrels::default();
        for query in &judged {
            for (rank, id) in ["q", "d", "x", "a", "b", "c"].into_iter().enumerate() {
                if query.id != "unanswered" {
                    run.insert(
                        &query.id,
                        id,
                        1.0 / f64::from(u32::try_from(rank).unwrap() + 1),
                    );
                }
                if query.is_relevant(id) {
                    qrels.insert(&query.id, id, 1);
                }
            }
        }
        assert_eq!(evaluation(&judged, &run), qrels.evaluate(&run));
    }
}
