use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cognate::{BoxError, Embed, Embedded, EmbedderInfo, Paper, Truncation};
use ndarray::Array2;

pub(crate) const DIM: usize = 16;

/// Counts the letters of a text: texts with the same letters are near one another.
#[derive(Clone, Debug, Default)]
pub(crate) struct LetterCounts {
    /// Changes the fingerprint.
    pub(crate) version: u32,
    /// Fails at a text that holds this.
    pub(crate) poison: Option<&'static str>,
    pub(crate) embedded: Arc<AtomicUsize>,
}

impl LetterCounts {
    /// The texts that this and its clones have embedded as documents.
    pub(crate) fn texts(&self) -> usize {
        self.embedded.load(Ordering::Relaxed)
    }

    pub(crate) fn row(text: &str) -> [f32; DIM] {
        let mut row = [0.0; DIM];
        // Never the zero vector, and different for every order of the letters.
        row[0] = 0.5;
        for (at, byte) in text.bytes().enumerate() {
            let place = at.min(200);
            let weight = 1.0 + f32::from(u8::try_from(place).unwrap()) / 1024.0;
            row[usize::from(byte) % DIM] += weight;
        }
        row
    }

    fn rows(texts: &[&str]) -> Array2<f32> {
        let values = texts.iter().flat_map(|text| Self::row(text)).collect();
        Array2::from_shape_vec((texts.len(), DIM), values).unwrap()
    }
}

impl Embed for LetterCounts {
    fn info(&self) -> EmbedderInfo {
        EmbedderInfo {
            model: "letter-counts".to_owned(),
            precision: "f32".to_owned(),
            fingerprint: format!("version-{}", self.version),
            dim: DIM,
        }
    }

    fn embed_documents(
        &self,
        texts: &[&str],
        progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Embedded, BoxError> {
        for (done, text) in texts.iter().enumerate() {
            if self.poison.is_some_and(|poison| text.contains(poison)) {
                return Err(format!("the text `{text}` is poison").into());
            }
            self.embedded.fetch_add(1, Ordering::Relaxed);
            if progress(done + 1).is_break() {
                return Err("stopped".into());
            }
        }
        Ok(Embedded {
            rows: Self::rows(texts),
            truncation: Truncation::default(),
        })
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
        Ok(Self::rows(texts))
    }
}

/// `count` papers with made-up titles, years, venues, authors and categories.
pub(crate) fn papers(count: usize) -> Vec<Paper> {
    (0..count).map(paper).collect()
}

pub(crate) fn paper(n: usize) -> Paper {
    let words = [
        "graph", "proof", "enzyme", "galaxy", "market", "syntax", "quartz", "fever",
    ];
    let word = |k: usize| words[(n / k.max(1) + k) % words.len()];
    Paper::new(format!("p{n}"))
        .title(format!("{} {} {n}", word(1), word(3)))
        .abstract_text(format!("about {} and {}", word(5), word(7)))
        .authors([
            format!("Author{} Smith", n % 5),
            format!("Ann Other{}", n % 3),
        ])
        .year(2000 + i32::try_from(n % 20).unwrap())
        .venue(["Journal of Things", "Letters", "Nature of Letters"][n % 3])
        .categories([["cs.CL", "cs.LG", "math.CO", "q-bio"][n % 4]])
}
