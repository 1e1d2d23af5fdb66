use std::sync::{Mutex, PoisonError};

/// Memory of work that is done, kept for the work to come.
#[derive(Debug, Default)]
pub(super) struct Pool<T>(Mutex<Vec<T>>);

impl<T: Default> Pool<T> {
    /// Runs `work` with memory that no other work has at the moment.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let idle = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = idle().pop();
        let mut memory = taken.unwrap_or_default();
        let result = work(&mut memory);
        idle().push(memory);
        result
    }
}
