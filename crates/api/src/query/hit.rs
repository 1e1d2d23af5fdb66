//! Hits: papers with the scores by which they were found.

use serde::Serialize;

use crate::Paper;

/// A paper found by a query.
///
/// [Serialized](Serialize), a hit is one flat object with the names of `cognate search --json`: its
/// scores, all fields of the paper, and the ids of its other versions.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PaperHit {
    /// The rank among the hits, counted from 1.
    pub rank: usize,
    /// The cosine of the angle between the vectors of query and paper, −1 to 1, higher is better. Hits
    /// found by keywords are not in its order. `None` only for a text that was searched for by keywords
    /// in a library without an embedder.
    pub score: Option<f32>,
    /// The BM25 score of the words that paper and query share, higher is better, or `None` if the
    /// paper was not found by keywords. In [`Mode::Hybrid`](crate::Mode::Hybrid) the 200 best papers by
    /// keywords have one.
    pub keyword_score: Option<f64>,
    /// The score that was made of the others by [`Fusion`](crate::Fusion) and by
    /// [`smooth`](crate::Query::smooth), by which the hits are ordered, higher is better. It depends on
    /// the other papers of the library and is comparable within one answer only. `None` if the ranking
    /// is neither fused nor smoothed.
    pub fused_score: Option<f64>,
    /// How the score compares with others of the library, or `None` unless the query asked for it.
    pub score_context: Option<ScoreContext>,
    /// The score of a reranker, higher is better, or `None` without
    /// [`Library::rerank`](crate::Library::rerank). Scores are comparable within one answer only.
    pub rerank_score: Option<f32>,
    /// The paper.
    pub paper: Paper,
    /// Other versions of the paper that would have been hits, unless the query asked for every
    /// version.
    pub versions: Vec<Paper>,
}

/// How the score of a hit compares with others of its library.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ScoreContext {
    /// The percentage of random pairs of papers of the library that have a lower cosine, or `None` if
    /// the library has fewer than two papers.
    pub percentile: Option<f32>,
    /// The rank of the paper by cosine among the papers that pass the query's filter, counted from 1; papers
    /// with the same cosine share the highest number. `None` for a query with several directions, and
    /// beyond the nearest 2·k papers, or 200 if that is more.
    #[serde(rename = "at_least_as_near")]
    pub rank_by_cosine: Option<usize>,
    /// Whether the paper was found by its words, its meaning or both, or `None` for a fused ranking by a
    /// query with several directions.
    #[serde(skip)]
    pub found_by: Option<FoundBy>,
}

/// How a hit was found.
///
/// In [`Mode::Hybrid`](crate::Mode::Hybrid), a hit was found by words if it is among the first k papers
/// by BM25, and by meaning if it is among the first k by cosine, where k is at least
/// [`DEFAULT_K`](crate::Query::DEFAULT_K). A hit that is among neither has its place because of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FoundBy {
    /// By the words that paper and query share.
    Words,
    /// By the cosine.
    Meaning,
    /// By both together.
    Both,
}
