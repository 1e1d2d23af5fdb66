//! Texts that a library embeds, with the shape of the result checked.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use cognate_model::Truncation;
use ndarray::Array2;

use crate::embed::{Embed, Embedded, check_shape};
use crate::library::Library;
use crate::library::store::TextHash;
use crate::{Error, Progress, Result};

/// The vectors of texts by the hash of the text, so that a text that several papers share is embedded
/// once.
#[derive(Debug, Default)]
pub(crate) struct TextVectors {
    vectors: HashMap<TextHash, Vec<f32>>,
    /// The number of texts that were embedded.
    pub(crate) embedded: usize,
    /// The number of these texts that were too long and the tokens that were cut off.
    pub(crate) truncation: Truncation,
}

impl TextVectors {
    /// Embeds the texts that have no vector yet, as documents. `progress` is called with the
    /// number of texts done.
    ///
    /// Returns [`Error::Cancelled`] if `progress` breaks, with no papers committed.
    pub(crate) fn embed_missing<'t>(
        &mut self,
        embedder: &dyn Embed,
        texts: impl IntoIterator<Item = (TextHash, &'t str)>,
        progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<()> {
        let has_no_vector = |(hash, _): &(TextHash, &str)| !self.vectors.contains_key(hash);
        let mut missing: Vec<_> = texts.into_iter().filter(has_no_vector).collect();
        missing.sort_by_key(|(hash, _)| *hash);
        missing.dedup_by_key(|(hash, _)| *hash);
        if missing.is_empty() {
            return Ok(());
        }
        let texts: Vec<&str> = missing.iter().map(|(_, text)| *text).collect();
        let mut cancelled = false;
        let embedded = embed_documents(embedder, &texts, &mut |Progress { done, .. }| {
            let flow = progress(done);
            cancelled |= flow.is_break();
            flow
        });
        if cancelled {
            return Err(Error::Cancelled { committed: 0 });
        }
        let embedded = embedded?;
        for ((hash, _), row) in missing.iter().zip(embedded.rows.outer_iter()) {
            self.vectors.insert(*hash, row.to_vec());
        }
        self.embedded += texts.len();
        self.truncation += embedded.truncation;
        Ok(())
    }

    /// Returns the vector of the text with this hash, if it was embedded.
    pub(crate) fn get(&self, hash: &TextHash) -> Option<&[f32]> {
        self.vectors.get(hash).map(Vec::as_slice)
    }
}

/// Returns the hash of a text, by which a library knows whether the text of a paper has changed.
pub(crate) fn hash_text(text: &str) -> TextHash {
    let mut hash = TextHash::default();
    blake3::Hasher::new()
        .update(text.as_bytes())
        .finalize_xof()
        .fill(&mut hash);
    hash
}

/// Embeds texts as documents, one row per text.
fn embed_documents(
    embedder: &dyn Embed,
    texts: &[&str],
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Embedded> {
    let embedded = embedder
        .embed_documents(texts, progress)
        .map_err(|source| Error::Embed { source })?;
    check_shape(&embedded.rows, texts.len(), embedder.info().dim)?;
    Ok(embedded)
}

impl Library {
    /// Returns the embedder, or [`Error::NoEmbedder`] if the library was opened without one.
    pub(crate) fn embedder(&self) -> Result<&Arc<dyn Embed>> {
        self.embedder.as_ref().ok_or(Error::NoEmbedder)
    }

    /// Embeds sentences that are compared with one another, as documents, one row per sentence.
    pub(crate) fn embed_sentences(&self, texts: &[&str]) -> Result<Array2<f32>> {
        let embedder = self.embedder()?.as_ref();
        let embedded = embed_documents(embedder, texts, &mut |_| ControlFlow::Continue(()))?;
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
