//! Reciprocal rank fusion: Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms
//! Condorcet and individual rank learning methods", SIGIR 2009.

use std::collections::HashMap;

use cognate_index::RowId;

/// The constant k of the paper, which limits the influence of the first ranks.
const K: f64 = 60.0;

/// Fuses several rankings into one. The score of a row is the sum of `1 / (60 + rank)` over the rankings
/// that contain it. Rows with the same score are in the order of the first ranking that contains them.
pub(crate) fn fuse(rankings: &[&[RowId]]) -> Vec<RowId> {
    let mut scores: HashMap<RowId, f64> = HashMap::new();
    let mut rows: Vec<RowId> = Vec::new();
    for ranking in rankings {
        for (rank, row) in (1_u32..).zip(*ranking) {
            let score = scores.entry(*row).or_insert_with(|| {
                rows.push(*row);
                0.0
            });
            *score += 1.0 / (K + f64::from(rank));
        }
    }
    rows.sort_by(|a, b| scores[b].total_cmp(&scores[a]));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_rows_of_both_rankings_first() {
        let rows = |numbers: &[u32]| {
            numbers
                .iter()
                .map(|row| RowId::new(*row))
                .collect::<Vec<_>>()
        };
        let (one, two) = (rows(&[1, 2, 3]), rows(&[4, 3, 5]));
        // 3: 1/63 + 1/62; 1 and 4: 1/61; 2: 1/62; 5: 1/63.
        assert_eq!(fuse(&[&one, &two]), rows(&[3, 1, 4, 2, 5]));
        assert_eq!(fuse(&[&one]), one);
        assert!(fuse(&[]).is_empty());
    }
}
