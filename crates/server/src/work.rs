//! The queue of calls that block: queries, and everything else that reads or writes a library.

use std::sync::Arc;

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
}

impl WorkQueue {
    pub(crate) fn new(options: &ServerOptions) -> Self {
        Self {
            running: Arc::new(Semaphore::new(options.running)),
            places: Arc::new(Semaphore::new(options.running + options.waiting)),
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
        let place = place.map_err(|_| Problem::overloaded())?;
        let permit = Arc::clone(&self.running).acquire_owned().await;
        let permit = permit.map_err(|_| Problem::stopping())?;
        let task = spawn_blocking(move || {
            // Both are returned when the call ends, even if nobody waits for it any more.
            let (_place, _permit) = (place, permit);
            call()
        });
        task.await.map_err(|_| Problem::internal())
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
        drop(second);
        finish.send(()).unwrap();
        assert_eq!(first.await.unwrap().unwrap(), 1);
        assert_eq!(queue.run(|| 2).await.unwrap(), 2);
    }
}
