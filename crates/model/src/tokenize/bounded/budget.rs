use std::cell::Cell;
use std::time::{Duration, Instant};

/// The time that the regular expressions of one tokenizer may take for one text.
#[derive(Debug)]
pub(super) struct Budget {
    left: Cell<Duration>,
}

/// The time for a text of any length.
const BASE: Duration = Duration::from_secs(2);

/// The additional time for each byte, far more than an ordinary expression takes.
const PER_BYTE: Duration = Duration::from_micros(10);

/// The most that one match counts. Its number of steps back is limited, so it takes longer only if
/// the process does not run, for example because it was stopped.
const MAX_OF_A_MATCH: Duration = Duration::from_millis(100);

impl Budget {
    pub(super) fn new() -> Self {
        Self {
            left: Cell::new(BASE),
        }
    }

    /// Adds the time for a part of `bytes` bytes.
    pub(super) fn add(&self, bytes: usize) {
        let more = PER_BYTE.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX));
        self.left.set(self.left.get().saturating_add(more));
    }

    /// Takes the time of a match that began at `start`, and returns whether there was enough.
    pub(super) fn spend(&self, start: Instant) -> bool {
        let time = start.elapsed().min(MAX_OF_A_MATCH);
        let left = self.left.get().checked_sub(time);
        self.left.set(left.unwrap_or_default());
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_after_many_long_matches_and_not_after_one_pause() {
        let budget = Budget::new();
        let Some(long_ago) = Instant::now().checked_sub(Duration::from_mins(1)) else {
            return;
        };
        assert!(budget.spend(long_ago));
        let matches = (0..100).take_while(|_| budget.spend(long_ago)).count();
        assert_eq!(matches, 19, "2 seconds, by 0.1 seconds");
        budget.add(100_000);
        assert!(budget.spend(long_ago));
    }
}
