use crate::{Error, Library, Result};

/// What a [`merge`](Library::merge) did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MergeReport {
    /// Files of vectors before.
    pub segments_before: usize,
    /// Files of vectors now: one, or none where there is no paper.
    pub segments: usize,
    /// Vectors that belonged to no paper any more, and are gone.
    pub dropped: usize,
}

/// Deleted vectors from which on adding drops them, where they are more than those in use.
const LEAST_DROPPED: usize = 1000;

impl Library {
    /// Makes one file of all vectors, without those that belong to no paper any more; so the library
    /// takes less room and searches read less. One transaction, as any change is: whoever reads the
    /// library goes on, and killed at any instant it opens as it was before or after. Papers keep
    /// their order, and searches find the same with the same scores.
    ///
    /// Files are kept few by [`add`](Self::add) itself; it also merges where more vectors are deleted
    /// than are in use. So this is for a library from which much was removed or replaced. Where there
    /// is nothing to do, nothing is written.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::Index`], [`Error::Store`] and [`Error::Locked`] when the library
    /// cannot be written, or what is to be moved is damaged. It is then as it was.
    ///
    /// # Complexity
    ///
    /// Linear in the papers and their vectors, all of which are written again. Other writers wait.
    pub fn merge(&self) -> Result<MergeReport> {
        let counts = |library: &Self| {
            library.read(|_, index| Ok((index.segments(), index.rows() - index.len())))
        };
        let (segments, dropped) = counts(self)?;
        let mut report = MergeReport {
            segments_before: segments,
            segments,
            dropped: 0,
        };
        if segments <= 1 && dropped == 0 {
            return Ok(report);
        }
        self.change(None, |view, writer| {
            // Counted again: another process may have been here since.
            report.segments_before = writer.manifest().files().len();
            let map = writer.merge().map_err(Error::index(&self.dir))?;
            report.segments = writer.manifest().files().len();
            report.dropped = usize::try_from(map.dropped().len()).unwrap_or(usize::MAX);
            view.renumber(&map)
        })?;
        Ok(report)
    }

    /// Merges where most vectors are of no use, so that a library whose papers are replaced again and
    /// again does not grow without end. That takes no more, on the whole, than adding them did.
    pub(crate) fn merge_where_most_is_deleted(&self) -> Result<()> {
        let (live, rows) = self.read(|_, index| Ok((index.len(), index.rows())))?;
        if rows - live >= LEAST_DROPPED && rows - live > live {
            self.merge()?;
        }
        Ok(())
    }
}
