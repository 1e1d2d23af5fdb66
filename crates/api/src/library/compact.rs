//! Compaction: dropping deleted vectors and merging segments.

use cognate_index::{Compaction, IndexWriter};
use serde::Serialize;

use crate::library::lock::WriteLock;
use crate::library::store::ReadTxn;
use crate::library::{Library, vectors_dir};
use crate::{Error, Result};

/// The outcome of [`Library::compact`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CompactReport {
    /// The number of files of vectors before.
    pub segments_before: usize,
    /// The number of files of vectors now: one, or zero if the library is empty, and a few more if papers
    /// were added meanwhile.
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
    /// Papers keep their order, and searches return the same hits with the same scores. If there is nothing
    /// to do, nothing is written.
    ///
    /// Readers and writers go on meanwhile: the new files are written beside the others, and take effect
    /// with a short commit at the end, which takes in what others changed meanwhile.
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
    /// Linear in the papers, whose vectors and terms are all written again.
    pub fn compact(&self) -> Result<CompactReport> {
        // Fail before much is written if the library cannot be.
        drop(WriteLock::acquire(&self.dir)?);
        let vectors = vectors_dir(&self.dir);
        let index_error = || Error::index(&vectors);
        loop {
            let state = self.read(|snapshot| {
                let manifest = snapshot.papers.manifest()?;
                let (index, deleted) = (snapshot.index, manifest.deleted().len());
                let deleted = usize::try_from(deleted).unwrap_or(usize::MAX);
                Ok((manifest, index.segments(), deleted))
            });
            let (manifest, segments, dropped) = state?;
            let mut report = CompactReport {
                segments_before: segments,
                segments,
                dropped: 0,
            };
            let writer = IndexWriter::with_manifest(&vectors, manifest);
            let compaction = match writer.prepare_compaction() {
                Ok(Some(compaction)) => compaction,
                Ok(None) => return Ok(report),
                Err(error) => {
                    // A commit in between may have removed a file that the manifest names.
                    let is_newest = |papers: &ReadTxn<'_>| {
                        let newest = papers.manifest()?;
                        Ok(newest == *writer.manifest())
                    };
                    if self.read_papers(is_newest)? {
                        return Err(index_error()(error));
                    }
                    continue;
                }
            };
            report.dropped = dropped;
            if self.commit_compaction(compaction, &mut report)? {
                return Ok(report);
            }
        }
    }

    /// Commits a compaction and counts the files of vectors before and after. Returns false, and changes
    /// nothing, if it no longer applies, because other files were merged meanwhile.
    fn commit_compaction(
        &self,
        compaction: Compaction,
        report: &mut CompactReport,
    ) -> Result<bool> {
        let vectors = vectors_dir(&self.dir);
        self.change_if(None, |change| {
            report.segments_before = change.writer.manifest().files().len();
            let map = change.writer.apply_compaction(compaction);
            let Some(map) = map.map_err(Error::index(&vectors))? else {
                return Ok(false);
            };
            change.papers.renumber_mapped_rows(&map)?;
            report.segments = change.writer.manifest().files().len();
            Ok(true)
        })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Paper;
    use crate::testing::library;

    #[test]
    fn a_compaction_that_no_longer_applies_commits_nothing() {
        let (_dir, library) = library(&["1 0 0", "0 1 0", "0 0 1"]);
        library.remove(&["1"]).unwrap();
        let generation = || {
            library
                .read_papers(|papers: &ReadTxn<'_>| papers.generation())
                .unwrap()
        };
        let files = || {
            std::fs::read_dir(vectors_dir(&library.dir))
                .unwrap()
                .count()
        };
        let manifest = library
            .read_papers(|papers: &ReadTxn<'_>| papers.manifest())
            .unwrap();
        let writer = IndexWriter::with_manifest(vectors_dir(&library.dir), manifest);
        let compaction = writer.prepare_compaction().unwrap().unwrap();
        // Another process compacts first.
        assert_eq!(library.compact().unwrap().dropped, 1);
        let before = generation();
        let mut report = CompactReport::default();
        assert!(!library.commit_compaction(compaction, &mut report).unwrap());
        // The vectors and the terms; what was prepared is gone.
        assert_eq!((generation(), files()), (before, 2));
        library
            .add([Paper::new("3").abstract_text("1 1 0")])
            .unwrap();
        assert_eq!(library.ids().unwrap(), ["0", "2", "3"]);
    }
}
