//! What a server shares between all requests: opened libraries and loaded models.

use std::fmt;
use std::sync::Arc;

use cognate::{Embed, Encoder, Library};

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

    /// Returns the generation of the library, as a text.
    pub(crate) fn generation(&self) -> cognate::Result<String> {
        let info = self.library.info()?;
        Ok(format!(
            "{}.{}.{}",
            info.papers, info.segments, info.deleted_rows
        ))
    }
}

/// A model with the name by which requests for embeddings ask for it.
#[derive(Clone)]
pub struct ServedModel {
    pub(crate) name: String,
    pub(crate) embedder: Arc<dyn Embed>,
    /// Counts and splits the tokens of texts.
    pub(crate) encoder: Arc<Encoder>,
}

impl ServedModel {
    /// Creates a served model. `embedder` computes the embeddings, with `encoder` or a wrapper of it.
    pub fn new(name: impl Into<String>, embedder: Arc<dyn Embed>, encoder: Arc<Encoder>) -> Self {
        Self {
            name: name.into(),
            embedder,
            encoder,
        }
    }
}

impl fmt::Debug for ServedModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServedModel")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
