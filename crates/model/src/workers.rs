use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::{Error, Result};

/// The thread pool of an encoder or a reranker.
#[derive(Debug)]
pub(crate) struct Workers {
    pool: ThreadPool,
    /// The number of calls that run batches now.
    calls: AtomicUsize,
}

/// A call that runs batches, until this value is dropped.
struct Call<'w>(&'w Workers);

impl Workers {
    pub(crate) fn new(threads: usize) -> Result<Self> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|n| format!("cognate-model-{n}"))
            .build()
            .map_err(Error::forward)?;
        Ok(Self {
            pool,
            calls: AtomicUsize::new(0),
        })
    }

    /// Returns the number of threads.
    pub(crate) fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Runs `work` on the pool, so that rayon uses all of its threads.
    pub(crate) fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.pool.install(work)
    }

    /// Runs `on_pool` on the pool and `on_caller` on the calling thread, at the same time.
    pub(crate) fn join_with_caller<A: Send, B>(
        &self,
        on_pool: impl FnOnce() -> A + Send,
        on_caller: impl FnOnce() -> B,
    ) -> (Option<A>, B) {
        let mut result = None;
        let slot = &mut result;
        let other = self.pool.in_place_scope(|scope| {
            scope.spawn(move |_| *slot = Some(on_pool()));
            on_caller()
        });
        (result, other)
    }

    /// Runs `work` on each batch of `0..count`, started in this order, and passes each result to
    /// `consume` on the calling thread as soon as it is ready. If `consume` breaks, no further
    /// batch is started.
    ///
    /// The second argument of `work` is the number of threads that the batch may use. With
    /// `parallel_over_batches`, each thread runs batches of its own as long as there are enough for
    /// all threads. The last few batches, or all without `parallel_over_batches`, run one after the
    /// other, each on all threads, which calls at the same time share with `parallel_over_batches`:
    /// threads that work on batches of their own need not wait for one another.
    pub(crate) fn for_each_batch<T: Send>(
        &self,
        count: usize,
        parallel_over_batches: bool,
        work: impl Fn(usize, usize) -> T + Sync,
        mut consume: impl FnMut(usize, T) -> ControlFlow<()>,
    ) {
        let threads = self.threads();
        let _call = self.enter();
        let parallel = if parallel_over_batches {
            count - count % threads
        } else {
            0
        };
        if parallel > 0
            && self
                .for_each_parallel(parallel, &work, &mut consume)
                .is_break()
        {
            return;
        }
        for batch in parallel..count {
            let share = if parallel_over_batches {
                (threads / self.calls.load(Ordering::Relaxed).max(1)).max(1)
            } else {
                threads
            };
            let result = self.install(|| work(batch, share));
            if consume(batch, result).is_break() {
                return;
            }
        }
    }

    fn enter(&self) -> Call<'_> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Call(self)
    }

    /// Runs each batch of `0..count` on one thread, as many at a time as there are threads.
    fn for_each_parallel<T: Send>(
        &self,
        count: usize,
        work: &(impl Fn(usize, usize) -> T + Sync),
        consume: &mut impl FnMut(usize, T) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let run = |sender: mpsc::Sender<(usize, T)>| {
            while !stop.load(Ordering::Relaxed) {
                let batch = next.fetch_add(1, Ordering::Relaxed);
                if batch >= count || sender.send((batch, work(batch, 1))).is_err() {
                    break;
                }
            }
        };
        let run = &run;
        // `scope` would occupy a thread of the pool with the closure, and run `consume` there.
        self.pool.in_place_scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            for _ in 0..self.threads().min(count) {
                let sender = sender.clone();
                scope.spawn(move |_| run(sender));
            }
            drop(sender);
            for (batch, result) in receiver {
                let flow = consume(batch, result);
                if flow.is_break() {
                    stop.store(true, Ordering::Relaxed);
                    return flow;
                }
            }
            ControlFlow::Continue(())
        })
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_at_the_same_time_share_the_threads() {
        let workers = Workers::new(3).unwrap();
        let threads_of = |parallel| {
            let mut seen = 0;
            let note = |_, threads| {
                seen = threads;
                ControlFlow::Continue(())
            };
            workers.for_each_batch(1, parallel, |_, threads| threads, note);
            seen
        };
        assert_eq!(threads_of(true), 3);
        let other = workers.enter();
        assert_eq!(threads_of(true), 1);
        assert_eq!(threads_of(false), 3);
        drop(other);
        assert_eq!(threads_of(true), 3);
    }

    #[test]
    fn runs_every_batch_once() {
        for (threads, count) in [(1, 0), (1, 1), (1, 7), (3, 1), (3, 2), (3, 3), (3, 100)] {
            for parallel in [false, true] {
                let mut seen = vec![0; count];
                Workers::new(threads).unwrap().for_each_batch(
                    count,
                    parallel,
                    |batch, batch_threads| {
                        assert!(batch_threads == threads || parallel && batch_threads == 1);
                        batch * batch
                    },
                    |batch, square| {
                        assert_eq!(square, batch * batch);
                        seen[batch] += 1;
                        ControlFlow::Continue(())
                    },
                );
                assert_eq!(seen, vec![1; count]);
            }
        }
    }

    #[test]
    fn stops_after_a_break() {
        for parallel in [false, true] {
            let mut calls = 0;
            Workers::new(2).unwrap().for_each_batch(
                1_000_000,
                parallel,
                |batch, _| batch,
                |_, _| {
                    calls += 1;
                    if calls == 5 {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                },
            );
            assert_eq!(calls, 5);
        }
    }
}
