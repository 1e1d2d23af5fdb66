//! The pruning policy: when computing bounds is worthwhile.

use std::sync::atomic::{AtomicU32, Ordering};

/// Bounds are worthwhile if at most one in this many pairs of query and row is scored in f32.
///
/// Measured in units of one dot product among many rows: the first bound costs a quarter, both
/// bounds less than one, and scoring a single scattered row ten.
const MIN_PRUNING_RATIO: usize = 3;

/// The same for at least [`BATCH_QUERIES`] queries, where a block is read in f32 once for all of
/// them.
const MIN_PRUNING_RATIO_OF_BATCH: usize = 16;

/// The number of queries from which a group counts as a batch.
const BATCH_QUERIES: usize = 4;

/// The largest number of blocks that are read in f32 before bounds are tried again.
const MAX_WAIT: u32 = 64;

/// Decides, for a group of queries, whether to compute bounds in a block.
///
/// The decision depends on the last block in which bounds were computed. If too many pairs of query
/// and row passed the bounds there, the next blocks are read in f32, twice as many as the time
/// before, until bounds are tried again with the higher thresholds that were reached by then.
///
/// Threads share the state without synchronization. A lost update changes the time of a search, not
/// its result.
#[derive(Default)]
pub(super) struct Pruning {
    /// The number of blocks to read in f32 before bounds are tried again.
    wait: AtomicU32,
    /// The value that `wait` was last set to.
    last_wait: AtomicU32,
}

impl Pruning {
    /// Returns whether to compute bounds in the next block. A call counts as a block.
    pub(super) fn is_worthwhile(&self) -> bool {
        self.wait
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |wait| {
                wait.checked_sub(1)
            })
            .is_err()
    }

    /// Records the outcome of a block: of `pairs` pairs of one of `m` queries and a row, `scored`
    /// were scored in f32.
    pub(super) fn record(&self, m: usize, pairs: usize, scored: usize) {
        let min_ratio = if m < BATCH_QUERIES {
            MIN_PRUNING_RATIO
        } else {
            MIN_PRUNING_RATIO_OF_BATCH
        };
        if scored * min_ratio > pairs {
            let wait = (2 * self.last_wait.load(Ordering::Relaxed)).clamp(1, MAX_WAIT);
            self.last_wait.store(wait, Ordering::Relaxed);
            self.wait.store(wait, Ordering::Relaxed);
        }
    }

    #[cfg(test)]
    pub(super) fn last_wait(&self) -> u32 {
        self.last_wait.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks_until_worthwhile(pruning: &Pruning) -> usize {
        (0..1000).take_while(|_| !pruning.is_worthwhile()).count()
    }

    #[test]
    fn bounds_are_tried_less_often_each_time_they_fail() {
        let pruning = Pruning::default();
        assert_eq!(blocks_until_worthwhile(&pruning), 0);
        for expected in [1, 2, 4, 8, 16, 32, 64, 64] {
            pruning.record(1, 300, 101);
            assert_eq!(blocks_until_worthwhile(&pruning), expected);
        }
    }

    #[test]
    fn a_batch_needs_more_pruning_than_one_query() {
        for (m, pairs, scored, expected) in [
            (1, 300, 100, 0),
            (1, 300, 101, 1),
            (4, 1600, 100, 0),
            (4, 1600, 101, 1),
        ] {
            let pruning = Pruning::default();
            pruning.record(m, pairs, scored);
            assert_eq!(blocks_until_worthwhile(&pruning), expected);
        }
    }
}
