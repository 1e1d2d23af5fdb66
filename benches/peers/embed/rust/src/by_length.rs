use std::cmp::Reverse;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Result;

/// Cuts the indices of texts into batches of neighbours in length, the longest first, so that
/// little is padded and no long batch is left to the end.
pub fn batches_by_length(lengths: &[usize], batch: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&text| Reverse(lengths[text]));
    order.chunks(batch).map(<[usize]>::to_vec).collect()
}

/// Gives each worker a thread; every thread takes the next of `jobs` until none is left.
/// The answers come in the order in which they were ready, with the index of the job.
pub fn spread<W: Send, J: Sync, A: Send>(
    workers: &mut [W],
    jobs: &[J],
    work: impl Fn(&mut W, &J) -> Result<A> + Sync,
) -> Result<Vec<(usize, A)>> {
    let next = AtomicUsize::new(0);
    let answers = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for worker in workers {
            scope.spawn(|| {
                while let Some((index, job)) = take(&next, jobs) {
                    let answer = work(worker, job).map(|answer| (index, answer));
                    answers.lock().expect("no worker panics").push(answer);
                }
            });
        }
    });
    let answers = answers.into_inner().expect("no worker panics");
    answers.into_iter().collect()
}

fn take<'a, J>(next: &AtomicUsize, jobs: &'a [J]) -> Option<(usize, &'a J)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    jobs.get(index).map(|job| (index, job))
}
