use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::{Error, Result};

/// The threads of an encoder.
///
/// Each worker is a pool of one thread. A worker that runs a whole piece of work then never
/// picks up another worker's piece while it waits inside a matrix product, as it would in a
/// shared pool. A lone piece runs in `wide`, where the products themselves are split; and so do
/// all pieces, one after the other, where workers would be in each other's way.
#[derive(Debug)]
pub(crate) struct Workers {
    single: Vec<ThreadPool>,
    wide: ThreadPool,
}

/// Whether candle has threads of its own beside ours. It gives them large additions and
/// activations of one caller at a time, and they spin: two workers then wait for each other most
/// of the time. `CANDLE_NUM_THREADS=1`, read by candle, leaves it without, and every worker for
/// itself is faster still.
fn candle_has_threads() -> bool {
    candle_core::utils::barrier_pool().n_workers() > 0
}

impl Workers {
    pub(crate) fn new(threads: usize) -> Result<Self> {
        Self::with(threads, if candle_has_threads() { 0 } else { threads })
    }

    /// With `alone` threads for whole pieces.
    fn with(threads: usize, alone: usize) -> Result<Self> {
        let pool = |threads| {
            ThreadPoolBuilder::new()
                .num_threads(threads)
                .thread_name(|n| format!("cognate-model-{n}"))
                .build()
                .map_err(Error::forward)
        };
        let single = (0..alone).map(|_| pool(1)).collect::<Result<_>>()?;
        Ok(Self {
            single,
            wide: pool(threads)?,
        })
    }

    /// Runs `work` where rayon spreads over all threads.
    pub(crate) fn together<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.wide.install(work)
    }

    /// Runs `work` on each of `0..count`, in order of start, and hands the results to `done`
    /// on the calling thread as they come. When `done` breaks, no further piece is started.
    pub(crate) fn each<T: Send>(
        &self,
        count: usize,
        work: impl Fn(usize) -> T + Sync,
        mut done: impl FnMut(usize, T) -> ControlFlow<()>,
    ) {
        if count <= 1 || self.single.len() <= 1 {
            for piece in 0..count {
                if done(piece, self.together(|| work(piece))).is_break() {
                    return;
                }
            }
            return;
        }
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (next, stop, work) = (&next, &stop, &work);
        std::thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            for pool in self.single.iter().take(count) {
                let sender = sender.clone();
                scope.spawn(move || {
                    pool.install(|| {
                        while !stop.load(Ordering::Relaxed) {
                            let piece = next.fetch_add(1, Ordering::Relaxed);
                            if piece >= count || sender.send((piece, work(piece))).is_err() {
                                break;
                            }
                        }
                    });
                });
            }
            drop(sender);
            for (piece, result) in receiver {
                if done(piece, result).is_break() {
                    stop.store(true, Ordering::Relaxed);
                    break;
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn does_every_piece_once() {
        for (threads, count) in [(1, 0), (1, 1), (1, 7), (3, 1), (3, 2), (3, 100)] {
            for alone in [0, threads] {
                let mut seen = vec![0; count];
                Workers::with(threads, alone).unwrap().each(
                    count,
                    |piece| piece * piece,
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
        for alone in [0, 2] {
            let mut calls = 0;
            Workers::with(2, alone).unwrap().each(
                1_000_000,
                |piece| piece,
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
