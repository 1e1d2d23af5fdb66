use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::{Error, Result};

/// The thread pool of an encoder or a reranker.
#[derive(Debug)]
pub(crate) struct Workers {
    pool: ThreadPool,
}

impl Workers {
    pub(crate) fn new(threads: usize) -> Result<Self> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|n| format!("cognate-model-{n}"))
            .build()
            .map_err(Error::forward)?;
        Ok(Self { pool })
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
    /// other, each on all threads.
    pub(crate) fn for_each_batch<T: Send>(
        &self,
        count: usize,
        parallel_over_batches: bool,
        work: impl Fn(usize, usize) -> T + Sync,
        mut consume: impl FnMut(usize, T) -> ControlFlow<()>,
    ) {
        let threads = self.threads();
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
            let result = self.install(|| work(batch, threads));
            if consume(batch, result).is_break() {
                return;
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

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
