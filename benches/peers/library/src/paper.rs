//! Papers, as JSON lines have them.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::word_vectors::{DIM, WordVectors};

/// A paper; each contender stores all of it.
#[derive(Clone, Debug, Deserialize)]
pub struct Paper {
    pub id: String,
    pub title: String,
    #[serde(rename = "abstract")]
    pub abstract_text: String,
    pub authors: Vec<String>,
    pub year: Option<i32>,
    pub categories: Vec<String>,
}

impl Paper {
    /// Returns the text whose vector is the vector of the paper.
    pub fn text(&self) -> String {
        format!("{} {}", self.title, self.abstract_text)
    }

    /// Returns the vector of the paper.
    pub fn vector(&self, vectors: &WordVectors) -> Vec<f32> {
        let mut row = vec![0.0; DIM];
        vectors.embed(&self.text(), &mut row);
        row
    }
}

/// Calls `act` with the first `count` papers of a file, a part at a time, and returns the `more` papers
/// after these.
pub fn read(
    path: &Path,
    count: usize,
    more: usize,
    mut act: impl FnMut(&[Paper]) -> Result<()>,
) -> Result<Vec<Paper>> {
    /// The number of papers in memory at a time.
    const PART: usize = 10_000;
    let file = File::open(path).with_context(|| format!("cannot open `{}`", path.display()))?;
    let mut papers = BufReader::new(file).lines().map(|line| {
        let line = line.context("cannot read the papers")?;
        serde_json::from_str::<Paper>(&line).context("a line is not a paper")
    });
    let mut done = 0;
    while done < count {
        let part: Vec<Paper> = papers
            .by_ref()
            .take(PART.min(count - done))
            .collect::<Result<_>>()?;
        ensure!(
            !part.is_empty(),
            "{done} papers, expected {count} and {more} more"
        );
        act(&part)?;
        done += part.len();
    }
    let rest: Vec<Paper> = papers.take(more).collect::<Result<_>>()?;
    ensure!(
        rest.len() == more,
        "{} papers after the first {count}, expected {more}",
        rest.len()
    );
    Ok(rest)
}
