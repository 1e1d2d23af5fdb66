//! Hits: papers with the scores by which they were found.

use serde::Serialize;

use crate::Paper;
use crate::library::background_similarity::BackgroundSimilarity;

/// A paper found by a query.
///
/// [Serialized](Serialize), a hit is one flat object with the names of `cognate search --json`: its
/// scores, all fields of the paper, and its other versions with all their fields.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PaperHit {
    /// The place among the hits, counted from 1, in the order that the query [asks for](crate::Query::sort).
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
    /// Whether the text of the query names the paper, which is why it comes before others, whatever its scores:
    /// see [`Query::text`](crate::Query::text).
    pub named: bool,
    /// The paper.
    pub paper: Paper,
    /// Other versions of the paper that would have been hits, unless the query asked for every
    /// version.
    pub versions: Vec<Paper>,
}

impl PaperHit {
    /// Creates the hit of a paper that no search has found, without scores, for
    /// [`Library::explain`](crate::Library::explain).
    pub fn unscored(paper: Paper) -> Self {
        Self {
            rank: 1,
            score: None,
            keyword_score: None,
            fused_score: None,
            score_context: None,
            rerank_score: None,
            named: false,
            paper,
            versions: Vec::new(),
        }
    }
}

/// How the score of a hit compares with others of its library.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ScoreContext {
    /// The percentage of random pairs of papers of the library that have a lower cosine, at most
    /// [`MAX_PERCENTILE`](Self::MAX_PERCENTILE), because a sample of pairs cannot tell a higher one from
    /// 100. `None` if the library has fewer than
    /// [`MIN_PAPERS`](Self::MIN_PAPERS) papers, whose pairs are too few to compare with.
    pub percentile: Option<f32>,
    /// The rank of the paper by cosine among the papers that pass the query's filter, counted from 1; papers
    /// with the same cosine share the highest number. `None` for a query with several directions, and
    /// beyond the nearest 2·k papers, or 200 if that is more.
    pub rank_by_cosine: Option<usize>,
    /// Whether the paper was found by its words, its meaning or both, or `None` for a fused ranking by a
    /// query with several directions.
    pub found_by: Option<FoundBy>,
}

/// How a hit was found.
///
/// In [`Mode::Hybrid`](crate::Mode::Hybrid), a hit was found by words if it is among the first k papers
/// by BM25, and by meaning if it is among the first k by cosine, where k is at least
/// [`DEFAULT_K`](crate::Query::DEFAULT_K). A hit that is among neither has its place because of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FoundBy {
    /// By the words that paper and query share.
    Words,
    /// By the cosine.
    Meaning,
    /// By both together.
    Both,
}

impl ScoreContext {
    /// The number of papers below which a library has no [`percentile`](Self::percentile).
    pub const MIN_PAPERS: usize = 100;

    /// The highest [`percentile`](Self::percentile).
    pub const MAX_PERCENTILE: f32 = 99.99;

    /// Creates the context of a cosine in a library of `papers` papers with the given distribution of
    /// cosines.
    pub(crate) fn new(
        cosine: f32,
        papers: usize,
        background: Option<&BackgroundSimilarity>,
        rank_by_cosine: Option<usize>,
        found_by: Option<FoundBy>,
    ) -> Self {
        let background = background.filter(|_| papers >= Self::MIN_PAPERS);
        let percentile = background.and_then(|sampled| sampled.percentile(cosine));
        Self {
            percentile: percentile.map(|percentile| percentile.min(Self::MAX_PERCENTILE)),
            rank_by_cosine,
            found_by,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognate_index::IndexBuilder;
    use ndarray::Array2;

    #[test]
    fn a_percentile_needs_a_hundred_papers_and_stays_below_100() {
        let rows = Array2::from_shape_fn((200, 2), |(row, column)| {
            f32::from(u8::from((row < 100) == (column == 0)))
        });
        let mut builder = IndexBuilder::new(2).unwrap();
        builder.append(rows.view()).unwrap();
        let background = BackgroundSimilarity::sample(&builder.build()).unwrap();
        let percentile = |cosine, papers| {
            ScoreContext::new(cosine, papers, Some(&background), None, None).percentile
        };
        assert_eq!(percentile(1.0, 200), Some(99.99));
        assert!((percentile(0.5, 200).unwrap() - 50.25).abs() < 0.01);
        assert!(percentile(1.0, 100).is_some());
        assert_eq!(percentile(1.0, 99), None);
        assert_eq!(
            ScoreContext::new(1.0, 200, None, Some(3), None).percentile,
            None
        );
    }
}
