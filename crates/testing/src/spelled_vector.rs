use std::ops::ControlFlow;

use cognate::{BoxError, Embed, Embedded, EmbedderInfo, Progress};
use ndarray::Array2;

/// An embedder that reads a vector of three dimensions from a text such as `1 0 0.5`.
#[derive(Clone, Copy, Debug, Default)]
pub struct SpelledVector;

impl SpelledVector {
    fn rows(texts: &[&str]) -> Result<Array2<f32>, BoxError> {
        let values = texts.iter().flat_map(|text| text.split(' '));
        let values = values.map(str::parse).collect::<Result<Vec<f32>, _>>()?;
        Ok(Array2::from_shape_vec((texts.len(), 3), values)?)
    }
}

impl Embed for SpelledVector {
    fn info(&self) -> EmbedderInfo {
        EmbedderInfo::new("spelled-vector", "f32", "1", 3)
    }

    fn embed_documents(
        &self,
        texts: &[&str],
        _: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Embedded, BoxError> {
        Self::rows(texts).map(Embedded::new)
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
        Self::rows(texts)
    }
}
