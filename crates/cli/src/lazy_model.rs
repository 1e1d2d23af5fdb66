//! A model that is loaded when it is first needed, so that a server answers at once.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};
use cognate::{BoxError, Device, Embed, Embedded, EmbedderInfo, Encoder, Progress};
use ndarray::Array2;

use crate::arguments::{FetchArguments, StoredModelArguments};
use crate::model::{self, ModelName, supported_precision};

/// The model of a library, loaded at most once.
#[derive(Debug)]
pub(crate) struct LazyModel {
    stored: EmbedderInfo,
    chosen: Option<String>,
    fetch: FetchArguments,
    device: Device,
    loaded: Mutex<Option<&'static Encoder>>,
}

impl LazyModel {
    /// Creates the model that embedded the papers of a library, whose description is `stored`.
    pub(crate) fn new(stored: &EmbedderInfo, arguments: &StoredModelArguments) -> Self {
        Self {
            stored: stored.clone(),
            chosen: arguments.model.clone(),
            fetch: arguments.fetch,
            device: arguments.device.device,
            loaded: Mutex::new(None),
        }
    }

    /// Returns the model, which is loaded by the first call; others wait for it. After an error, the next
    /// call tries again.
    ///
    /// # Errors
    ///
    /// Returns an error if the model cannot be found or loaded, or if the library was made with another one.
    pub(crate) fn load(&self) -> Result<&'static Encoder> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(encoder) = *loaded {
            return Ok(encoder);
        }
        let stored = &self.stored;
        let name = ModelName::of_library(self.chosen.as_deref(), &stored.model, self.fetch);
        let precision = supported_precision(self.device, stored.precision.parse()?);
        let encoder = model::load(name, precision, self.device)?;
        if encoder.fingerprint() != stored.fingerprint || encoder.dim() != stored.dim {
            bail!(
                "the library was made with `{}` ({}), and the model `{}` gives other vectors",
                stored.model,
                stored.precision,
                encoder.model()
            );
        }
        *loaded = Some(encoder);
        Ok(encoder)
    }

    fn loaded(&self) -> Result<&'static Encoder, BoxError> {
        // The message alone has the causes too.
        self.load().map_err(|error| format!("{error:#}").into())
    }
}

impl Embed for LazyModel {
    fn info(&self) -> EmbedderInfo {
        self.stored.clone()
    }

    fn embed_documents(
        &self,
        texts: &[&str],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Embedded, BoxError> {
        self.loaded()?.embed_documents(texts, progress)
    }

    fn text_within_limit<'t>(&self, text: &'t str) -> Result<&'t str, BoxError> {
        Embed::text_within_limit(self.loaded()?, text)
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
        self.loaded()?.embed_queries(texts)
    }
}
