//! Fusion: one ranking made of the rankings by cosine and by keywords.

mod pool;
mod rrf;
mod z_score;

pub(crate) use self::pool::POOL;
use crate::query::mode::Fusion;
use crate::query::scored_row::ScoredRow;

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

#[cfg(test)]
mod tests {
    use super::*;
    use cognate_index::{Hit, RowId};

    /// A short question in plain words: one paper answers it and shares no word with it, and many others
    /// share its words by chance.
    #[test]
    fn a_paper_far_ahead_by_meaning_stays_in_front_without_shared_words() {
        let scored = |row: u16, cosine: f32, keyword_score: Option<f64>| ScoredRow {
            keyword_score,
            ..ScoredRow::from(&Hit::new(RowId::new(row.into()), cosine))
        };
        let cosine = |row: u16| match row {
            0 => 0.7,
            _ => 0.5 - f32::from(row) / 1500.0,
        };
        let keyword_score = |row: u16| 9.0 - f64::from(row) / 100.0;
        // Rows 1 to 200 are the next by cosine and share words; row 0 does not.
        let nearest: Vec<_> = (0..300).map(|row| scored(row, cosine(row), None)).collect();
        let by_keyword: Vec<_> = (1..=200)
            .map(|row| scored(row, cosine(row), Some(keyword_score(row))))
            .collect();
        let rank = |fusion| {
            let fused = fuse(fusion, 0.5, &nearest, &by_keyword);
            fused
                .iter()
                .position(|scored| scored.row.get() == 0)
                .unwrap()
                + 1
        };
        assert_eq!(rank(Fusion::ZScore), 1);
        assert!(rank(Fusion::ReciprocalRank) > 25);
    }
}
