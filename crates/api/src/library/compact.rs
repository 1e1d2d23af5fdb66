//! Compaction: dropping deleted vectors and merging segments.

use crate::library::Library;
use crate::{Error, Result};

/// The outcome of [`Library::compact`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompactReport {
    /// The number of files of vectors before.
    pub segments_before: usize,
    /// The number of files of vectors now: one, or zero if the library is empty.
    pub segments: usize,
    /// The number of deleted vectors that were dropped.
    pub dropped: usize,
}

/// The number of deleted vectors from which on [`Library::add`] compacts a library in which they are
/// the majority.
const MIN_DELETED: usize = 1000;

impl Library {
    /// Merges all files of vectors into one and drops deleted vectors, so that the library takes less
    /// space and searches read less.
    ///
    /// Compaction is one transaction like any other change. Papers keep their order, and searches
    /// return the same hits with the same scores. If there is nothing to do, nothing is written.
    ///
    /// [`add`](Self::add) itself keeps the number of files small, and compacts a library in which more
    /// vectors are deleted than live; call this method after removing or replacing many papers.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`], [`Error::Index`], [`Error::Store`] or [`Error::Locked`] if the library
    /// cannot be written or is damaged. The library is then unchanged.
    ///
    /// # Complexity
    ///
    /// Linear in the papers and their vectors, which are all written again. Other writers wait.
    pub fn compact(&self) -> Result<CompactReport> {
        let (segments, deleted) = self.read(|snapshot| {
            let index = snapshot.index;
            Ok((index.segments(), index.rows() - index.len()))
        })?;
        let mut report = CompactReport {
            segments_before: segments,
            segments,
            dropped: 0,
        };
        if segments <= 1 && deleted == 0 {
            return Ok(report);
        }
        self.change(None, |papers, writer| {
            // Another process may have changed the number since it was read.
            report.segments_before = writer.manifest().files().len();
            let map = writer.compact().map_err(Error::index(&self.dir))?;
            report.segments = writer.manifest().files().len();
            report.dropped = usize::try_from(map.dropped().len()).unwrap_or(usize::MAX);
            papers.renumber(&map)
        })?;
        Ok(report)
    }

    /// Compacts a library in which most vectors are deleted, so that a library whose papers are
    /// replaced repeatedly does not grow without bound. The amortized cost is that of adding.
    pub(crate) fn compact_if_mostly_deleted(&self) -> Result<()> {
        let (live, rows) =
            self.read(|snapshot| Ok((snapshot.index.len(), snapshot.index.rows())))?;
        if rows - live >= MIN_DELETED && rows - live > live {
            self.compact()?;
        }
        Ok(())
    }
}
