//! The embedder of the benchmark, in place of a model.

use std::ops::ControlFlow;
use std::sync::Arc;

use cognate::{BoxError, Embed, Embedded, EmbedderInfo, Progress};
use ndarray::Array2;

use crate::word_vectors::{DIM, WordVectors};

/// An embedder that sums up random vectors of words. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct WordEmbedder(Arc<WordVectors>);

impl WordEmbedder {
    /// Creates an embedder.
    pub(crate) fn new() -> Self {
        Self(Arc::new(WordVectors::new()))
    }

    /// Returns the vectors of texts, `[n, DIM]`.
    pub(crate) fn rows(&self, texts: &[&str]) -> Array2<f32> {
        let mut rows = vec![0.0; texts.len() * DIM];
        for (text, row) in texts.iter().zip(rows.chunks_exact_mut(DIM)) {
            self.0.embed(text, row);
        }
        Array2::from_shape_vec((texts.len(), DIM), rows).unwrap()
    }
}

impl Embed for WordEmbedder {
    fn info(&self) -> EmbedderInfo {
        EmbedderInfo::new("word-vectors", "f32", "word-vectors-1", DIM)
    }

    fn embed_documents(
        &self,
        texts: &[&str],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Embedded, BoxError> {
        let rows = self.rows(texts);
        // The work is done, so a request to stop no longer matters.
        let _ = progress(Progress::new(texts.len(), texts.len()));
        Ok(Embedded::new(rows))
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
        Ok(self.rows(texts))
    }
}
