//! Work on one snapshot by several threads.

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use cognate_index::RowId;
use rayon::prelude::*;

use crate::Result;
use crate::library::Library;
use crate::library::snapshot::Snapshot;
use crate::library::store::StoredPaper;

/// The number of chunks of items for each thread of the pool, so that a thread with easy items takes more.
const CHUNKS_PER_THREAD: usize = 4;

/// The number of items that are passed to another thread at a time.
const BATCH: usize = 256;

/// The number of batches for each thread of the pool that may wait. If there are more, the thread that
/// reads the papers adds a batch itself.
const MAX_WAITING: usize = 4;

impl Library {
    /// Computes `act` of each item on the commit of `snapshot`, on the threads of the pool. Returns the
    /// results in the order of the items, or the first error in that order.
    ///
    /// Each thread reads through a connection of its own. Items for which the commit can no longer be opened,
    /// because it was replaced, are left to the calling thread.
    pub(crate) fn map_on<I: Send, T: Send>(
        &self,
        snapshot: &Snapshot<'_>,
        items: Vec<I>,
        act: impl Fn(&Snapshot<'_>, I) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let threads = rayon::current_num_threads();
        if threads == 1 || items.len() == 1 {
            return items.into_iter().map(|item| act(snapshot, item)).collect();
        }
        let generation = snapshot.papers.full_generation()?;
        let Snapshot {
            index,
            terms,
            dir,
            list_rows,
            ..
        } = *snapshot;
        let act_on_chunk = |items: Vec<I>| -> Result<Chunk<I, T>> {
            let connection = self.store.connect()?;
            let papers = connection.read()?;
            if papers.full_generation()? != generation {
                return Ok(Chunk::Left(items));
            }
            let snapshot = Snapshot {
                papers: &papers,
                index,
                terms,
                dir,
                list_rows,
            };
            let results = items.into_iter().map(|item| act(&snapshot, item));
            results.collect::<Result<_>>().map(Chunk::Done)
        };
        let mut results = Vec::with_capacity(items.len());
        let chunk_len = items.len().div_ceil(threads * CHUNKS_PER_THREAD).max(1);
        let chunks = items.into_par_iter().chunks(chunk_len).map(act_on_chunk);
        let chunks: Vec<Result<Chunk<I, T>>> = chunks.collect();
        for chunk in chunks {
            match chunk? {
                Chunk::Done(done) => results.extend(done),
                Chunk::Left(items) => {
                    for item in items {
                        results.push(act(snapshot, item)?);
                    }
                }
            }
        }
        Ok(results)
    }
}

/// Some items in order.
enum Chunk<I, T> {
    Done(Vec<T>),
    /// The items are not done, because the commit can no longer be opened.
    Left(Vec<I>),
}

impl Snapshot<'_> {
    /// Reads all papers, makes an item of each by `take`, on the calling thread and in ascending order of
    /// rows, and adds the items to sums by `add`, on the threads of the pool and in no particular order.
    /// `new` creates a sum. Returns all sums, which are none if the library has no papers.
    pub(crate) fn sum_in_parallel<I: Send, S: Send>(
        &self,
        mut take: impl FnMut(RowId, StoredPaper) -> Option<I>,
        new: impl Fn() -> S + Sync,
        add: impl Fn(&mut S, I) + Sync,
    ) -> Result<Vec<S>> {
        let sums = Mutex::new(Vec::new());
        let waiting = AtomicUsize::new(0);
        let max_waiting = MAX_WAITING * rayon::current_num_threads();
        let lock = || sums.lock().unwrap_or_else(PoisonError::into_inner);
        let add_batch = |batch: Vec<I>| {
            // A sum that no other thread is adding to.
            let idle = lock().pop();
            let mut sum = idle.unwrap_or_else(&new);
            for item in batch {
                add(&mut sum, item);
            }
            lock().push(sum);
        };
        rayon::in_place_scope(|scope| -> Result<()> {
            let pass = |batch: Vec<I>| {
                if waiting.load(Ordering::Relaxed) >= max_waiting {
                    return add_batch(batch);
                }
                waiting.fetch_add(1, Ordering::Relaxed);
                scope.spawn(|_| {
                    add_batch(batch);
                    waiting.fetch_sub(1, Ordering::Relaxed);
                });
            };
            let mut batch = Vec::with_capacity(BATCH);
            self.for_each(|row, stored| {
                batch.extend(take(row, stored));
                if batch.len() == BATCH {
                    pass(mem::replace(&mut batch, Vec::with_capacity(BATCH)));
                }
            })?;
            if !batch.is_empty() {
                pass(batch);
            }
            Ok(())
        })?;
        Ok(sums.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{library, random_texts};
    use crate::{Error, Paper};

    fn pool(threads: usize) -> rayon::ThreadPool {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap()
    }

    #[test]
    fn items_see_the_commit_of_the_snapshot_whatever_is_committed_meanwhile() {
        let texts = random_texts(30);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (_dir, library) = library(&texts);
        let ids: Vec<String> = (0..31).map(|id| id.to_string()).collect();
        let exists = |snapshot: &Snapshot<'_>, id: String| Ok(snapshot.find(&id)?.is_some());
        for commits_meanwhile in [false, true] {
            for threads in [1, 3] {
                let find = |snapshot: &Snapshot<'_>| {
                    if commits_meanwhile {
                        library.add([Paper::new("30").abstract_text("1 1 1")])?;
                        library.remove(&["7"])?;
                    }
                    library.map_on(snapshot, ids.clone(), exists)
                };
                let found = pool(threads).install(|| library.read(find)).unwrap();
                let expected: Vec<bool> = (0..31).map(|id| id != 30).collect();
                assert_eq!(found, expected, "{commits_meanwhile} {threads}");
                if commits_meanwhile {
                    library
                        .add([Paper::new("7").abstract_text("1 2 3")])
                        .unwrap();
                    library.remove(&["30"]).unwrap();
                }
            }
        }
    }

    #[test]
    fn the_first_error_in_the_order_of_the_items_is_returned() {
        let (_dir, library) = library(&["1 0 0"]);
        let ids: Vec<String> = (0..40).map(|id| id.to_string()).collect();
        for _ in 0..20 {
            let find = |snapshot: &Snapshot<'_>| {
                library.map_on(snapshot, ids.clone(), |snapshot, id| snapshot.row_of(&id))
            };
            let rows = pool(3).install(|| library.read(find));
            let Err(Error::UnknownPaper { id, .. }) = rows else {
                panic!("{rows:?}");
            };
            assert_eq!(id, "1");
        }
    }

    #[test]
    fn sums_have_every_paper_once() {
        let texts = random_texts(3 * BATCH + 5);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (_dir, library) = library(&texts);
        let sums = library.read(|snapshot| {
            snapshot.sum_in_parallel(
                |_, stored| (stored.paper.id != "9").then_some(stored.paper.id),
                Vec::new,
                Vec::push,
            )
        });
        let mut ids: Vec<String> = sums.unwrap().into_iter().flatten().collect();
        ids.sort_unstable();
        let mut expected: Vec<String> = (0..texts.len()).map(|id| id.to_string()).collect();
        expected.retain(|id| id != "9");
        expected.sort_unstable();
        assert_eq!(ids, expected);
    }
}
