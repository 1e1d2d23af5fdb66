//! Fusion of standardized scores (z-scores), which keeps how far a row is ahead, as ranks do not.

use super::pool::{POOL, union};
use crate::query::scored_row::{ScoredRow, sort};

/// Fuses two rankings. With the mean μ and the standard deviation σ of the best [`POOL`] scores of a
/// ranking, a score s becomes z = (s − μ) / σ, or 0 if σ is 0. The fused score of a row is
/// `vector_weight · z(cosine) + (1 − vector_weight) · z(BM25)`.
///
/// A row outside of `by_keyword` has the lowest z of `by_keyword`, or 0 if that is lower. If `by_keyword`
/// is shorter than the best rows by cosine, the rows that it lacks share no word with the query: their
/// BM25 scores are 0, and count.
///
/// All rows beyond the ones given have a lower cosine than any of `nearest`, and no BM25 score, so the
/// fused score of each is at most that of any row of `nearest`.
pub(super) fn fuse(
    vector_weight: f64,
    nearest: &[ScoredRow],
    by_keyword: &[ScoredRow],
) -> Vec<ScoredRow> {
    let pool = nearest.len().min(POOL);
    let cosines = nearest[..pool]
        .iter()
        .map(|scored| f64::from(scored.cosine()));
    let cosines = Standardization::of(cosines.collect());
    let mut scores: Vec<f64> = by_keyword
        .iter()
        .filter_map(|scored| scored.keyword_score)
        .collect();
    scores.resize(scores.len().max(pool), 0.0);
    let lowest = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let keywords = Standardization::of(scores);
    let missing = keywords.z(lowest).min(0.0);
    let fused_score = |scored: &ScoredRow| {
        let by_keyword = scored
            .keyword_score
            .map_or(missing, |score| keywords.z(score));
        vector_weight * cosines.z(f64::from(scored.cosine())) + (1.0 - vector_weight) * by_keyword
    };
    let mut fused: Vec<ScoredRow> = union(nearest, by_keyword)
        .into_iter()
        .map(|scored| scored.with_fused_score(fused_score(&scored)))
        .collect();
    sort(&mut fused);
    fused
}

/// The mean and the standard deviation by which scores become z-scores.
struct Standardization {
    mean: f64,
    deviation: f64,
}

impl Standardization {
    fn of(scores: Vec<f64>) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a few hundred scores")]
        let count = scores.len().max(1) as f64;
        let mean = scores.iter().sum::<f64>() / count;
        let variance = scores
            .iter()
            .map(|score| (score - mean).powi(2))
            .sum::<f64>()
            / count;
        Self {
            mean,
            deviation: variance.sqrt(),
        }
    }

    fn z(&self, score: f64) -> f64 {
        if self.deviation > 0.0 {
            (score - self.mean) / self.deviation
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognate_index::{Hit, RowId};

    fn scored(row: u32, cosine: f32, keyword_score: Option<f64>) -> ScoredRow {
        ScoredRow {
            keyword_score,
            ..ScoredRow::from(&Hit::new(RowId::new(row), cosine))
        }
    }

    fn rows(fused: &[ScoredRow]) -> Vec<u32> {
        fused.iter().map(|scored| scored.row.get()).collect()
    }

    #[test]
    fn adds_standardized_scores() {
        let nearest = [
            scored(0, 0.75, None),
            scored(1, 0.5, None),
            scored(2, 0.25, None),
        ];
        let by_keyword = [
            scored(2, 0.25, Some(8.0)),
            scored(1, 0.5, Some(5.0)),
            scored(3, 0.0, Some(2.0)),
        ];
        let fused = fuse(0.75, &nearest, &by_keyword);
        assert_eq!(rows(&fused), [0, 1, 2, 3]);
        // Cosines: mean 0.5, deviation √(1/24); BM25: mean 5, deviation √6.
        let (cosine, keyword) = (0.25 * 24.0_f64.sqrt(), 3.0 / 6.0_f64.sqrt());
        let expected = [
            0.75 * cosine - 0.25 * keyword,
            0.0,
            -0.75 * cosine + 0.25 * keyword,
            -1.5 * cosine - 0.25 * keyword,
        ];
        for (scored, expected) in fused.iter().zip(expected) {
            let found = scored.fused_score.unwrap();
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }

    #[test]
    fn without_a_difference_in_one_ranking_the_other_decides() {
        let nearest = [scored(0, 0.75, None), scored(1, 0.5, None)];
        assert_eq!(rows(&fuse(0.5, &nearest, &[])), [0, 1]);
        let same = [scored(1, 0.5, Some(1.0)), scored(0, 0.75, Some(1.0))];
        assert_eq!(rows(&fuse(0.5, &nearest, &same)), [0, 1]);
        let level = [scored(0, 0.5, None), scored(1, 0.5, None)];
        assert_eq!(
            rows(&fuse(0.5, &level, &[scored(1, 0.5, Some(1.0))])),
            [1, 0]
        );
    }

    #[test]
    fn the_only_paper_with_a_rare_word_comes_first() {
        let nearest: Vec<_> = (0_u8..200)
            .map(|row| scored(row.into(), 0.9 - f32::from(row) / 400.0, None))
            .collect();
        let by_keyword = [scored(150, 0.525, Some(4.0))];
        assert_eq!(rows(&fuse(0.5, &nearest, &by_keyword))[..2], [150, 0]);
    }

    #[test]
    fn no_row_beyond_those_given_has_a_higher_score() {
        // A row just below the nearest ones and without keywords, scored as if it were given.
        let cosine = |row: u16| 0.9 - f32::from(row) / 2000.0;
        let nearest: Vec<_> = (0..=300)
            .map(|row: u16| scored(row.into(), cosine(row), None))
            .collect();
        let by_keyword: Vec<_> = (0..200)
            .map(|rank: u16| {
                let score = 20.0 - f64::from(rank) / 20.0;
                scored(u32::from(7 * rank), cosine(7 * rank), Some(score))
            })
            .collect();
        let more = fuse(0.5, &nearest, &by_keyword);
        let fewer = fuse(0.5, &nearest[..300], &by_keyword);
        let is_next = |scored: &ScoredRow| scored.row.get() == 300;
        let rank = more.iter().position(is_next).unwrap();
        assert!(rank >= 300);
        assert_eq!(more[..rank], fewer[..rank]);
    }
}
