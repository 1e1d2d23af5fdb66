//! Smoothing: papers that are alike get similar scores, as in score regularization (Diaz, "Regularizing
//! ad hoc retrieval scores", CIKM 2005).

use ndarray::ArrayView1;
use rayon::prelude::*;

use crate::query::scored_row::{ScoredRow, sort};

/// The number of best rows whose scores are smoothed.
pub(crate) const SMOOTHED: usize = 100;

/// The number of neighbors from which a row takes a share of its score.
const NEIGHBORS: usize = 5;

/// The share of a score that comes from the neighbors.
const SHARE: f64 = 0.3;

/// Smooths the scores of the best rows of a ranking over their neighbors among these rows, and sorts the
/// ranking again.
///
/// Of the first [`SMOOTHED`] rows, each keeps 0.7 of its score and gets 0.3 of the mean score of its 5
/// nearest neighbors among them, weighted by their cosines; negative cosines count as 0. The other rows
/// stay behind these, in their order, with scores that are at most the lowest of them.
///
/// `vectors` has one unit vector for each of the first rows.
///
/// # Complexity
///
/// At most 100 · 99 / 2 dot products.
pub(crate) fn smooth(ranking: &mut [ScoredRow], vectors: &[ArrayView1<'_, f32>]) {
    let (pool, others) = ranking.split_at_mut(vectors.len());
    let scores: Vec<f64> = pool.iter().map(ScoredRow::rank_score).collect();
    let n = vectors.len();
    let mut cosines = vec![0.0_f32; n * n];
    let rows = cosines.par_chunks_mut(n.max(1)).zip(vectors);
    rows.enumerate().for_each(|(a, (cosines, vector))| {
        for (cosine, other) in cosines.iter_mut().zip(&vectors[..a]) {
            *cosine = vector.dot(other).max(0.0);
        }
    });
    let cosine = |a: usize, b: usize| cosines[a.max(b) * n + a.min(b)];
    for (at, scored) in pool.iter_mut().enumerate() {
        let mut neighbors: Vec<(f32, usize)> = (0..scores.len())
            .filter(|other| *other != at)
            .map(|other| (cosine(at, other), other))
            .collect();
        neighbors.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        neighbors.truncate(NEIGHBORS);
        let weights: f64 = neighbors.iter().map(|(cosine, _)| f64::from(*cosine)).sum();
        let sum: f64 = neighbors
            .iter()
            .map(|(cosine, other)| f64::from(*cosine) * scores[*other])
            .sum();
        let smoothed = if weights > 0.0 {
            (1.0 - SHARE) * scores[at] + SHARE * sum / weights
        } else {
            scores[at]
        };
        *scored = scored.with_fused_score(smoothed);
    }
    sort(pool);
    let lowest = pool.last().map_or(f64::INFINITY, ScoredRow::rank_score);
    for scored in others {
        *scored = scored.with_fused_score(scored.rank_score().min(lowest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognate_index::{Hit, RowId};
    use ndarray::{Array1, array};

    fn ranking(scores: &[f32]) -> Vec<ScoredRow> {
        let hits = (0..).zip(scores);
        let hits = hits.map(|(row, score)| Hit::new(RowId::new(row), *score));
        hits.map(|hit| ScoredRow::from(&hit)).collect()
    }

    fn rows(ranking: &[ScoredRow]) -> Vec<u32> {
        ranking.iter().map(|scored| scored.row.get()).collect()
    }

    fn smooth_with(ranking: &mut [ScoredRow], vectors: &[Array1<f32>]) {
        let views: Vec<_> = vectors.iter().map(|vector| vector.view()).collect();
        smooth(ranking, &views);
    }

    #[test]
    fn a_row_rises_with_its_neighbors() {
        let (x, y, z) = (
            array![1.0, 0.0, 0.0],
            array![0.0, 1.0, 0.0],
            array![0.0, 0.0, 1.0],
        );
        // Rows 0 and 2 are one cluster, rows 1 and 3 have no neighbor.
        let mut found = ranking(&[0.9, 0.6, 0.55, 0.1]);
        smooth_with(&mut found, &[x.clone(), y, x, z]);
        assert_eq!(rows(&found), [0, 2, 1, 3]);
        let scores: Vec<f64> = found
            .iter()
            .filter_map(|scored| scored.fused_score)
            .collect();
        let expected = [0.7 * 0.9 + 0.3 * 0.55, 0.7 * 0.55 + 0.3 * 0.9, 0.6, 0.1];
        for (score, expected) in scores.iter().zip(expected) {
            assert!((score - expected).abs() < 1e-6, "{scores:?}");
        }
    }

    #[test]
    fn rows_beyond_the_pool_stay_behind_it() {
        let mut found = ranking(&[0.9, 0.8, 0.7, 0.1]);
        smooth_with(&mut found, &[array![1.0, 0.0], array![0.6, 0.8]]);
        assert_eq!(rows(&found), [0, 1, 2, 3]);
        assert!(found.is_sorted_by(|a, b| a.fused_score >= b.fused_score));
        let mut none = ranking(&[]);
        smooth_with(&mut none, &[]);
        assert!(none.is_empty());
    }
}
