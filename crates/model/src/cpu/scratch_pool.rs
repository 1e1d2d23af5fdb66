use std::sync::{Mutex, PoisonError};

/// A pool of scratch buffers, which keeps the buffers of finished work for later work.
#[derive(Debug, Default)]
pub(super) struct ScratchPool<T>(Mutex<Vec<T>>);

impl<T: Default> ScratchPool<T> {
    /// Runs `work` with a buffer that no other work uses at the same time.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let idle = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let reused = idle().pop();
        let mut buffer = reused.unwrap_or_default();
        let result = work(&mut buffer);
        idle().push(buffer);
        result
    }
}
