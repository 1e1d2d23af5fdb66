//! The number of papers of a commit, for work that embeds many papers.

use std::time::Duration;

/// The intended time between commits, which bounds the work that is lost when a process dies.
const COMMIT_INTERVAL: Duration = Duration::from_secs(10);

/// The number of papers of the first commit.
const FIRST: usize = 128;

/// The bounds of the number of papers of a commit.
const BOUNDS: std::ops::RangeInclusive<usize> = 64..=8192;

/// The number of papers of the next commit, which follows the speed of the embedder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchSize(usize);

impl BatchSize {
    /// Returns the size of the first batch.
    pub(crate) fn first() -> Self {
        Self(FIRST)
    }

    pub(crate) fn get(self) -> usize {
        self.0
    }

    /// Changes the size after a batch that took `elapsed`.
    pub(crate) fn adapt(&mut self, elapsed: Duration) {
        if elapsed < COMMIT_INTERVAL / 2 {
            self.0 = (self.0 * 2).min(*BOUNDS.end());
        } else if elapsed > COMMIT_INTERVAL * 2 {
            self.0 = (self.0 / 2).max(*BOUNDS.start());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_grow_while_they_are_fast_and_shrink_while_they_are_slow() {
        let mut size = BatchSize::first();
        let mut after = |seconds| {
            size.adapt(Duration::from_secs(seconds));
            size.get()
        };
        assert_eq!(
            [after(1), after(10), after(30), after(30)],
            [256, 256, 128, 64]
        );
        assert_eq!(after(30), 64);
        let sizes: Vec<usize> = (0..9).map(|_| after(0)).collect();
        assert_eq!(sizes, [128, 256, 512, 1024, 2048, 4096, 8192, 8192, 8192]);
    }
}
