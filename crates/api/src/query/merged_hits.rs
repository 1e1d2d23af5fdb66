//! Hits of several libraries, merged into one ranking.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::PaperHit;
use crate::library::identity::{is_same_paper, names};

/// A hit, and the libraries that have its paper.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MergedHit {
    /// The hit, with its rank among the hits of all libraries.
    pub hit: PaperHit,
    /// The position of the library that found it.
    pub library: usize,
    /// The positions of further libraries that found the same paper.
    pub also_in: Vec<usize>,
}

/// Merges the answers of several libraries to one query, and returns the best `k` hits.
///
/// Each ranking keeps its own order, because a BM25 score, and so a fused score, depends on the other
/// papers of the library: a word that is rare in one library is common in another. Cosines do not, so they
/// decide between libraries: the n-th hit of a library is placed by the n-th highest cosine among its hits.
/// Rankings by vector alone are thus merged by their cosines, and a library that has nothing near the query
/// does not push its best papers to the front, as merging by rank would.
///
/// `has_same_model` says whether one model made the vectors of all libraries. Otherwise, or if a hit has no
/// cosine, the rankings are merged by rank. Scores of a reranker are comparable in any case, and come first.
/// Papers that the query [names](PaperHit::named) come before all others.
///
/// A paper of several libraries, by [`is_same_paper`], is one hit.
pub fn merge_hits(rankings: Vec<Vec<PaperHit>>, has_same_model: bool, k: usize) -> Vec<MergedHit> {
    let by_cosine = has_same_model && rankings.iter().flatten().all(|hit| hit.score.is_some());
    let mut placed: Vec<(Place, MergedHit)> = Vec::new();
    for (library, ranking) in rankings.into_iter().enumerate() {
        let places = places(&ranking, by_cosine);
        let hits = ranking.into_iter().map(|hit| MergedHit {
            hit,
            library,
            also_in: Vec::new(),
        });
        placed.extend(places.into_iter().zip(hits));
    }
    // The sort is stable: the hits of a library stay in their order, and the first library comes first.
    placed.sort_by(|(one, _), (other, _)| one.compare(other));
    let mut merged: Vec<MergedHit> = Vec::new();
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
    for (_, next) in placed {
        let paper = &next.hit.paper;
        let names = names(paper);
        let with_name = names.iter().filter_map(|name| by_name.get(name)).flatten();
        let is_same = |at: &usize| {
            let other = &merged[*at];
            other.library != next.library && is_same_paper(&other.hit.paper, paper)
        };
        if let Some(at) = with_name.copied().filter(is_same).min() {
            let also_in = &mut merged[at].also_in;
            if !also_in.contains(&next.library) {
                also_in.push(next.library);
            }
            continue;
        }
        for name in names {
            by_name.entry(name).or_default().push(merged.len());
        }
        merged.push(next);
    }
    merged.truncate(k);
    for (rank, merged) in (1..).zip(&mut merged) {
        merged.hit.rank = rank;
        if let Some(context) = &mut merged.hit.score_context {
            // It counts the papers of one library.
            context.rank_by_cosine = None;
        }
    }
    merged
}

/// The place of a hit among all, first by the score of a reranker, if it has one.
struct Place {
    is_named: bool,
    rerank_score: Option<f32>,
    /// The higher, the nearer to the front.
    height: f32,
}

impl Place {
    /// Orders the place nearest to the front first.
    fn compare(&self, other: &Self) -> Ordering {
        let reranked = match (self.rerank_score, other.rerank_score) {
            (Some(one), Some(other)) => other.total_cmp(&one),
            (one, other) => other.is_some().cmp(&one.is_some()),
        };
        let named_first = other.is_named.cmp(&self.is_named);
        named_first
            .then(reranked)
            .then(other.height.total_cmp(&self.height))
    }
}

