//! Fusion: one ranking made of the rankings by cosine and by keywords.

mod rrf;
mod z_score;

use crate::query::mode::Fusion;
use crate::query::scored_row::ScoredRow;

/// The number of best rows of each ranking by which the rankings are fused: enough for any list that a
/// person reads.
pub(crate) const POOL: usize = 200;

/// Fuses the rows nearest to a query with those that share its words, and returns all of them, best
/// first, ties by cosine and then in ascending row order.
///
/// `nearest` has at least [`POOL`] rows, or all that may be hits, and `by_keyword` has at most [`POOL`].
/// `vector_weight`, 0 to 1, is the share of the cosine in the score of [`Fusion::ZScore`].
///
/// If `nearest` has n rows, no other row belongs to the best n.
pub(crate) fn fuse(
    fusion: Fusion,
    vector_weight: f64,
    nearest: &[ScoredRow],
    by_keyword: &[ScoredRow],
) -> Vec<ScoredRow> {
    match fusion {
        Fusion::ZScore => z_score::fuse(vector_weight, nearest, by_keyword),
        Fusion::ReciprocalRank => rrf::fuse(nearest, by_keyword),
    }
}

/// Returns the rows of both rankings, each once, with the keyword scores of those that have one.
fn union(nearest: &[ScoredRow], by_keyword: &[ScoredRow]) -> Vec<ScoredRow> {
    let keyword_rows: std::collections::HashSet<_> =
        by_keyword.iter().map(|scored| scored.row).collect();
    let other = |scored: &&ScoredRow| !keyword_rows.contains(&scored.row);
    let nearest = nearest.iter().filter(other);
    by_keyword.iter().chain(nearest).copied().collect()
}
