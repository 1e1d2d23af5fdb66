//! Reciprocal rank fusion: Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms
//! Condorcet and individual rank learning methods", SIGIR 2009.

use std::collections::HashMap;

use cognate_index::RowId;

/// The constant of the paper, which keeps the first ranks from deciding alone.
const K: f64 = 60.0;

/// The rows of several rankings in one: a row counts `1 / (60 + rank)` in each that has it. Ties stay
/// in the order of the first ranking that has them, those of an earlier ranking first.
pub(crate) fn fuse(rankings: &[&[RowId]]) -> Vec<RowId> {
    let mut scores: HashMap<RowId, f64> = HashMap::new();
    let mut rows: Vec<RowId> = Vec::new();
    for ranking in rankings {
        for (place, row) in (1_u32..).zip(*ranking) {
            let score = scores.entry(*row).or_insert_with(|| {
                rows.push(*row);
                0.0
            });
            *score += 1.0 / (K + f64::from(place));
        }
    }
    rows.sort_by(|a, b| scores[b].total_cmp(&scores[a]));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_first_what_both_rankings_have() {
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
