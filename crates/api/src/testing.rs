//! Test doubles for the unit tests of this crate. Integration tests use those of `cognate-testing`,
//! which unit tests cannot use, because it depends on this crate.

use std::ops::ControlFlow;

use ndarray::Array2;
use tempfile::TempDir;

use crate::sampling::Random;
use crate::{BoxError, Embed, Embedded, EmbedderInfo, Library, Paper, Progress};

/// An embedder that reads a vector of three dimensions from a text: words that are numbers are the
/// values, and other words are ignored.
#[derive(Debug)]
pub(crate) struct SpelledVector;

impl SpelledVector {
    fn rows(texts: &[&str]) -> Result<Array2<f32>, BoxError> {
        let words = texts.iter().flat_map(|text| text.split(' '));
        let values = words.filter_map(|word| word.parse().ok()).collect();
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

/// Returns a library of papers with these texts and the ids `0`, `1` and so on, so that the row of each
/// paper is its id.
pub(crate) fn library(texts: &[&str]) -> (TempDir, Library) {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::create(dir.path(), SpelledVector).unwrap();
    let paper = |(id, text): (usize, &&str)| Paper::new(id.to_string()).abstract_text(*text);
    library.add(texts.iter().enumerate().map(paper)).unwrap();
    (dir, library)
}

/// Returns texts that [`SpelledVector`] embeds as `count` different pseudo-random vectors.
pub(crate) fn random_texts(count: usize) -> Vec<String> {
    let mut random = Random::new(1);
    let mut value = || {
        let sign = if random.below(2) == 0 { "" } else { "-" };
        format!("{sign}{}", 1 + random.below(1000))
    };
    (0..count)
        .map(|_| format!("{} {} {}", value(), value(), value()))
        .collect()
}
