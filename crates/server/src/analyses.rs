//! Analyses of whole libraries: each is made once for all requests that wait for it, stops when none waits any
//! more, and is kept for the commit that it is of.

use std::collections::VecDeque;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use cognate::DuplicatePair;
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared, WeakShared};
use tokio_util::sync::CancellationToken;

use crate::problem::Problem;

/// The number of results of a kind that are kept.
const KEPT: usize = 4;

/// The analyses of the libraries of a server.
#[derive(Debug, Default)]
pub(crate) struct Analyses {
    /// The topics of libraries, as documents.
    pub(crate) topics: Memo<Bytes>,
    pub(crate) duplicates: Memo<Vec<DuplicatePair>>,
}

/// The results of computations by their keys.
pub(crate) struct Memo<T> {
    entries: Mutex<VecDeque<Entry<T>>>,
}

type Outcome<T> = Result<Arc<T>, Problem>;

struct Entry<T> {
    /// The library, its commit and the options.
    key: Vec<u8>,
    state: State<T>,
}

enum State<T> {
    /// Requests that wait have the strong references, so that the computation is dropped with the last of them.
    Running(WeakShared<BoxFuture<'static, Outcome<T>>>),
    Done(Arc<T>),
}

/// Stops a computation when it is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Stop(CancellationToken);

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self {
            entries: Mutex::default(),
        }
    }
}

impl<T> fmt::Debug for Memo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memo").finish_non_exhaustive()
    }
}

impl<T: Send + Sync + 'static> Memo<T> {
    /// Returns the result of the computation with this key: a kept one, or the one that `start` begins unless
    /// another request has begun it. If no request waits for it any more, the future that `start` returned is
    /// dropped, and its [`Stop`] says so.
    ///
    /// # Errors
    ///
    /// Returns the problem of the computation, which is not kept.
    pub(crate) async fn get<F>(&self, key: Vec<u8>, start: impl FnOnce(Stop) -> F) -> Outcome<T>
    where
        F: Future<Output = Result<T, Problem>> + Send + 'static,
    {
        let running = match self.find(&key, start) {
            Ok(done) => return Ok(done),
            Err(running) => running,
        };
        let result = running.await;
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = entries.iter().position(|entry| entry.key == key) {
            match &result {
                Ok(done) => entries[at].state = State::Done(Arc::clone(done)),
                Err(_) => {
                    entries.remove(at);
                }
            }
        }
        result
    }

    /// Returns a result that is kept, or else the computation of it, which may begin now.
    fn find<F>(
        &self,
        key: &[u8],
        start: impl FnOnce(Stop) -> F,
    ) -> Result<Arc<T>, Shared<BoxFuture<'static, Outcome<T>>>>
    where
        F: Future<Output = Result<T, Problem>> + Send + 'static,
    {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = entries.iter().position(|entry| entry.key == key) {
            match &entries[at].state {
                State::Done(done) => return Ok(Arc::clone(done)),
                State::Running(running) => {
                    if let Some(running) = running.upgrade() {
                        return Err(running);
                    }
                }
            }
            entries.remove(at);
        }
        let stop = CancellationToken::new();
        let guard = stop.clone().drop_guard();
        let computation = start(Stop(stop));
        let computation = async move {
            let _guard = guard;
            computation.await.map(Arc::new)
        };
        let running = computation.boxed().shared();
        if let Some(weak) = running.downgrade() {
            if entries.len() == KEPT {
                entries.pop_front();
            }
            entries.push_back(Entry {
                key: key.to_vec(),
                state: State::Running(weak),
            });
        }
        Err(running)
    }
}

impl Stop {
    /// Returns whether a computation goes on, for its progress callback.
    pub(crate) fn check(&self) -> ControlFlow<()> {
        if self.0.is_cancelled() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::{join, poll};

    use super::*;
    use crate::problem::Kind;

    #[tokio::test]
    async fn simultaneous_requests_share_a_computation_whose_result_is_kept() {
        let memo = Memo::default();
        let started = AtomicUsize::new(0);
        let get = |key: &str| {
            memo.get(key.into(), |_| {
                let number = started.fetch_add(1, Ordering::Relaxed);
                async move {
                    tokio::task::yield_now().await;
                    Ok(number)
                }
            })
        };
        let (one, other) = join!(get("a"), get("a"));
        assert_eq!((*one.unwrap(), *other.unwrap()), (0, 0));
        assert_eq!(*get("a").await.unwrap(), 0);
        assert_eq!(*get("b").await.unwrap(), 1);
        // Only the last results are kept.
        for key in ["c", "d", "e"] {
            get(key).await.unwrap();
        }
        assert_eq!(*get("a").await.unwrap(), 5);
        assert_eq!(*get("c").await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_computation_stops_when_the_last_request_has_gone() {
        let memo: Memo<usize> = Memo::default();
        let mut stop = None;
        let start = |given: Stop| {
            stop = Some(given);
            pending()
        };
        let mut one = Box::pin(memo.get(b"a".to_vec(), start));
        assert!(poll!(one.as_mut()).is_pending());
        let mut other = Box::pin(memo.get(b"a".to_vec(), |_| ready(Ok(1))));
        assert!(poll!(other.as_mut()).is_pending());
        drop(one);
        let stop = stop.unwrap();
        assert!(stop.check().is_continue());
        drop(other);
        assert!(stop.check().is_break());
        assert_eq!(*memo.get(b"a".to_vec(), |_| ready(Ok(1))).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_problem_is_not_kept() {
        let memo = Memo::default();
        let problem = Problem::new(Kind::Damaged, "damaged");
        let failed = memo.get(b"a".to_vec(), |_| ready(Err(problem))).await;
        assert_eq!(failed.unwrap_err().kind(), Kind::Damaged);
        assert_eq!(*memo.get(b"a".to_vec(), |_| ready(Ok(1))).await.unwrap(), 1);
    }
}
