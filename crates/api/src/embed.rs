use std::ops::ControlFlow;

use cognate_model::{Encoder, Progress, Role, Truncation};
use ndarray::Array2;

use crate::error::BoxError;
use crate::{Error, Result};

/// Makes vectors of texts.
///
/// [`Encoder`] is the usual one. Implement this to bring your own; the example
/// `custom_embedder` shows how.
pub trait Embed: Send + Sync {
    /// Names the embedder; a library remembers it.
    fn info(&self) -> EmbedderInfo;

    /// Embeds what is searched; row i for text i.
    ///
    /// `progress` is told how many of the texts are done, now and then; when it breaks, the work
    /// stops soon and the result does not matter.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from embedding a text.
    fn embed_documents(
        &self,
        texts: &[&str],
        progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Embedded, BoxError>;

    /// The part of a text, from its start, that its vector as a document depends on. All of it,
    /// unless the embedder says otherwise.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from reading the text.
    fn text_within_limit<'t>(&self, text: &'t str) -> Result<&'t str, BoxError> {
        Ok(text)
    }

    /// Embeds what is asked; row i for text i, `[n, dim]`.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from embedding a text.
    fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError>;
}

/// What a library remembers of its embedder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbedderInfo {
    /// A name that finds it again: of a model, or a path.
    pub model: String,
    /// The number format of its arithmetic, such as `f32`.
    pub precision: String,
    /// Changes whenever the vectors would.
    pub fingerprint: String,
    /// Values in a vector.
    pub dim: usize,
}

impl EmbedderInfo {
    /// Name and fingerprint, for messages.
    pub(crate) fn label(&self) -> String {
        let short: String = self.fingerprint.chars().take(12).collect();
        format!("{} ({}, fingerprint {short})", self.model, self.precision)
    }
}

/// Vectors, with what was cut off to make them.
#[derive(Clone, Debug)]
pub struct Embedded {
    /// `[n, dim]`.
    pub rows: Array2<f32>,
    /// What was cut off because texts were too long.
    pub truncation: Truncation,
}

impl Embed for Encoder {
    fn info(&self) -> EmbedderInfo {
        EmbedderInfo {
            model: self.model().to_owned(),
            precision: self.precision().to_string(),
            fingerprint: self.fingerprint().to_owned(),
            dim: self.dim(),
        }
    }

    fn embed_documents(
        &self,
        texts: &[&str],
        progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Embedded, BoxError> {
        let mut progress = |state: Progress| progress(state.done);
        let embeddings = self.encode_with(Role::Document, texts, &mut progress)?;
        Ok(Embedded {
            rows: embeddings.rows,
            truncation: embeddings.truncation,
        })
    }

    fn text_within_limit<'t>(&self, text: &'t str) -> Result<&'t str, BoxError> {
        Ok(Encoder::text_within_limit(self, Role::Document, text)?)
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
        Ok(self.encode_queries(texts)?)
    }
}

/// Refuses a result that is not one row of the right width for each text.
pub(crate) fn check_shape(rows: &Array2<f32>, texts: usize, dim: usize) -> Result<()> {
    let (found_rows, found_dim) = rows.dim();
    for (what, expected, found) in [
        ("rows", texts, found_rows),
        ("values for a text", dim, found_dim),
    ] {
        if expected != found {
            return Err(Error::EmbedderShape {
                what,
                expected,
                found,
            });
        }
    }
    Ok(())
}
