//! The rows that are fused.

use std::collections::HashSet;

use cognate_index::RowId;

use crate::query::scored_row::ScoredRow;

/// The number of best rows of each ranking by which the rankings are fused: enough for any list that a
/// person reads.
pub(crate) const POOL: usize = 200;

/// Returns the rows of both rankings, each once, with the keyword scores of those that have one.
pub(super) fn union(nearest: &[ScoredRow], by_keyword: &[ScoredRow]) -> Vec<ScoredRow> {
    let keyword_rows: HashSet<RowId> = by_keyword.iter().map(|scored| scored.row).collect();
    let other = |scored: &&ScoredRow| !keyword_rows.contains(&scored.row);
    let nearest = nearest.iter().filter(other);
    by_keyword.iter().chain(nearest).copied().collect()
}
