//! Maximal marginal relevance: Carbonell and Goldstein, "The use of MMR, diversity-based reranking
//! for reordering documents and producing summaries", SIGIR 1998.

use ndarray::ArrayView1;

/// Returns the positions of up to `k` candidates in the order in which they are chosen. Each time the
/// candidate with the highest `(1 − diversity) · score − diversity · similarity` is chosen, where
/// `similarity` is its highest cosine with a candidate chosen before; of several, the first.
///
/// `scores` are scaled linearly so that the lowest is 0 and the highest is 1. `vectors` has one unit vector
/// for each of them.
///
/// # Complexity
///
/// O(`k` · candidates) dot products.
pub(crate) fn choose(
    scores: &[f64],
    vectors: &[ArrayView1<'_, f32>],
    diversity: f32,
    k: usize,
) -> Vec<usize> {
    let scores = scaled(scores);
    let diversity = f64::from(diversity);
    let mut similarities: Vec<Option<f32>> = vec![None; scores.len()];
    let mut remaining: Vec<usize> = (0..scores.len()).collect();
    let mut chosen = Vec::new();
    while chosen.len() < k {
        let marginal_relevance = |candidate: usize| {
            let similarity = similarities[candidate].unwrap_or_default();
            (1.0 - diversity) * scores[candidate] - diversity * f64::from(similarity)
        };
        // `max_by` returns the last of equal elements, which is the first in reverse order.
        let best =
            remaining.iter().enumerate().rev().max_by(|(_, a), (_, b)| {
                marginal_relevance(**a).total_cmp(&marginal_relevance(**b))
            });
        let Some((position, &candidate)) = best else {
            break;
        };
        remaining.remove(position);
        chosen.push(candidate);
        for other in &remaining {
            let cosine = vectors[*other].dot(&vectors[candidate]);
            let similarity = &mut similarities[*other];
            *similarity = Some(similarity.map_or(cosine, |highest| highest.max(cosine)));
        }
    }
    chosen
}

/// Scales scores linearly to 0..=1; all are 1 if they are the same.
fn scaled(scores: &[f64]) -> Vec<f64> {
    let lowest = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let scale = |score: &f64| {
        if highest > lowest {
            (score - lowest) / (highest - lowest)
        } else {
            1.0
        }
    };
    scores.iter().map(scale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};

    #[test]
    fn prefers_dissimilar_candidates_as_diversity_grows() {
        let vectors: [Array1<f32>; 3] = [array![1.0, 0.0], array![0.99, 0.141], array![0.0, 1.0]];
        let views: Vec<_> = vectors.iter().map(|vector| vector.view()).collect();
        let scores = [0.9, 0.89, 0.5];
        assert_eq!(choose(&scores, &views, 0.0, 3), [0, 1, 2]);
        assert_eq!(choose(&scores, &views, 0.5, 3), [0, 2, 1]);
        assert_eq!(choose(&scores, &views, 0.5, 1), [0]);
        assert_eq!(choose(&[0.5, 0.5], &views[..2], 1.0, 9), [0, 1]);
    }
}
