//! The line protocol: a JSON command a line, a JSON answer a line.

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

/// As long as this a turn lasts at least.
const TURN: Duration = Duration::from_millis(300);

#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum Command {
    /// Times searches, after one that does not count.
    Time {
        #[serde(flatten)]
        task: Task,
    },
    /// Writes the rows that are found, int64 `[queries, k]`.
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
    /// So many of the queries, or of the rows: the first ones.
    queries: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Way {
    One,
    Batch,
    Neighbors,
}

/// Answers the lines of standard input until there are no more.
pub fn serve(index: &FlatIndex, queries: ArrayView2<'_, f32>) -> Result<()> {
    say(&json!("ready"))?;
    for line in stdin().lines() {
        match serde_json::from_str(&line?)? {
            Command::Time { task } if task.way == Way::Neighbors => {
                let seconds = time_neighbors(index, &task)?;
                say(&json!({ "seconds": seconds }))?;
            }
            Command::Time { task } => {
                let seconds = time(index, &task.parts(queries), task.k)?;
                say(&json!({ "seconds": seconds }))?;
            }
            Command::Answer { task, file } => {
                let hits = match task.way {
                    Way::Neighbors => {
                        let all = index.neighbors(task.k)?.into_iter();
                        all.map(|(_, hits)| hits).take(task.queries).collect()
                    }
                    _ => answer(index, &task.parts(queries), task.k)?,
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
    /// What is searched for at a time.
    fn parts<'a>(&self, queries: ArrayView2<'a, f32>) -> Vec<ArrayView2<'a, f32>> {
        let at_a_time = match self.way {
            Way::One => 1,
            Way::Batch | Way::Neighbors => self.queries,
        };
        (0..self.queries)
            .step_by(at_a_time)
            .map(|first| queries.slice_move(s![first..first + at_a_time, ..]))
            .collect()
    }
}

fn time(index: &FlatIndex, parts: &[ArrayView2<'_, f32>], k: usize) -> Result<Vec<f64>> {
    // Another contender had the caches before.
    if let Some(last) = parts.last() {
        index.search_batch(*last, k)?;
    }
    let mut seconds = Vec::new();
    let turn = Instant::now();
    while seconds.is_empty() || turn.elapsed() < TURN {
        for part in parts {
            let start = Instant::now();
            index.search_batch(*part, k)?;
            seconds.push(start.elapsed().as_secs_f64());
        }
    }
    Ok(seconds)
}

/// Finds the neighbours of all rows until those of `task.queries` are found: the time of so many.
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

fn answer(index: &FlatIndex, parts: &[ArrayView2<'_, f32>], k: usize) -> Result<Vec<Vec<Hit>>> {
    let mut hits = Vec::new();
    for part in parts {
        hits.extend(index.search_batch(*part, k)?);
    }
    Ok(hits)
}

fn say(value: &Value) -> Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{value}")?;
    out.flush()?;
    Ok(())
}
