//! Batches of queries.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use cognate::{BoxError, Embed};
use ndarray::{Array2, Axis, Slice};

use super::BatchingEmbedder;
use super::turns::{Job, Queued, Rows};

/// Embeds the queries of one call, together with the queries of other calls that wait.
pub(super) fn embed(batching: &BatchingEmbedder, texts: &[&str]) -> Rows {
    if texts.is_empty() {
        return batching.embedder.embed_queries(texts);
    }
    match batching.turns.queue(texts, batching.limits) {
        Queued::Done(rows) => rows,
        Queued::Lead(_turn, jobs) => lead(&*batching.embedder, jobs),
    }
}

/// Embeds the texts of `jobs`, answers all but the first, and returns the rows of the first.
fn lead(embedder: &dyn Embed, jobs: Vec<Job>) -> Rows {
    let rows = embed_jobs(embedder, &jobs);
    let mut own = None;
    for (job, rows) in jobs.into_iter().zip(rows) {
        if own.is_none() {
            own = Some(rows);
        } else {
            job.answer(rows);
        }
    }
    own.unwrap_or_else(|| Err("the batch of this query was empty".into()))
}

/// Embeds the texts of all jobs together, or the texts of each job alone if that fails.
fn embed_jobs(embedder: &dyn Embed, jobs: &[Job]) -> Vec<Rows> {
    let texts_of = |jobs: &[Job]| {
        let texts = jobs.iter().flat_map(|job| &job.texts);
        try_embed(embedder, &texts.map(String::as_str).collect::<Vec<_>>())
    };
    if let [job] = jobs {
        return vec![texts_of(std::slice::from_ref(job))];
    }
    let count: usize = jobs.iter().map(|job| job.texts.len()).sum();
    match texts_of(jobs) {
        Ok(rows) if rows.nrows() == count => {
            let mut end = 0;
            let row_ranges = jobs.iter().map(|job| {
                let start = end;
                end += job.texts.len();
                start..end
            });
            row_ranges
                .map(|range| Ok(rows.slice_axis(Axis(0), Slice::from(range)).to_owned()))
                .collect()
        }
        _ => jobs
            .iter()
            .map(|job| texts_of(std::slice::from_ref(job)))
            .collect(),
    }
}

/// Embeds `texts`. A panic is an error.
fn try_embed(embedder: &dyn Embed, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
    let embed = AssertUnwindSafe(|| embedder.embed_queries(texts));
    catch_unwind(embed).unwrap_or_else(|panic| Err(message(&*panic).into()))
}

/// Returns the message of a panic.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("the embedder panicked: {}", text.unwrap_or("no message"))
}
