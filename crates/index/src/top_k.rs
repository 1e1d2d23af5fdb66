use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::{Hit, RowId};

/// The best hits so far, at most `k`.
///
/// Hits are in total order: by descending score, then by ascending row. The result is independent of
/// the order in which rows are pushed.
#[derive(Debug)]
pub(crate) struct TopK {
    k: usize,
    /// Rows with a lower score are rejected.
    threshold: f32,
    /// A heap with the worst hit on top.
    heap: BinaryHeap<HeapEntry>,
}

#[derive(Clone, Copy, Debug)]
struct HeapEntry {
    score: f32,
    row: u32,
}

impl TopK {
    /// Keeps the best `k` rows with a score of at least `threshold`. `k` is at least 1.
    pub(crate) fn new(k: usize, threshold: f32) -> Self {
        Self {
            k,
            threshold,
            heap: BinaryHeap::new(),
        }
    }

    /// Returns the lowest score that is still accepted.
    pub(crate) fn threshold(&self) -> f32 {
        self.threshold
    }

    #[inline]
    pub(crate) fn push(&mut self, row: u32, score: f32) {
        if score >= self.threshold {
            self.insert(row, score);
        }
    }

    fn insert(&mut self, row: u32, score: f32) {
        // Adding 0.0 turns -0.0 into 0.0, so that the two compare as equal.
        let entry = HeapEntry {
            score: score + 0.0,
            row,
        };
        if self.heap.len() < self.k {
            self.heap.push(entry);
        } else if let Some(mut worst) = self.heap.peek_mut() {
            if entry >= *worst {
                return;
            }
            *worst = entry;
        }
        if self.heap.len() == self.k
            && let Some(worst) = self.heap.peek()
        {
            self.threshold = worst.score;
        }
    }

    /// Moves all hits to `common`, and rejects from now on what that rejects.
    pub(crate) fn move_into(&mut self, common: &mut Self) {
        for HeapEntry { score, row } in self.heap.drain() {
            common.push(row, score);
        }
        self.threshold = self.threshold.max(common.threshold);
    }

    /// Returns the hits, best first.
    pub(crate) fn into_sorted(self) -> Vec<Hit> {
        let sorted = self.heap.into_sorted_vec().into_iter();
        sorted
            .map(|HeapEntry { score, row }| Hit {
                row: RowId::new(row),
                score,
            })
            .collect()
    }
}

/// A better hit is less than a worse one.
impl Ord for HeapEntry {
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .score
            .total_cmp(&self.score)
            .then(self.row.cmp(&other.row))
    }
}

impl PartialOrd for HeapEntry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for HeapEntry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for HeapEntry {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn top(k: usize, threshold: f32, hits: &[(u32, f32)]) -> Vec<Hit> {
        let mut top = TopK::new(k, threshold);
        for (row, score) in hits {
            top.push(*row, *score);
        }
        top.into_sorted()
    }

    fn sorted(k: usize, threshold: f32, hits: &[(u32, f32)]) -> Vec<Hit> {
        let mut hits: Vec<_> = hits
            .iter()
            .filter(|(_, score)| *score >= threshold)
            .collect();
        hits.sort_by(|a, b| b.1.partial_cmp(&a.1).unwrap().then(a.0.cmp(&b.0)));
        let hits = hits.into_iter().take(k);
        hits.map(|(row, score)| Hit {
            row: RowId::new(*row),
            score: *score,
        })
        .collect()
    }

    /// Generates hits in any order, each row once, many with equal scores.
    fn hits() -> impl Strategy<Value = Vec<(u32, f32)>> {
        let score = prop_oneof![
            prop::sample::select(vec![-1.0f32, -0.5, -0.0, 0.0, 0.5, 1.0]),
            -1.0f32..1.0,
        ];
        let scores = prop::collection::vec(score, 0..200);
        scores
            .prop_map(|scores| (0..).zip(scores).collect::<Vec<_>>())
            .prop_shuffle()
    }

    proptest! {
        #[test]
        fn agrees_with_a_full_sort(hits in hits(), k in 1usize..250, threshold in -1.5f32..1.0) {
            prop_assert_eq!(top(k, threshold, &hits), sorted(k, threshold, &hits));
            prop_assert_eq!(top(k, f32::NEG_INFINITY, &hits), sorted(k, -2.0, &hits));
        }

        #[test]
        fn merging_parts_gives_the_hits_of_the_whole(hits in hits(), k in 1usize..50, split in 0.0f64..1.0) {
            #[expect(
                clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss,
                reason = "an approximate position is enough"
            )]
            let (left, right) = hits.split_at((split * hits.len() as f64) as usize);
            let part = |hits: &[(u32, f32)]| {
                let mut top = TopK::new(k, -0.75);
                for (row, score) in hits {
                    top.push(*row, *score);
                }
                top
            };
            let whole = top(k, -0.75, &hits);
            for (first, second) in [(left, right), (right, left)] {
                let mut common = part(&[]);
                for mut part in [part(first), part(second)] {
                    part.move_into(&mut common);
                    prop_assert!(part.threshold() >= common.threshold());
                }
                prop_assert_eq!(common.into_sorted(), whole.clone());
            }
        }

        #[test]
        fn the_best_k_are_a_prefix_of_the_best_k_plus_one(hits in hits(), k in 1usize..50) {
            let (fewer, more) = (top(k, -2.0, &hits), top(k + 1, -2.0, &hits));
            prop_assert_eq!(&fewer[..], &more[..k.min(more.len())]);
        }
    }

    #[test]
    fn zeros_of_both_signs_are_equal_scores() {
        let hits = top(3, 0.0, &[(0, -0.0), (2, -0.0), (1, 0.0)]);
        let rows: Vec<u32> = hits.iter().map(|hit| hit.row.get()).collect();
        assert_eq!(rows, [0, 1, 2]);
        assert!(hits.iter().all(|hit| hit.score.is_sign_positive()));
    }

    #[test]
    fn a_huge_k_takes_no_memory() {
        assert_eq!(top(usize::MAX, -1.0, &[(5, 0.5)]).len(), 1);
    }
}
