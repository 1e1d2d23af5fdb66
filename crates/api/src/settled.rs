use cognate_index::FlatIndex;

use crate::store::View;
use crate::{Library, Result};

/// How often long work is begun again because the library changed, before it holds up changes.
const ATTEMPTS: usize = 2;

impl Library {
    /// Does long work on the vectors, then reads the papers of the same commit. The library can be
    /// searched and changed during `compute`, which starts again if it was changed; the last time, nothing
    /// can be committed meanwhile.
    pub(crate) fn settled<T, U>(
        &self,
        compute: impl Fn(&FlatIndex) -> Result<T>,
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
