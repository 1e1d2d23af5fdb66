use cognate::{Explanation, Name, PaperHit};
use serde::Serialize;

/// The JSON document of `search` and `related`.
#[derive(Debug, Serialize)]
pub(crate) struct SearchDocument<'a, Q> {
    query: &'a Q,
    took_ms: f64,
    hits: Vec<HitDocument<'a>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct HitDocument<'a> {
    rank: usize,
    id: &'a str,
    score: Option<f32>,
    percentile: Option<f32>,
    at_least_as_near: Option<usize>,
    keyword_score: Option<f64>,
    fused_score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rerank_score: Option<f32>,
    title: &'a str,
    year: Option<i32>,
    venue: Option<&'a str>,
    url: Option<&'a str>,
    authors: Vec<&'a str>,
    versions: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<ExplanationDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct ExplanationDocument<'a> {
    query_sentence: &'a str,
    paper_sentence: &'a str,
    score: f32,
    words: &'a [String],
}

impl<'a, Q> SearchDocument<'a, Q> {
    /// Creates the document of `hits`. `explanations` has one item for each hit, or is empty.
    pub(crate) fn new(
        query: &'a Q,
        took_ms: f64,
        hits: &'a [PaperHit],
        explanations: &'a [Explanation],
    ) -> Self {
        let document = |(at, hit): (usize, &'a PaperHit)| HitDocument {
            explanation: explanations.get(at).map(ExplanationDocument::new),
            ..HitDocument::new(hit)
        };
        Self {
            query,
            took_ms,
            hits: hits.iter().enumerate().map(document).collect(),
        }
    }
}

impl<'a> HitDocument<'a> {
    /// Creates the document of a hit without an explanation.
    pub(crate) fn new(hit: &'a PaperHit) -> Self {
        let paper = &hit.paper;
        Self {
            rank: hit.rank,
            id: &paper.id,
            score: hit.score,
            percentile: hit.score_context.and_then(|context| context.percentile),
            at_least_as_near: hit.score_context.and_then(|context| context.rank_by_cosine),
            keyword_score: hit.keyword_score,
            fused_score: hit.fused_score,
            rerank_score: hit.rerank_score,
            title: &paper.title,
            year: paper.year,
            venue: paper.venue.as_deref(),
            url: paper.url.as_deref(),
            authors: paper.authors.iter().map(Name::full).collect(),
            versions: hit.versions.iter().map(|paper| paper.id.as_str()).collect(),
            explanation: None,
        }
    }
}

impl<'a> ExplanationDocument<'a> {
    fn new(explanation: &'a Explanation) -> Self {
        Self {
            query_sentence: &explanation.query_sentence,
            paper_sentence: &explanation.paper_sentence,
            score: explanation.score,
            words: &explanation.words,
        }
    }
}
