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
            hit,
            explanation: explanations.get(at),
        };
        Self {
            query,
            hits: hits.iter().enumerate().map(document).collect(),
        }
    }

    /// Names the library of each hit, in the order of the hits.
    #[expect(dead_code, reason = "a search of several libraries will use it")]
    pub(crate) fn with_libraries(mut self, libraries: impl IntoIterator<Item = String>) -> Self {
        for (hit, library) in self.hits.iter_mut().zip(libraries) {
            hit.library = Some(library);
        }
        self
    }
}
