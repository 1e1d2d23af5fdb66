//! The queue of calls that block: queries, and everything else that reads or writes a library.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::options::ServerOptions;
use crate::problem::Problem;

/// Runs calls that block on threads of their own, not more of them at once than permitted. Further calls
/// wait, and those beyond the bound are refused.
#[derive(Clone, Debug)]
pub(crate) struct WorkQueue {
    /// A permit for each call that runs.
    running: Arc<Semaphore>,
    /// A permit for each call that runs or waits.
    places: Arc<Semaphore>,
    /// The number of permits of each.
    permits: (usize, usize),
    refused: Arc<AtomicU64>,
}

/// How busy a queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) running: usize,
    pub(crate) waiting: usize,
    /// The number of calls that were refused since the start.
    pub(crate) refused: u64,
}

impl WorkQueue {
    pub(crate) fn new(options: &ServerOptions) -> Self {
        let permits = (options.running, options.running + options.waiting);
        Self {
            running: Arc::new(Semaphore::new(permits.0)),
            places: Arc::new(Semaphore::new(permits.1)),
            permits,
            refused: Arc::default(),
        }
    }

    /// Returns how busy the queue is.
    pub(crate) fn load(&self) -> Load {
        let running = self.permits.0 - self.running.available_permits();
        let places = self.permits.1 - self.places.available_permits();
        Load {
            running,
            // The two numbers are not read at the same instant.
            waiting: places.saturating_sub(running),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }

    /// Runs `call`. If this future is dropped, because the client has gone away, a call that waits never
    /// runs, and the answer of one that runs is dropped.
    ///
    /// # Errors
    ///
    /// Returns a problem if too many calls wait, if the server stops, or if the call panics.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| {
            self.refused.fetch_add(1, Ordering::Relaxed);
            Problem::overloaded()
        })?;
        let permit = Arc::clone(&self.running).acquire_owned().await;
        let permit = permit.map_err(|_| Problem::stopping())?;
        let task = spawn_blocking(move || {
            // Both are returned when the call ends, even if nobody waits for it any more.
            let (_place, _permit) = (place, permit);
            call()
        });
        task.await.map_err(|error| {
            tracing::error!(%error, "a call has panicked");
            Problem::internal()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn calls_beyond_the_bound_are_refused_and_dropped_ones_never_run() {
        let queue = WorkQueue::new(&ServerOptions::default().queue(1, 1));
        let (started, wait_for_start) = mpsc::channel();
        let (finish, wait_for_finish) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let queue = queue.clone();
            async move {
                let call = move || {
                    started.send(()).unwrap();
                    wait_for_finish.recv().unwrap();
                    1
                };
                queue.run(call).await
            }
        });
        spawn_blocking(move || wait_for_start.recv().unwrap())
            .await
            .unwrap();
        let mut second = Box::pin(queue.run(|| panic!("a dropped call ran")));
        assert!(futures::poll!(second.as_mut()).is_pending());
        assert_eq!(queue.run(|| ()).await.unwrap_err().status(), 429);
        let load = |running, waiting, refused| Load {
            running,
            waiting,
            refused,
        };
        assert_eq!(queue.load(), load(1, 1, 1));
        drop(second);
        finish.send(()).unwrap();
        assert_eq!(first.await.unwrap().unwrap(), 1);
        assert_eq!(queue.run(|| 2).await.unwrap(), 2);
        assert_eq!(queue.load(), load(0, 0, 1));
    }
}