/// Returns the places of the hits of a library, which are in their order.
fn places(ranking: &[PaperHit], by_cosine: bool) -> Vec<Place> {
    let reranked = ranking.iter().take_while(|hit| hit.rerank_score.is_some());
    let (reranked, others) = ranking.split_at(reranked.count());
    let mut heights: Vec<f32> = if by_cosine {
        others.iter().filter_map(|hit| hit.score).collect()
    } else {
        #[expect(clippy::cast_precision_loss, reason = "ranks are small")]
        let height = |rank| -(rank as f32);
        (0..others.len()).map(height).collect()
    };
    heights.sort_by(|one, other| other.total_cmp(one));
    let mut scores: Vec<f32> = reranked.iter().filter_map(|hit| hit.rerank_score).collect();
    scores.sort_by(|one, other| other.total_cmp(one));
    let reranked = scores.into_iter().map(|score| (Some(score), 0.0));
    let others = heights.into_iter().map(|height| (None, height));
    let place = |(hit, (rerank_score, height)): (&PaperHit, (Option<f32>, f32))| Place {
        is_named: hit.named,
        rerank_score,
        height,
    };
    ranking
        .iter()
        .zip(reranked.chain(others))
        .map(place)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Paper;

    fn hit(id: &str, cosine: f32) -> PaperHit {
        PaperHit {
            rank: 0,
            score: Some(cosine),
            keyword_score: None,
            fused_score: None,
            score_context: None,
            rerank_score: None,
            named: false,
            paper: Paper::new(id),
            versions: Vec::new(),
        }
    }

    fn ids(merged: &[MergedHit]) -> Vec<&str> {
        merged.iter().map(|one| one.hit.paper.id.as_str()).collect()
    }

    #[test]
    fn rankings_by_cosine_are_merged_by_cosine() {
        let one = vec![hit("a", 0.9), hit("b", 0.5), hit("c", 0.1)];
        let other = vec![hit("d", 0.7), hit("e", 0.4)];
        let merged = merge_hits(vec![one, other], true, 4);
        assert_eq!(ids(&merged), ["a", "d", "b", "e"]);
        let ranks: Vec<usize> = merged.iter().map(|one| one.hit.rank).collect();
        assert_eq!(ranks, [1, 2, 3, 4]);
        let libraries: Vec<usize> = merged.iter().map(|one| one.library).collect();
        assert_eq!(libraries, [0, 1, 0, 1]);
    }

    #[test]
    fn each_library_keeps_its_order_and_one_without_near_papers_comes_last() {
        // Keywords have put `b` before `a`.
        let near = vec![hit("b", 0.5), hit("a", 0.9)];
        let far = vec![hit("y", 0.2), hit("x", 0.3)];
        assert_eq!(
            ids(&merge_hits(vec![far, near], true, 9)),
            ["b", "a", "y", "x"]
        );
    }

    #[test]
    fn other_models_are_merged_by_rank() {
        let one = vec![hit("a", 0.9), hit("b", 0.8)];
        let other = vec![hit("c", 0.2), hit("d", 0.1)];
        let merged = merge_hits(vec![one, other], false, 9);
        assert_eq!(ids(&merged), ["a", "c", "b", "d"]);
    }

    #[test]
    fn a_paper_of_two_libraries_is_one_hit() {
        let same = |id: &str, cosine| {
            let mut hit = hit(id, cosine);
            hit.paper = hit.paper.doi("10.1234/same");
            hit
        };
        let rankings = vec![
            vec![same("a", 0.9), hit("b", 0.8)],
            vec![same("c", 0.9), hit("b", 0.7)],
        ];
        let merged = merge_hits(rankings, true, 9);
        assert_eq!(ids(&merged), ["a", "b"]);
        assert_eq!(merged[0].also_in, [1]);
        // A library that has the paper under two ids is named once.
        let twice = vec![vec![same("a", 0.9)], vec![same("c", 0.8), same("d", 0.7)]];
        let merged = merge_hits(twice, true, 9);
        assert_eq!((ids(&merged), &merged[0].also_in), (vec!["a"], &vec![1]));
    }

    #[test]
    fn reranked_hits_come_first_by_their_scores() {
        let reranked = |id: &str, score| {
            let mut hit = hit(id, 0.1);
            hit.rerank_score = Some(score);
            hit
        };
        let rankings = vec![
            vec![reranked("a", 3.0), hit("b", 0.9)],
            vec![reranked("c", 4.0), reranked("d", 1.0)],
        ];
        assert_eq!(ids(&merge_hits(rankings, true, 9)), ["c", "a", "d", "b"]);
    }

    #[test]
    fn a_named_paper_comes_before_nearer_ones() {
        let mut named = hit("b", 0.1);
        named.named = true;
        let mut reranked = hit("d", 0.9);
        reranked.rerank_score = Some(3.0);
        let rankings = vec![
            vec![hit("a", 0.9)],
            vec![named, hit("c", 0.8)],
            vec![reranked],
        ];
        assert_eq!(ids(&merge_hits(rankings, true, 9))[0], "b");
    }
}
