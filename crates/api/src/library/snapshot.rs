use cognate_index::FlatIndex;

use crate::library::store::View;
use crate::{Error, Library, Result};

/// That the caller broke off is an error of its own; others are what `failed` makes of them.
pub(crate) fn cancelled_or(
    failed: impl Fn(cognate_index::Error) -> Error,
) -> impl Fn(cognate_index::Error) -> Error {
    move |error| {
        if error.is_cancelled() {
            Error::Cancelled { committed: 0 }
        } else {
            failed(error)
        }
    }
}

/// How often long work is begun again because the library changed, before it holds up changes.
const ATTEMPTS: usize = 2;

impl Library {
    /// Does long work on the vectors, then reads the papers of the same commit. The library can be
    /// searched and changed during `compute`, which starts again if it was changed; the last time, nothing
    /// can be committed meanwhile.
    pub(crate) fn settled<T, U>(
        &self,
        mut compute: impl FnMut(&FlatIndex) -> Result<T>,
        finish: impl Fn(&View<'_>, &FlatIndex, T) -> Result<U>,
    ) -> Result<U> {
        for _ in 0..ATTEMPTS {
            let (index, generation) =
                self.read(|view, index| Ok((index.clone(), view.generation()?)))?;
            let computed = compute(&index)?;
            let finished = self.read(|view, index| {
                if view.generation()? == generation {
                    finish(view, index, computed).map(Some)
                } else {
                    Ok(None)
                }
            })?;
            if let Some(finished) = finished {
                return Ok(finished);
            }
        }
        self.read(|view, index| finish(view, index, compute(index)?))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::ops::ControlFlow;

    use cognate_model::Truncation;
    use ndarray::Array2;

    use crate::{BoxError, Embed, Embedded, EmbedderInfo, Library, Paper};

    /// Gives every text one vector.
    struct Same;

    impl Embed for Same {
        fn info(&self) -> EmbedderInfo {
            EmbedderInfo {
                model: "same".to_owned(),
                precision: "f32".to_owned(),
                fingerprint: "1".to_owned(),
                dim: 2,
            }
        }

        fn embed_documents(
            &self,
            texts: &[&str],
            _: &mut dyn FnMut(usize) -> ControlFlow<()>,
        ) -> Result<Embedded, BoxError> {
            Ok(Embedded {
                rows: Array2::ones((texts.len(), 2)),
                truncation: Truncation::default(),
            })
        }

        fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
            Ok(Array2::ones((texts.len(), 2)))
        }
    }

    /// The runs of the work, and the papers that vectors and table had in the end, where papers are
    /// added during the first `changes` runs.
    fn work(changes: usize) -> (usize, usize, u64) {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::create(dir.path(), Same).unwrap();
        let add = |n: usize| library.add([Paper::new(n.to_string()).title("A")]).unwrap();
        add(0);
        let runs = Cell::new(0);
        let compute = |index: &cognate_index::FlatIndex| {
            runs.set(runs.get() + 1);
            if runs.get() <= changes {
                add(runs.get());
            }
            Ok(index.len())
        };
        let (vectors, papers) = library
            .settled(compute, |view, _, vectors| {
                let mut papers = 0;
                view.for_each(|_| papers += 1)?;
                Ok((vectors, papers))
            })
            .unwrap();
        (runs.get(), vectors, papers)
    }

    #[test]
    fn work_is_of_the_commit_whose_papers_are_read() {
        assert_eq!(work(0), (1, 1, 1));
        assert_eq!(work(1), (2, 2, 2));
        // The third time nobody can change it.
        assert_eq!(work(2), (3, 3, 3));
    }
}
