use std::ops::ControlFlow;
use std::sync::Arc;

use cognate_model::{Encoder, Role, Truncation};
use ndarray::Array2;
use serde::Serialize;

use crate::error::BoxError;
use crate::{Error, Progress, Result};

/// Turns texts into vectors.
///
/// [`Encoder`] is the usual implementation. Implement this trait to bring your own model; the example
/// `custom_embedder` shows how.
///
/// A pointer to an embedder is an embedder, so one encoder can serve many libraries, and the kind of
/// embedder can be chosen at run time:
///
/// ```no_run
/// use std::sync::Arc;
///
/// use cognate::{DEFAULT_MODEL, Embed, Encoder, EncoderOptions, Library, ModelSource};
///
/// let checkpoint = ModelSource::from_env()?.resolve(DEFAULT_MODEL)?.open()?;
/// let encoder: Arc<dyn Embed> =
///     Arc::new(Encoder::load(&checkpoint, EncoderOptions::default())?);
/// let physics = Library::open("physics")?.with_embedder(Arc::clone(&encoder))?;
/// let biology = Library::open("biology")?.with_embedder(encoder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Embed: Send + Sync {
    /// Returns the description of the embedder that a library stores.
    fn info(&self) -> EmbedderInfo;

    /// Embeds texts that are searched for; row i belongs to text i.
    ///
    /// `progress` is called now and then with the number of texts done. If it breaks, the
    /// implementation should return soon, and its result is ignored.
    ///
    /// # Errors
    ///
    /// Returns the error that keeps it from embedding a text.
    fn embed_documents(
        &self,
        texts: &[&str],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Embedded, BoxError>;

    /// Returns the prefix of a text on which its vector as a document depends. The default is the
    /// whole text, which is right for an embedder that truncates nothing.
    ///
    /// # Errors
    ///
    /// Returns the error that keeps it from reading the text.
    fn text_within_limit<'t>(&self, text: &'t str) -> Result<&'t str, BoxError> {
        Ok(text)
    }

    /// Embeds queries; row i belongs to text i, `[n, dim]`.
    ///
    /// # Errors
    ///
    /// Returns the error that keeps it from embedding a text.
    fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError>;
}

/// Implements [`Embed`] for a pointer to an embedder, which may be a `dyn Embed`.
macro_rules! embed_through {
    ($($pointer:ty),+) => {$(
        impl<E: Embed + ?Sized> Embed for $pointer {
            fn info(&self) -> EmbedderInfo {
                (**self).info()
            }

            fn embed_documents(
                &self,
                texts: &[&str],
                progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
            ) -> Result<Embedded, BoxError> {
                (**self).embed_documents(texts, progress)
            }

            fn text_within_limit<'t>(&self, text: &'t str) -> Result<&'t str, BoxError> {
                (**self).text_within_limit(text)
            }

            fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
                (**self).embed_queries(texts)
            }
        }
    )+};
}

embed_through!(&E, Box<E>, Arc<E>);

/// The description of an embedder, as a library stores it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EmbedderInfo {
    /// The name of the model, or the path of its folder.
    pub model: String,
    /// The number format of the arithmetic, such as `f32`.
    pub precision: String,
    /// A value that differs for embedders that give different vectors.
    pub fingerprint: String,
    /// The number of dimensions of a vector.
    pub dim: usize,
}

impl EmbedderInfo {
    /// Creates a description.
    pub fn new(
        model: impl Into<String>,
        precision: impl Into<String>,
        fingerprint: impl Into<String>,
        dim: usize,
    ) -> Self {
        Self {
            model: model.into(),
            precision: precision.into(),
            fingerprint: fingerprint.into(),
            dim,
        }
    }

    /// Returns the name, precision and abbreviated fingerprint, for messages.
    pub(crate) fn label(&self) -> String {
        let short: String = self.fingerprint.chars().take(12).collect();
        format!("{} ({}, fingerprint {short})", self.model, self.precision)
    }
}

/// The vectors of documents.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Embedded {
    /// The vectors, `[n, dim]`.
    pub rows: Array2<f32>,
    /// The number of texts that were too long and the tokens that were cut off.
    pub truncation: Truncation,
}

impl Embedded {
    /// Creates a result in which no text was truncated.
    pub fn new(rows: Array2<f32>) -> Self {
        Self {
            rows,
            truncation: Truncation::default(),
        }
    }

    /// Sets the truncation counts. Default: nothing was truncated.
    #[must_use]
    pub fn truncation(mut self, truncation: Truncation) -> Self {
        self.truncation = truncation;
        self
    }
}

impl Embed for Encoder {
    fn info(&self) -> EmbedderInfo {
        EmbedderInfo::new(
            self.model(),
            self.precision().to_string(),
            self.fingerprint(),
            self.dim(),
        )
    }

    fn embed_documents(
        &self,
        texts: &[&str],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Embedded, BoxError> {
        let embeddings = self.encode_with(Role::Document, texts, progress)?;
        Ok(Embedded::new(embeddings.rows).truncation(embeddings.truncation))
    }

    fn text_within_limit<'t>(&self, text: &'t str) -> Result<&'t str, BoxError> {
        Ok(Encoder::text_within_limit(self, Role::Document, text)?)
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
        Ok(self.encode_queries(texts)?)
    }
}

/// Checks that `rows` has one row of `dim` values for each of `texts` texts.
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
