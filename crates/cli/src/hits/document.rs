use cognate::{Explanation, PaperHit};
use serde::Serialize;

/// The content of the JSON documents of `search` and `related`.
#[derive(Debug, Serialize)]
pub(crate) struct SearchDocument<'a, Q> {
    query: &'a Q,
    hits: Vec<HitDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct HitDocument<'a> {
    /// The library that has the paper, if several were searched.
    #[serde(skip_serializing_if = "Option::is_none")]
    library: Option<String>,
    /// Further libraries that have the paper.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also_in: Vec<String>,
    #[serde(flatten)]
    hit: &'a PaperHit,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<&'a Explanation>,
}

impl<'a, Q> SearchDocument<'a, Q> {
    /// Creates the document of `hits`. `explanations` has one item for each hit, or is empty.
    pub(crate) fn new(query: &'a Q, hits: &'a [PaperHit], explanations: &'a [Explanation]) -> Self {
        let document = |(at, hit)| HitDocument {
            library: None,
            also_in: Vec::new(),
            hit,
            explanation: explanations.get(at),
        };
        Self {
            query,
            hits: hits.iter().enumerate().map(document).collect(),
        }
    }

    /// Names the libraries of each hit, in the order of the hits; the first is the one that found it.
    pub(crate) fn with_libraries(mut self, libraries: &[Vec<String>]) -> Self {
        for (hit, libraries) in self.hits.iter_mut().zip(libraries) {
            let mut libraries = libraries.iter().cloned();
            hit.library = libraries.next();
            hit.also_in = libraries.collect();
        }
        self
    }
}
