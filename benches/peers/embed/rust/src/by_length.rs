use std::cmp::Reverse;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Result;

/// Splits the indices of texts into batches of similar length, longest first, so that there is little
/// padding and no long batch runs last.
pub fn batches_by_length(lengths: &[usize], batch: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&text| Reverse(lengths[text]));
    order.chunks(batch).map(<[usize]>::to_vec).collect()
}

/// Runs `jobs` on one thread per worker and returns the answers in the order of completion, each with
/// the index of its job.
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
