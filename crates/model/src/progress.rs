use serde::Serialize;

/// How far a long operation has come. An encoder and a reranker count texts; any other operation
/// documents what it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Progress {
    /// The number of items that are done.
    pub done: usize,
    /// The number of all items.
    pub total: usize,
}

impl Progress {
    /// Creates a progress of `done` out of `total` items.
    pub const fn new(done: usize, total: usize) -> Self {
        Self { done, total }
    }
}
