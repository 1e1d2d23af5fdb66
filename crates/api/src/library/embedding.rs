//! Texts that a library embeds, with the shape of the result checked.

use std::ops::ControlFlow;
use std::sync::Arc;

use ndarray::Array2;

use crate::embed::{Embed, Embedded, check_shape};
use crate::library::Library;
use crate::{Error, Progress, Result};

impl Library {
    /// Returns the embedder, or [`Error::NoEmbedder`] if the library was opened without one.
    pub(crate) fn embedder(&self) -> Result<&Arc<dyn Embed>> {
        self.embedder.as_ref().ok_or(Error::NoEmbedder)
    }

    /// Embeds texts as documents, one row per text.
    pub(crate) fn embed_documents(
        &self,
        texts: &[&str],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Embedded> {
        let embedded = self
            .embedder()?
            .embed_documents(texts, progress)
            .map_err(|source| Error::Embed { source })?;
        check_shape(&embedded.rows, texts.len(), self.stored.dim)?;
        Ok(embedded)
    }

    /// Embeds sentences that are compared with one another, as documents, one row per sentence.
    pub(crate) fn embed_sentences(&self, texts: &[&str]) -> Result<Array2<f32>> {
        let embedded = self.embed_documents(texts, &mut |_| ControlFlow::Continue(()))?;
        Ok(embedded.rows)
    }

    /// Embeds texts as queries, one row per text.
    ///
    /// Returns [`Error::EmptyQuery`] if a text is blank.
    pub(crate) fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>> {
        if texts.iter().any(|text| text.trim().is_empty()) {
            return Err(Error::EmptyQuery { expected: "a text" });
        }
        let rows = self
            .embedder()?
            .embed_queries(texts)
            .map_err(|source| Error::Embed { source })?;
        check_shape(&rows, texts.len(), self.stored.dim)?;
        Ok(rows)
    }
}
