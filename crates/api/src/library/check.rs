//! Whether a library is as it was written, and the repair of what can be rebuilt.

use std::path::Path;

use cognate_index::{FlatIndex, IndexWriter};
use roaring::RoaringBitmap;

use crate::library::lock::WriteLock;
use crate::library::store::{ReadTxn, Store};
use crate::library::{Library, vectors_dir};
use crate::{Error, Result};

/// The outcome of [`Library::check`].
#[derive(Debug)]
#[non_exhaustive]
pub struct CheckReport {
    /// The number of papers that are as they were written.
    pub papers: usize,
    /// The number of vectors, including deleted ones.
    pub vectors: usize,
    /// The faults found; empty if the library is sound.
    pub faults: Vec<Fault>,
}

/// A fault in a file of a library.
#[derive(Debug)]
#[non_exhaustive]
pub struct Fault {
    /// The file and its fault.
    pub error: Error,
    /// Whether [`Library::repair`] can rebuild the damaged data from the rest of the library. Until
    /// then such a fault makes answers slower, not wrong.
    pub is_repairable: bool,
}

impl Library {
    /// Reads a whole library and compares it with its checksums: the table of papers, the vectors and
    /// their quantized codes, and whether they belong together.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotALibrary`], [`Error::Version`] or [`Error::Store`] if the manifest cannot
    /// be read. All other faults are in the report.
    ///
    /// # Complexity
    ///
    /// Linear in the bytes of the library; vectors are read in parallel.
    pub fn check(dir: impl AsRef<Path>) -> Result<CheckReport> {
        let dir = dir.as_ref();
        let mut store = Store::open(dir)?;
        let papers = store.read()?;
        let manifest = papers.manifest()?;
        let mut faults = Vec::new();
        let mut fault = |error, is_repairable| {
            faults.push(Fault {
                error,
                is_repairable,
            });
        };
        if let Err(error) = papers.embedder_info() {
            fault(error, false);
        }
        let mut rows = RoaringBitmap::new();
        let all = papers.for_each(|stored| {
            rows.insert(stored.row.get());
        });
        if let Err(error) = all {
            fault(error, false);
        }
        let beyond = rows.max().filter(|row| *row >= manifest.rows());
        if let Some(row) = beyond.or((&rows & manifest.deleted()).min()) {
            let what = format!("the paper in row {row}, which has no vector");
            fault(papers.damaged(what), false);
        }
        match papers.mapped_rows() {
            Ok(mapped) => {
                if let Some(row) = (mapped - &rows).min() {
                    let what =
                        format!("the record of mapped rows, which has row {row} of no paper");
                    fault(papers.damaged(what), false);
                }
            }
            Err(error) => fault(error, false),
        }
        if let Err(error) = papers.check_keywords() {
            fault(error, true);
        }
        if let Some(error) = sqlite_fault(&papers) {
            fault(error, false);
        }
        for error in FlatIndex::check(vectors_dir(dir), &manifest) {
            let is_repairable = error.is_rebuildable();
            fault(Error::index(&vectors_dir(dir))(error), is_repairable);
        }
        Ok(CheckReport {
            papers: usize::try_from(rows.len()).unwrap_or(usize::MAX),
            vectors: manifest.rows() as usize,
            faults,
        })
    }

    /// Rebuilds derived data that is damaged or missing: quantized codes of vectors, and the keyword
    /// index. Returns the number of files and indexes rebuilt. Other processes may have the library
    /// open.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Locked`] if another process keeps writing, [`Error::Index`] if the vectors
    /// themselves are damaged, and the errors of [`check`](Self::check).
    pub fn repair(dir: impl AsRef<Path>) -> Result<usize> {
        let dir = dir.as_ref();
        let mut store = Store::open(dir)?;
        let _lock = WriteLock::acquire(dir)?;
        let vectors = vectors_dir(dir);
        let papers = store.write()?;
        let manifest = papers.manifest()?;
        let mut writer = IndexWriter::with_manifest(&vectors, manifest);
        let mut rebuilt = writer.rebuild().map_err(Error::index(&vectors))?;
        if papers.check_keywords().is_err() {
            papers.rebuild_keywords()?;
            papers.commit(writer.manifest())?;
            rebuilt += 1;
        }
        Ok(rebuilt)
    }
}

/// Returns the first fault that `SQLite` finds in its file. There may be many more, which say little.
fn sqlite_fault(papers: &ReadTxn<'_>) -> Option<Error> {
    match papers.sqlite_faults() {
        Ok(faults) => faults.into_iter().next().map(|fault| papers.damaged(fault)),
        Err(error) => Some(error),
    }
}
