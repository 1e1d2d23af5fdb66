use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cognate::{BoxError, Embed, Embedded, EmbedderInfo, Progress};
use ndarray::Array2;

/// An embedder that counts the pairs of adjacent letters of a text. Its vectors have more dimensions
/// than those of [`LetterCounts`](crate::LetterCounts), and are similar for the same texts.
#[derive(Clone, Debug, Default)]
pub struct LetterPairs {
    /// The number of texts that this embedder and its clones have embedded as documents.
    pub embedded: Arc<AtomicUsize>,
}

impl LetterPairs {
    /// The number of dimensions of a vector.
    pub const DIM: usize = 24;

    /// Returns the number of texts that this embedder and its clones have embedded as documents.
    pub fn texts(&self) -> usize {
        self.embedded.load(Ordering::Relaxed)
    }

    /// Returns the vector of a text.
    pub fn row(text: &str) -> [f32; Self::DIM] {
        let mut row = [0.0; Self::DIM];
        // A constant keeps the vector from being zero.
        row[0] = 0.5;
        for (first, second) in text.bytes().zip(text.bytes().skip(1)) {
            row[(7 * usize::from(first) + usize::from(second)) % Self::DIM] += 1.0;
        }
        row
    }

    fn rows(texts: &[&str]) -> Array2<f32> {
        Array2::from_shape_fn((texts.len(), Self::DIM), |(i, j)| Self::row(texts[i])[j])
    }
}

impl Embed for LetterPairs {
    fn info(&self) -> EmbedderInfo {
        EmbedderInfo::new("letter-pairs", "f32", "pairs", Self::DIM)
    }

    fn embed_documents(
        &self,
        texts: &[&str],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Embedded, BoxError> {
        self.embedded.fetch_add(texts.len(), Ordering::Relaxed);
        for done in 1..=texts.len() {
            if progress(Progress::new(done, texts.len())).is_break() {
                return Err("stopped".into());
            }
        }
        Ok(Embedded::new(Self::rows(texts)))
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
        Ok(Self::rows(texts))
    }
}
