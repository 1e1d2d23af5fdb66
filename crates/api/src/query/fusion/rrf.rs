//! Reciprocal rank fusion: Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms
//! Condorcet and individual rank learning methods", SIGIR 2009.

use std::collections::HashMap;

use cognate_index::RowId;

use super::pool::{POOL, union};
use crate::query::scored_row::{ScoredRow, sort};

/// The constant k of the paper, which limits the influence of the first ranks.
const K: f64 = 60.0;

/// Fuses two rankings. The score of a row is the sum of `1 / (60 + rank)` over the rankings that have it
/// among their best [`POOL`] rows.
pub(super) fn fuse(nearest: &[ScoredRow], by_keyword: &[ScoredRow]) -> Vec<ScoredRow> {
    let mut scores: HashMap<RowId, f64> = HashMap::new();
    for ranking in [nearest, by_keyword] {
        for (rank, scored) in (1_u32..).zip(ranking.iter().take(POOL)) {
            *scores.entry(scored.row).or_default() += 1.0 / (K + f64::from(rank));
        }
    }
    let with_score = |scored: ScoredRow| {
        let score = scores.get(&scored.row).copied().unwrap_or_default();
        scored.with_fused_score(score)
    };
    let mut fused: Vec<ScoredRow> = union(nearest, by_keyword)
        .into_iter()
        .map(with_score)
        .collect();
    sort(&mut fused);
    fused
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognate_index::Hit;

    fn ranking(rows: &[u32]) -> Vec<ScoredRow> {
        let scores = (0_u8..).map(|rank| 1.0 - f32::from(rank) / 10.0);
        let hits = rows
            .iter()
            .zip(scores)
            .map(|(row, score)| Hit::new(RowId::new(*row), score));
        hits.map(|hit| ScoredRow::from(&hit)).collect()
    }

    #[test]
    fn puts_rows_of_both_rankings_first() {
        let rows = |fused: Vec<ScoredRow>| -> Vec<u32> {
            fused.iter().map(|scored| scored.row.get()).collect()
        };
        let (one, two) = (ranking(&[1, 2, 3]), ranking(&[4, 3, 5]));
        // 3: 1/63 + 1/62; 1 and 4: 1/61, with the same cosine; 2: 1/62; 5: 1/63.
        assert_eq!(rows(fuse(&one, &two)), [3, 1, 4, 2, 5]);
        assert_eq!(rows(fuse(&one, &[])), [1, 2, 3]);
        assert!(fuse(&[], &[]).is_empty());
    }
}
