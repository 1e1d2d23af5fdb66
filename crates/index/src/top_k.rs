use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::{Hit, RowId};

/// The best hits so far, at most `k`.
///
/// Hits have one total order: by descending score, then by ascending row. What is kept depends on
/// what was pushed, not on the order in which it was.
#[derive(Debug)]
pub(crate) struct TopK {
    k: usize,
    /// A score below cannot get in.
    floor: f32,
    /// The worst hit is on top.
    heap: BinaryHeap<Candidate>,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    score: f32,
    row: u32,
}

impl TopK {
    /// Keeps the best `k` of those with a score of at least `floor`. `k` is not 0.
    pub(crate) fn new(k: usize, floor: f32) -> Self {
        Self {
            k,
            floor,
            heap: BinaryHeap::new(),
        }
    }

    /// The least score that still gets in.
    pub(crate) fn floor(&self) -> f32 {
        self.floor
    }

    #[inline]
    pub(crate) fn push(&mut self, row: u32, score: f32) {
        if score >= self.floor {
            self.insert(row, score);
        }
    }

    fn insert(&mut self, row: u32, score: f32) {
        // -0.0 becomes 0.0, so that equal scores are the same score.
        let candidate = Candidate {
            score: score + 0.0,
            row,
        };
        if self.heap.len() < self.k {
            self.heap.push(candidate);
        } else if let Some(mut worst) = self.heap.peek_mut() {
            if candidate >= *worst {
                return;
            }
            *worst = candidate;
        }
        if self.heap.len() == self.k
            && let Some(worst) = self.heap.peek()
        {
            self.floor = worst.score;
        }
    }

    /// The best of both.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        for Candidate { score, row } in other.heap {
            self.push(row, score);
        }
        self
    }

    /// Best first.
    pub(crate) fn into_sorted(self) -> Vec<Hit> {
        let sorted = self.heap.into_sorted_vec().into_iter();
        sorted
            .map(|Candidate { score, row }| Hit {
                row: RowId::new(row),
                score,
            })
            .collect()
    }
}

/// The better candidate is the lesser one.
impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .score
            .total_cmp(&self.score)
            .then(self.row.cmp(&other.row))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Candidate {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn top(k: usize, floor: f32, hits: &[(u32, f32)]) -> Vec<Hit> {
        let mut top = TopK::new(k, floor);
        for (row, score) in hits {
            top.push(*row, *score);
        }
        top.into_sorted()
    }

    fn sorted(k: usize, floor: f32, hits: &[(u32, f32)]) -> Vec<Hit> {
        let mut hits: Vec<_> = hits.iter().filter(|(_, score)| *score >= floor).collect();
        hits.sort_by(|a, b| b.1.partial_cmp(&a.1).unwrap().then(a.0.cmp(&b.0)));
        let hits = hits.into_iter().take(k);
        hits.map(|(row, score)| Hit {
            row: RowId::new(*row),
            score: *score,
        })
        .collect()
    }

    /// Hits in any order, many of equal scores, each row once.
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
        fn agrees_with_a_full_sort(hits in hits(), k in 1usize..250, floor in -1.5f32..1.0) {
            prop_assert_eq!(top(k, floor, &hits), sorted(k, floor, &hits));
            prop_assert_eq!(top(k, f32::NEG_INFINITY, &hits), sorted(k, -2.0, &hits));
        }

        #[test]
        fn merged_parts_are_the_whole(hits in hits(), k in 1usize..50, cut in 0.0f64..1.0) {
            #[expect(
                clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss,
                reason = "a rough place is enough"
            )]
            let (left, right) = hits.split_at((cut * hits.len() as f64) as usize);
            let part = |hits: &[(u32, f32)]| {
                let mut top = TopK::new(k, -0.75);
                for (row, score) in hits {
            top.push(*row, *score);
        }
                top
            };
            let whole = top(k, -0.75, &hits);
            prop_assert_eq!(part(left).merge(part(right)).into_sorted(), whole.clone());
            prop_assert_eq!(part(right).merge(part(left)).into_sorted(), whole);
        }

        #[test]
        fn fewer_are_a_prefix_of_more(hits in hits(), k in 1usize..50) {
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
