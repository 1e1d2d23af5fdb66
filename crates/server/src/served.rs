//! What a server shares between all requests: opened libraries and loaded models.

use std::fmt;
use std::sync::Arc;

use cognate::{Embed, Encoder, Library, Rerank};

use crate::batching::{BatchingCounts, BatchingEmbedder};

/// A library with the name by which requests ask for it.
#[derive(Debug)]
pub struct ServedLibrary {
    pub(crate) name: String,
    pub(crate) library: Library,
}

impl ServedLibrary {
    /// Creates a served library. Queries by text need a library with an embedder; several libraries should
    /// share the one of their model.
    pub fn new(name: impl Into<String>, library: Library) -> Self {
        Self {
            name: name.into(),
            library,
        }
    }
}

/// A model with the name by which requests for embeddings ask for it.
#[derive(Clone)]
pub struct ServedModel {
    pub(crate) name: String,
    pub(crate) embedder: Arc<dyn Embed>,
    /// Counts and splits the tokens of texts.
    pub(crate) encoder: Arc<Encoder>,
    pub(crate) smaller_dimensions: Vec<usize>,
    aliases: Vec<String>,
    batching: Option<Arc<BatchingEmbedder>>,
}

/// A cross-encoder with the name by which requests ask for it.
#[derive(Clone)]
pub struct ServedReranker {
    pub(crate) name: String,
    pub(crate) reranker: Arc<dyn Rerank>,
}

impl ServedModel {
    /// Creates a served model. `embedder` computes the embeddings, with `encoder` or a wrapper of it.
    pub fn new(name: impl Into<String>, embedder: Arc<dyn Embed>, encoder: Arc<Encoder>) -> Self {
        Self {
            name: name.into(),
            embedder,
            encoder,
            smaller_dimensions: Vec::new(),
            aliases: Vec::new(),
            batching: None,
        }
    }

    /// Creates a served model that embeds the queries of simultaneous requests together. Libraries of the
    /// model should have its [`embedder`](Self::embedder).
    pub fn batching(name: impl Into<String>, encoder: Arc<Encoder>) -> Self {
        let batching = BatchingEmbedder::new(Arc::clone(&encoder) as Arc<dyn Embed>);
        let batching = Arc::new(batching.max_batches(encoder.parallel_calls()));
        Self {
            batching: Some(Arc::clone(&batching)),
            ..Self::new(name, batching, encoder)
        }
    }

    /// Returns what computes the embeddings.
    pub fn embedder(&self) -> Arc<dyn Embed> {
        Arc::clone(&self.embedder)
    }

    /// Returns how texts were embedded together, or `None` if the model was not created by
    /// [`batching`](Self::batching).
    pub fn batching_counts(&self) -> Option<BatchingCounts> {
        self.batching.as_ref().map(|batching| batching.counts())
    }

    /// Adds another name by which requests may ask for the model, such as the name of a model that a client
    /// cannot change. The part of the name after the last slash is one always.
    #[must_use]
    pub fn alias(mut self, name: impl Into<String>) -> Self {
        self.aliases.push(name.into());
        self
    }

    /// Adds a number of dimensions, below the model's own, to which requests may truncate embeddings.
    /// This is for models trained with Matryoshka representation learning. Default: none.
    #[must_use]
    pub fn smaller_dimensions(mut self, dimensions: usize) -> Self {
        self.smaller_dimensions.push(dimensions);
        self
    }

    /// Returns whether requests ask for the model by `name`.
    pub(crate) fn has_name(&self, name: &str) -> bool {
        let names = [self.name.as_str(), self.encoder.model()];
        names.into_iter().any(|own| is_name_of(own, name))
            || self.aliases.iter().any(|alias| alias == name)
    }
}

impl ServedReranker {
    /// Creates a served cross-encoder, such as a [`Reranker`](cognate::Reranker).
    pub fn new(name: impl Into<String>, reranker: Arc<dyn Rerank>) -> Self {
        Self {
            name: name.into(),
            reranker,
        }
    }

    /// Returns whether requests ask for the cross-encoder by `name`.
    pub(crate) fn has_name(&self, name: &str) -> bool {
        is_name_of(&self.name, name)
    }
}

/// Returns whether `name` is the name `own` of a model, or the part of it after the last slash.
fn is_name_of(own: &str, name: &str) -> bool {
    own == name || own.rsplit('/').next() == Some(name)
}

impl fmt::Debug for ServedReranker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServedReranker")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ServedModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServedModel")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
