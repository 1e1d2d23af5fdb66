//! Long computations on the vectors that neither block the library nor mix two of its states.

use cognate_index::FlatIndex;

use crate::library::Library;
use crate::library::snapshot::Snapshot;
use crate::{Error, Result};

/// The number of attempts without holding the library before changes have to wait.
const ATTEMPTS: usize = 2;

impl Library {
    /// Runs `compute` on the vectors, then `finish` on the same commit with the computed value.
    ///
    /// The library can be searched and changed during `compute`, which starts again if it was
    /// changed. The third and last time the library is held throughout.
    pub(crate) fn on_stable_snapshot<T, U>(
        &self,
        mut compute: impl FnMut(&FlatIndex) -> Result<T>,
        finish: impl Fn(&Snapshot<'_>, T) -> Result<U>,
    ) -> Result<U> {
        for _ in 0..ATTEMPTS {
            let (index, generation) = self.read(|snapshot| {
                let generation = snapshot.papers.generation()?;
                Ok((snapshot.index.clone(), generation))
            })?;
            let computed = compute(&index)?;
            let finished = self.read(|snapshot| {
                if snapshot.papers.generation()? == generation {
                    finish(snapshot, computed).map(Some)
                } else {
                    Ok(None)
                }
            })?;
            if let Some(finished) = finished {
                return Ok(finished);
            }
        }
        self.read(|snapshot| finish(snapshot, compute(snapshot.index)?))
    }
}

/// Returns a function that converts an error of the index: a cancellation by the caller becomes
/// [`Error::Cancelled`], any other error is converted by `otherwise`.
pub(crate) fn cancelled_or(
    otherwise: impl Fn(cognate_index::Error) -> Error,
) -> impl Fn(cognate_index::Error) -> Error {
    move |error| {
        if error.is_cancelled() {
            Error::Cancelled { committed: 0 }
        } else {
            otherwise(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use crate::{Paper, testing};

    /// Returns the number of runs of `compute`, and the numbers of vectors and papers that the last
    /// run and `finish` saw, if a paper is added during each of the first `changes` runs.
    fn run(changes: usize) -> (usize, usize, u64) {
        let text = "1 0 0";
        let (_dir, library) = testing::library(&[text]);
        let add = |n: usize| {
            let paper = Paper::new(n.to_string()).abstract_text(text);
            library.add([paper]).unwrap()
        };
        let runs = Cell::new(0);
        let compute = |index: &cognate_index::FlatIndex| {
            runs.set(runs.get() + 1);
            if runs.get() <= changes {
                add(runs.get());
            }
            Ok(index.len())
        };
        let (vectors, papers) = library
            .on_stable_snapshot(compute, |snapshot, vectors| {
                let mut papers = 0;
                snapshot.papers.for_each(|_| papers += 1)?;
                Ok((vectors, papers))
            })
            .unwrap();
        (runs.get(), vectors, papers)
    }

    #[test]
    fn computes_on_the_commit_whose_papers_are_read() {
        assert_eq!(run(0), (1, 1, 1));
        assert_eq!(run(1), (2, 2, 2));
        // The third run holds the library, so nothing can be added during it.
        assert_eq!(run(2), (3, 3, 3));
    }
}
