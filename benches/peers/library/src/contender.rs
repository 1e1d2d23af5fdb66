//! What a contender does.

use std::path::Path;

use anyhow::Result;

use crate::paper::Paper;

/// The number of hits of a query.
pub const K: usize = 10;

/// A search engine with the papers of a benchmark.
pub trait Contender: Sized {
    /// The name in the table.
    const NAME: &str;

    /// Creates an engine without papers, in an empty folder.
    fn create(dir: &Path) -> Result<Self>;

    /// Adds many papers. They need not be found before [`finish`](Self::finish).
    fn add_many(&mut self, papers: &[Paper], vectors: &[Vec<f32>]) -> Result<()>;

    /// Makes the indexes.
    fn finish(&mut self) -> Result<()>;

    /// Adds one paper, durably, so that the next search finds it.
    fn add_one(&mut self, paper: &Paper, vector: &[f32]) -> Result<()>;

    /// Returns the ids and titles of the best [`K`] papers by words and vector, of those in a category if
    /// there is one.
    fn hybrid(
        &self,
        text: &str,
        vector: &[f32],
        category: Option<&str>,
    ) -> Result<Vec<(String, String)>>;
}
