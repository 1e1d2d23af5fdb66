//! Rows with the scores by which they were found.

use cognate_index::{Hit, RowId};

/// A row with its scores, before its paper is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ScoredRow {
    pub(crate) row: RowId,
    /// The cosine, or `None` if the query has no vector.
    pub(crate) score: Option<f32>,
    /// The BM25 score, or `None` if the row was not found by keywords.
    pub(crate) keyword_score: Option<f64>,
    /// The score that fusion and smoothing made, or `None` without them.
    pub(crate) fused_score: Option<f64>,
}

impl ScoredRow {
    /// Returns the score by which the row was ranked: the fused one if there is any, or else the one by
    /// keywords, or else the cosine.
    pub(crate) fn rank_score(&self) -> f64 {
        self.fused_score
            .or(self.keyword_score)
            .unwrap_or_else(|| f64::from(self.cosine()))
    }

    /// Returns the cosine, or −1 if the query has no vector.
    pub(crate) fn cosine(&self) -> f32 {
        self.score.unwrap_or(-1.0)
    }

    pub(crate) fn with_fused_score(mut self, score: f64) -> Self {
        self.fused_score = Some(score);
        self
    }
}

impl From<&Hit> for ScoredRow {
    fn from(hit: &Hit) -> Self {
        Self {
            row: hit.row,
            score: Some(hit.score),
            keyword_score: None,
            fused_score: None,
        }
    }
}

/// Sorts rows by their rank scores, best first, ties by cosine and then in ascending row order.
pub(crate) fn sort(rows: &mut [ScoredRow]) {
    rows.sort_by(|a, b| {
        let by_score = b.rank_score().total_cmp(&a.rank_score());
        by_score
            .then(b.cosine().total_cmp(&a.cosine()))
            .then(a.row.cmp(&b.row))
    });
}
