use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cognate::{BoxError, Embed, Embedded, EmbedderInfo, Progress};
use ndarray::Array2;

/// An embedder that counts the letters of a text, so that texts with the same letters are near each
/// other.
#[derive(Clone, Debug, Default)]
pub struct LetterCounts {
    /// A part of the fingerprint.
    pub version: u32,
    /// Embedding fails for a text that contains this string.
    pub poison: Option<&'static str>,
    /// The number of texts that this embedder and its clones have embedded as documents.
    pub embedded: Arc<AtomicUsize>,
}

impl LetterCounts {
    /// The number of dimensions of a vector.
    pub const DIM: usize = 16;

    /// Returns the number of texts that this embedder and its clones have embedded as documents.
    pub fn texts(&self) -> usize {
        self.embedded.load(Ordering::Relaxed)
    }

    /// Returns the vector of a text.
    ///
    /// # Panics
    ///
    /// Does not panic for any text.
    pub fn row(text: &str) -> [f32; Self::DIM] {
        let mut row = [0.0; Self::DIM];
        // A constant keeps the vector from being zero; the weights tell orders of letters apart.
        row[0] = 0.5;
        for (position, byte) in text.bytes().enumerate() {
            let position = u8::try_from(position.min(200)).unwrap();
            row[usize::from(byte) % Self::DIM] += 1.0 + f32::from(position) / 1024.0;
        }
        row
    }

    fn rows(texts: &[&str]) -> Array2<f32> {
        let values = texts.iter().flat_map(|text| Self::row(text)).collect();
        Array2::from_shape_vec((texts.len(), Self::DIM), values).unwrap()
    }
}

impl Embed for LetterCounts {
    fn info(&self) -> EmbedderInfo {
        let fingerprint = format!("version-{}", self.version);
        EmbedderInfo::new("letter-counts", "f32", fingerprint, Self::DIM)
    }

    fn embed_documents(
        &self,
        texts: &[&str],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Embedded, BoxError> {
        for (position, text) in texts.iter().enumerate() {
            if self.poison.is_some_and(|poison| text.contains(poison)) {
                return Err(format!("the text `{text}` is poison").into());
            }
            self.embedded.fetch_add(1, Ordering::Relaxed);
            if progress(Progress::new(position + 1, texts.len())).is_break() {
                return Err("stopped".into());
            }
        }
        Ok(Embedded::new(Self::rows(texts)))
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
        Ok(Self::rows(texts))
    }
}
