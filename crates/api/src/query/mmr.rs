//! Maximal marginal relevance: Carbonell and Goldstein, "The use of MMR, diversity-based reranking
//! for reordering documents and producing summaries", SIGIR 1998.

use ndarray::ArrayView1;

/// Chooses `k` of the candidates one after the other: each time the one with the highest
/// `(1 − diversity) · score − diversity · (highest cosine with one chosen before)`, ties by place.
/// `vectors` are unit vectors, one for each of `scores`. The places of the chosen ones, in order.
///
/// Takes `k` times as many dot products as there are candidates.
pub(crate) fn choose(
    scores: &[f32],
    vectors: &[ArrayView1<'_, f32>],
    diversity: f32,
    k: usize,
) -> Vec<usize> {
    let mut nearest: Vec<Option<f32>> = vec![None; scores.len()];
    let mut left: Vec<usize> = (0..scores.len()).collect();
    let mut chosen = Vec::new();
    while chosen.len() < k {
        let gain = |place: usize| {
            (1.0 - diversity) * scores[place] - diversity * nearest[place].unwrap_or_default()
        };
        // The first of equals: `max_by` would give the last.
        let best = left
            .iter()
            .enumerate()
            .rev()
            .max_by(|(_, a), (_, b)| gain(**a).total_cmp(&gain(**b)));
        let Some((at, &place)) = best else {
            break;
        };
        left.remove(at);
        chosen.push(place);
        for other in &left {
            let cosine = vectors[*other].dot(&vectors[place]);
            let nearest = &mut nearest[*other];
            *nearest = Some(nearest.map_or(cosine, |before| before.max(cosine)));
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};

    #[test]
    fn prefers_what_is_new_as_diversity_grows() {
        let vectors: [Array1<f32>; 3] = [array![1.0, 0.0], array![0.99, 0.141], array![0.0, 1.0]];
        let views: Vec<_> = vectors.iter().map(|vector| vector.view()).collect();
        let scores = [0.9, 0.89, 0.5];
        assert_eq!(choose(&scores, &views, 0.0, 3), [0, 1, 2]);
        assert_eq!(choose(&scores, &views, 0.5, 3), [0, 2, 1]);
        assert_eq!(choose(&scores, &views, 0.5, 1), [0]);
        assert_eq!(choose(&[0.5, 0.5], &views[..2], 1.0, 9), [0, 1]);
    }
}
