use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::{Error, Result};

/// The threads of an encoder: one pool.
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

    pub(crate) fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Runs `work` where rayon spreads over all threads.
    pub(crate) fn together<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.pool.install(work)
    }

    /// Runs `there` on the pool and `here` on the calling thread at the same time.
    pub(crate) fn beside<A: Send, B>(
        &self,
        there: impl FnOnce() -> A + Send,
        here: impl FnOnce() -> B,
    ) -> (Option<A>, B) {
        let mut result = None;
        let slot = &mut result;
        let other = self.pool.in_place_scope(|scope| {
            scope.spawn(move |_| *slot = Some(there()));
            here()
        });
        (result, other)
    }

    /// Runs `work` on each of `0..count`, in order of start, and hands the results to `done`
    /// on the calling thread as they come. When `done` breaks, no further piece is started.
    ///
    /// The second argument of `work` is the number of threads that the piece may use. With
    /// `alone`, each thread has pieces of its own as long as there are enough for all; the last
    /// pieces, and without `alone` all, are shared between the threads one after the other.
    pub(crate) fn each<T: Send>(
        &self,
        count: usize,
        alone: bool,
        work: impl Fn(usize, usize) -> T + Sync,
        mut done: impl FnMut(usize, T) -> ControlFlow<()>,
    ) {
        let threads = self.threads();
        let by_one = if alone { count - count % threads } else { 0 };
        if by_one > 0 && self.each_alone(by_one, &work, &mut done).is_break() {
            return;
        }
        for piece in by_one..count {
            let result = self.together(|| work(piece, threads));
            if done(piece, result).is_break() {
                return;
            }
        }
    }

    fn each_alone<T: Send>(
        &self,
        count: usize,
        work: &(impl Fn(usize, usize) -> T + Sync),
        done: &mut impl FnMut(usize, T) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let run = |sender: mpsc::Sender<(usize, T)>| {
            while !stop.load(Ordering::Relaxed) {
                let piece = next.fetch_add(1, Ordering::Relaxed);
                if piece >= count || sender.send((piece, work(piece, 1))).is_err() {
                    break;
                }
            }
        };
        let run = &run;
        // The pool's own scope would hold one of its threads: `done` runs on the caller's.
        self.pool.in_place_scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            for _ in 0..self.threads().min(count) {
                let sender = sender.clone();
                scope.spawn(move |_| run(sender));
            }
            drop(sender);
            for (piece, result) in receiver {
                let answer = done(piece, result);
                if answer.is_break() {
                    stop.store(true, Ordering::Relaxed);
                    return answer;
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
    fn does_every_piece_once() {
        for (threads, count) in [(1, 0), (1, 1), (1, 7), (3, 1), (3, 2), (3, 3), (3, 100)] {
            for alone in [false, true] {
                let mut seen = vec![0; count];
                Workers::new(threads).unwrap().each(
                    count,
                    alone,
                    |piece, share| {
                        assert!(share == threads || alone && share == 1);
                        piece * piece
                    },
                    |piece, square| {
                        assert_eq!(square, piece * piece);
                        seen[piece] += 1;
                        ControlFlow::Continue(())
                    },
                );
                assert_eq!(seen, vec![1; count]);
            }
        }
    }

    #[test]
    fn stops_when_asked() {
        for alone in [false, true] {
            let mut calls = 0;
            Workers::new(2).unwrap().each(
                1_000_000,
                alone,
                |piece, _| piece,
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
