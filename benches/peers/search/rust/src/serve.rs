//! The line protocol: one JSON command and one JSON answer per line.

use std::io::{Write, stdin, stdout};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use cognate_index::{Error, FlatIndex, Hit};
use ndarray::{Array2, ArrayView2, s};
use ndarray_npy::write_npy;
use serde::Deserialize;
use serde_json::{Value, json};

/// The minimum duration of a turn.
const TURN: Duration = Duration::from_millis(300);

#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum Command {
    /// Times searches, after one warm-up search.
    Time {
        #[serde(flatten)]
        task: Task,
    },
    /// Writes the indices of the rows found, int64 `[queries, k]`.
    Answer {
        #[serde(flatten)]
        task: Task,
        file: PathBuf,
    },
}

#[derive(Debug, Deserialize)]
struct Task {
    way: Way,
    k: usize,
    /// The number of queries, or of rows for `neighbors`: the first ones.
    queries: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Way {
    One,
    Batch,
    Neighbors,
}

/// Answers commands on standard input until its end.
pub fn serve(index: &FlatIndex, queries: ArrayView2<'_, f32>) -> Result<()> {
    say(&json!("ready"))?;
    for line in stdin().lines() {
        match serde_json::from_str(&line?)? {
            Command::Time { task } if task.way == Way::Neighbors => {
                let seconds = time_neighbors(index, &task)?;
                say(&json!({ "seconds": seconds }))?;
            }
            Command::Time { task } => {
                let seconds = time(index, &task.batches(queries), task.k)?;
                say(&json!({ "seconds": seconds }))?;
            }
            Command::Answer { task, file } => {
                let hits = match task.way {
                    Way::Neighbors => {
                        let all = index.neighbors(task.k)?.into_iter();
                        all.map(|(_, hits)| hits).take(task.queries).collect()
                    }
                    _ => answer(index, &task.batches(queries), task.k)?,
                };
                let rows = hits.iter().flatten().map(|hit| i64::from(hit.row.get()));
                let rows = Array2::from_shape_vec((hits.len(), task.k), rows.collect())?;
                write_npy(file, &rows)?;
                say(&json!({ "rows": hits.len() }))?;
            }
        }
    }
    Ok(())
}

impl Task {
    /// Splits the queries into the batches that are searched at a time.
    fn batches<'a>(&self, queries: ArrayView2<'a, f32>) -> Vec<ArrayView2<'a, f32>> {
        let batch_size = match self.way {
            Way::One => 1,
            Way::Batch | Way::Neighbors => self.queries,
        };
        (0..self.queries)
            .step_by(batch_size)
            .map(|first| queries.slice_move(s![first..first + batch_size, ..]))
            .collect()
    }
}

fn time(index: &FlatIndex, batches: &[ArrayView2<'_, f32>], k: usize) -> Result<Vec<f64>> {
    // Warm the caches, which held the data of another contender.
    if let Some(last) = batches.last() {
        index.search_batch(*last, k)?;
    }
    let mut seconds = Vec::new();
    let turn = Instant::now();
    while seconds.is_empty() || turn.elapsed() < TURN {
        for batch in batches {
            let start = Instant::now();
            index.search_batch(*batch, k)?;
            seconds.push(start.elapsed().as_secs_f64());
        }
    }
    Ok(seconds)
}

/// Times `neighbors_with`, stopped after `task.queries` rows, and scales the time to that number.
fn time_neighbors(index: &FlatIndex, task: &Task) -> Result<Vec<f64>> {
    let mut seconds = Vec::new();
    let turn = Instant::now();
    while seconds.is_empty() || turn.elapsed() < TURN {
        let mut found = 0;
        let start = Instant::now();
        let outcome = index.neighbors_with(task.k, &mut |progress| {
            found = progress.done;
            if progress.done >= task.queries {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        match outcome {
            Ok(_) | Err(Error::Cancelled { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let share = task.queries as f64 / found as f64;
        seconds.push(start.elapsed().as_secs_f64() * share);
    }
    Ok(seconds)
}

fn answer(index: &FlatIndex, batches: &[ArrayView2<'_, f32>], k: usize) -> Result<Vec<Vec<Hit>>> {
    let mut hits = Vec::new();
    for batch in batches {
        hits.extend(index.search_batch(*batch, k)?);
    }
    Ok(hits)
}

fn say(value: &Value) -> Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{value}")?;
    out.flush()?;
    Ok(())
}
