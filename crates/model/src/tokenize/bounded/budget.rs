use std::cell::Cell;
use std::time::{Duration, Instant};

/// The time that the regular expressions of one tokenizer may take for one text.
#[derive(Debug)]
pub(super) struct Budget {
    start: Instant,
    allowed: Cell<Duration>,
}

/// The time for a text of any length.
const BASE: Duration = Duration::from_secs(2);

/// The additional time for each byte, far more than an ordinary expression takes.
const PER_BYTE: Duration = Duration::from_micros(10);

impl Budget {
    pub(super) fn start() -> Self {
        Self {
            start: Instant::now(),
            allowed: Cell::new(BASE),
        }
    }

    /// Adds the time for a part of `bytes` bytes.
    pub(super) fn add(&self, bytes: usize) {
        let more = PER_BYTE.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX));
        self.allowed.set(self.allowed.get().saturating_add(more));
    }

    pub(super) fn is_spent(&self) -> bool {
        self.start.elapsed() > self.allowed.get()
    }
}
