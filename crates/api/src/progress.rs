/// How far a long operation has come; the operation documents what it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The number of items that are done.
    pub done: usize,
    /// The number of all items.
    pub total: usize,
}

impl From<cognate_index::Progress> for Progress {
    fn from(progress: cognate_index::Progress) -> Self {
        Self::new(progress.done, progress.total)
    }
}

impl Progress {
    /// Creates a progress of `done` out of `total` items.
    pub const fn new(done: usize, total: usize) -> Self {
        Self { done, total }
    }
}
