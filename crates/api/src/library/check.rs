use std::path::Path;

use cognate_index::{FlatIndex, IndexWriter};
use roaring::RoaringBitmap;

use crate::library::lock::WriteLock;
use crate::library::store::{Store, View};
use crate::library::vectors_dir;
use crate::{Error, Library, Result};

/// What [`Library::check`] read, and what is wrong with it.
#[derive(Debug)]
#[non_exhaustive]
pub struct CheckReport {
    /// Papers that are as they were written.
    pub papers: usize,
    /// Vectors of the library, deleted ones included.
    pub vectors: usize,
    /// What is wrong; nothing as a rule.
    pub faults: Vec<Fault>,
}

/// Something that is wrong with a file of a library.
#[derive(Debug)]
#[non_exhaustive]
pub struct Fault {
    /// The file, and what is wrong with it.
    pub error: Error,
    /// Whether [`Library::repair`] makes it good from what is left. Then it does no harm: answers are
    /// right, but come later.
    pub is_repairable: bool,
}

impl Library {
    /// Reads all of a library and compares it with what was written: the table of papers, the
    /// vectors and their compact forms, and whether they belong together.
    ///
    /// # Errors
    ///
    /// [`Error::NotALibrary`], [`Error::Version`] and [`Error::Store`] when it cannot be told what
    /// there should be. Everything else that is wrong is in the report.
    ///
    /// # Complexity
    ///
    /// Linear in the bytes of the library; vectors are read in parallel.
    pub fn check(dir: impl AsRef<Path>) -> Result<CheckReport> {
        let dir = dir.as_ref();
        let mut store = Store::open(dir)?;
        let view = store.read()?;
        let manifest = view.manifest()?;
        let mut faults = Vec::new();
        let mut fault = |error, is_repairable| {
            faults.push(Fault {
                error,
                is_repairable,
            });
        };
        if let Err(error) = view.embedder() {
            fault(error, false);
        }
        let mut rows = RoaringBitmap::new();
        let papers = view.for_each(|stored| {
            rows.insert(stored.row.get());
        });
        if let Err(error) = papers {
            fault(error, false);
        }
        let beyond = rows.max().filter(|row| *row >= manifest.rows());
        if let Some(row) = beyond.or((&rows & manifest.deleted()).min()) {
            let what = format!("the paper in row {row}, of which there is no vector");
            fault(view.damaged(what), false);
        }
        if let Err(error) = view.check_keywords() {
            fault(error, true);
        }
        if let Some(error) = integrity(&view) {
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

    /// Makes again what can be made from the rest: damaged or missing compact forms of vectors, and
    /// the index of keywords. Returns how many were made. Whoever has the library open goes on.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`] while another process writes; [`Error::Index`] when the vectors themselves
    /// are damaged; those of [`check`](Self::check).
    pub fn repair(dir: impl AsRef<Path>) -> Result<usize> {
        let dir = dir.as_ref();
        let mut store = Store::open(dir)?;
        let _lock = WriteLock::acquire(dir)?;
        let vectors = vectors_dir(dir);
        let view = store.write()?;
        let manifest = view.manifest()?;
        let mut writer = IndexWriter::with_manifest(&vectors, manifest);
        let mut made = writer.rebuild().map_err(Error::index(&vectors))?;
        if view.check_keywords().is_err() {
            view.rebuild_keywords()?;
            view.commit(writer.manifest())?;
            made += 1;
        }
        Ok(made)
    }
}

/// What `SQLite` says about its own file, which may be much: the first line tells enough.
fn integrity(view: &View<'_>) -> Option<Error> {
    match view.integrity() {
        Ok(lines) => lines.into_iter().next().map(|line| view.damaged(line)),
        Err(error) => Some(error),
    }
}
