//! Whether a library is as it was written, and the repair of what can be rebuilt.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use cognate_index::{FlatIndex, IndexWriter, InvertedIndex, Manifest, RowId};
use ndarray::{Array2, ArrayView1};
use roaring::RoaringBitmap;
use serde::Serialize;

use crate::error::is_derived;
use crate::library::background_similarity::BackgroundSimilarity;
use crate::library::embedding::{TextVectors, hash_text};
use crate::library::lock::WriteLock;
use crate::library::read::ATTEMPTS;
use crate::library::rebuild::{rebuild_terms, rebuild_vectors};
use crate::library::store::{ReadTxn, Store};
use crate::library::{Library, map_file, open_store, vectors_dir};
use crate::{Error, Result};

/// The outcome of [`Library::check`].
#[derive(Debug, Serialize)]
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
    /// Whether [`Library::repair`] can rebuild the damaged data from the rest of the library.
    pub is_repairable: bool,
    /// Whether the damaged data are vectors, which [`Library::repair_vectors`] can embed again.
    pub is_in_vectors: bool,
}

impl Library {
    /// Reads a whole library and compares it with its checksums: the table of papers, the lists, the vectors and
    /// their quantized codes, and whether they belong together, and the map if there is one.
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
        let is_sound = |report: &CheckReport| report.faults.is_empty();
        check_newest(&open_store(dir)?, is_sound, |papers| {
            check_commit(dir, papers)
        })
    }

    /// Returns what is wrong with the files of vectors and terms that cannot be opened, because they are lost,
    /// truncated or of another library. The papers can be read without them. [`check`](Self::check) finds
    /// damage inside the files too.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Store`] or [`Error::Damaged`] if the list of the files cannot be read.
    ///
    /// # Complexity
    ///
    /// Opens each file and reads its checksums, 4 bytes for each 16 KiB.
    pub fn unusable_files(&self) -> Result<Vec<Fault>> {
        let vectors = vectors_dir(&self.dir);
        check_newest(&self.store, Vec::is_empty, |papers| {
            let errors = papers.manifest()?.unusable_files(&vectors);
            let fault = |error| Fault::of_index(&vectors, error);
            Ok(errors.into_iter().map(fault).collect())
        })
    }

    /// Rebuilds derived data that is damaged or missing: quantized codes of vectors, terms, the distribution of
    /// cosines, and the counts of lists. Damaged entries of lists and a damaged map are removed. Returns the number of
    /// files and records rebuilt or removed. Other processes may have the library open.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Locked`] if another process keeps writing, [`Error::Index`] if the vectors
    /// themselves are damaged, and the errors of [`check`](Self::check).
    pub fn repair(dir: impl AsRef<Path>) -> Result<usize> {
        let dir = dir.as_ref();
        repair(dir, &open_store(dir)?, |_, _| Ok(0))
    }

    /// Embeds the papers again whose vectors are lost or damaged, and rebuilds derived data as
    /// [`repair`](Self::repair) does. Returns the number of files and records rebuilt. `progress` is called
    /// with the number of papers embedded.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NoEmbedder`] without an embedder, [`Error::TextRecipeMismatch`] if the papers were
    /// embedded by another recipe, [`Error::Embed`] if the embedder fails, [`Error::Cancelled`] if
    /// `progress` breaks, and the errors of [`repair`](Self::repair). The library is then unchanged.
    ///
    /// # Complexity
    ///
    /// Dominated by the model, which reads the texts whose vectors are lost. Other writers wait.
    pub fn repair_vectors(
        &self,
        progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<usize> {
        let embedder = self.embedder()?.as_ref();
        let mut done = 0;
        repair(&self.dir, &self.store, |writer, papers| {
            papers.check_text_recipe(&self.text)?;
            rebuild_vectors(writer, papers, &self.dir, |lost| {
                let texts: Vec<String> =
                    lost.iter().map(|one| self.text.text(&one.paper)).collect();
                let hashed: Vec<_> = texts.iter().map(|text| hash_text(text)).collect();
                let mut vectors = TextVectors::default();
                let all = hashed.iter().copied().zip(texts.iter().map(String::as_str));
                vectors.embed_missing(embedder, all, &mut |embedded| progress(done + embedded))?;
                done += lost.len();
                let mut rows = Array2::zeros((lost.len(), self.stored.dim));
                for (mut row, hash) in rows.outer_iter_mut().zip(&hashed) {
                    if let Some(vector) = vectors.get(hash) {
                        row.assign(&ArrayView1::from(vector));
                    }
                }
                Ok(rows)
            })
        })
    }
}

impl Fault {
    /// Returns a fault of the files of vectors and terms.
    fn of_index(dir: &Path, error: cognate_index::Error) -> Self {
        let is_repairable = is_derived(&error);
        Self {
            is_repairable,
            is_in_vectors: !is_repairable,
            error: Error::index(dir)(error),
        }
    }
}

/// Runs `check` on the newest commit, and again if a newer one may have removed files in between.
fn check_newest<T>(
    store: &Store,
    is_sound: impl Fn(&T) -> bool,
    check: impl Fn(&ReadTxn<'_>) -> Result<T>,
) -> Result<T> {
    let connection = store.connect()?;
    let mut attempt = 1;
    loop {
        let papers = connection.read()?;
        let generation = papers.generation()?;
        let found = check(&papers)?;
        drop(papers);
        if is_sound(&found) || attempt == ATTEMPTS || connection.read()?.generation()? == generation
        {
            return Ok(found);
        }
        attempt += 1;
    }
}

/// Checks one commit.
fn check_commit(dir: &Path, papers: &ReadTxn<'_>) -> Result<CheckReport> {
    let manifest = papers.manifest()?;
    let mut faults = Faults::default();
    faults.lasting(papers.embedder_info());
    faults.repairable(papers.background_similarity());
    let (mut listed, errors) = papers.check_lists();
    for error in errors {
        faults.push(error, true);
    }
    let mut keys = Vec::new();
    let are_read = papers.for_each(|stored| {
        keys.push(stored.key);
        listed.remove(&stored.paper.id);
        ControlFlow::Continue(())
    });
    if let (Ok(()), Some(id)) = (&are_read, listed.iter().min()) {
        faults.push(papers.listed_paper_is_missing(id), true);
    }
    faults.lasting(are_read);
    match papers.mapped_rows() {
        Ok(mapped) => {
            let all: RoaringBitmap = (0..manifest.rows()).collect();
            let rows = all - manifest.deleted();
            if let Some(row) = (mapped - rows).min() {
                let what = format!("the record of mapped rows, which has row {row} of no paper");
                faults.lasting(Err::<(), _>(papers.damaged(what)));
            }
        }
        Err(error) => faults.lasting(Err::<(), _>(error)),
    }
    // A file that SQLite cannot read says the same in either way.
    let is_readable = |fault: &Fault| !matches!(fault.error, Error::Store { .. });
    if faults.0.iter().all(is_readable)
        && let Some(error) = sqlite_fault(papers)
    {
        faults.lasting(Err::<(), _>(error));
    }
    let vectors = vectors_dir(dir);
    for error in FlatIndex::check(&vectors, &manifest) {
        faults.0.push(Fault::of_index(&vectors, error));
    }
    let errors = InvertedIndex::check(&vectors, &manifest);
    if errors.is_empty() {
        faults.repairable(check_keys(papers, &manifest, &keys, dir));
    }
    for error in errors {
        faults.0.push(Fault::of_index(&vectors, error));
    }
    if let Err(error) = map_file::read(dir) {
        let is_removable = is_lost_map(&error);
        faults.push(error, is_removable);
    }
    Ok(CheckReport {
        papers: keys.len(),
        vectors: manifest.rows() as usize,
        faults: faults.0,
    })
}

/// Rebuilds what can be rebuilt, after `first` has rebuilt what it can.
fn repair(
    dir: &Path,
    store: &Store,
    first: impl FnOnce(&mut IndexWriter, &ReadTxn<'_>) -> Result<usize>,
) -> Result<usize> {
    let _lock = WriteLock::acquire(dir)?;
    let vectors = vectors_dir(dir);
    fs::create_dir_all(&vectors).map_err(Error::io("create", &vectors))?;
    let connection = store.connect()?;
    let papers = connection.write("write")?;
    let manifest = papers.manifest()?;
    let mut writer = IndexWriter::with_manifest(&vectors, manifest.clone());
    let mut rebuilt = first(&mut writer, &papers)?;
    rebuilt += rebuild_terms(&mut writer, &papers, dir)?;
    // What does not depend on vectors is rebuilt even if these are lost.
    let codes = writer.rebuild();
    let index = FlatIndex::open_manifest(&vectors, writer.manifest());
    let mut is_changed = *writer.manifest() != manifest;
    if papers.background_similarity().is_err()
        && let Ok(index) = &index
    {
        let sampled = BackgroundSimilarity::sample(index).map_err(Error::index(&vectors))?;
        papers.set_background_similarity(&sampled)?;
        rebuilt += 1;
        is_changed = true;
    }
    // A map is only made when it is asked for, because that takes long.
    if map_file::read(dir).is_err_and(|error| is_lost_map(&error)) {
        map_file::remove(dir)?;
        rebuilt += 1;
    }
    if papers.mend_lists()? {
        rebuilt += 1;
        is_changed = true;
    }
    if is_changed {
        papers.commit(writer.manifest())?;
    }
    Ok(rebuilt + codes.map_err(Error::index(&vectors))?)
}

/// Returns whether a map that cannot be read is damaged or of a later release, so that only another layout helps.
fn is_lost_map(error: &Error) -> bool {
    matches!(error, Error::Damaged { .. } | Error::Version { .. })
}

/// The faults found so far.
#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn push(&mut self, error: Error, is_repairable: bool) {
        self.0.push(Fault {
            error,
            is_repairable,
            is_in_vectors: false,
        });
    }

    /// Adds a failure that nothing can repair.
    fn lasting<T>(&mut self, result: Result<T>) {
        if let Err(error) = result {
            self.push(error, false);
        }
    }

    /// Adds a failure to read what can be rebuilt.
    fn repairable<T>(&mut self, result: Result<T>) {
        if let Err(error) = result {
            self.push(error, true);
        }
    }
}

/// Compares the keys of papers with the keys of the rows that are not deleted.
fn check_keys(papers: &ReadTxn<'_>, manifest: &Manifest, keys: &[u64], dir: &Path) -> Result<()> {
    let terms = InvertedIndex::open_manifest(vectors_dir(dir), manifest);
    let terms = terms.map_err(Error::index(dir))?;
    let rows = (0..manifest.rows()).filter(|row| !manifest.deleted().contains(*row));
    for (row, key) in rows.zip(keys) {
        if terms.key(RowId::new(row)).map_err(Error::index(dir))? != Some(*key) {
            let what = format!("the paper with the key {key}, which row {row} should have");
            return Err(papers.damaged(what));
        }
    }
    Ok(())
}

/// Returns the first fault that `SQLite` finds in its file. There may be many more, which say little.
fn sqlite_fault(papers: &ReadTxn<'_>) -> Option<Error> {
    match papers.sqlite_faults() {
        Ok(faults) => faults.into_iter().next().map(|fault| papers.damaged(fault)),
        Err(error) => Some(error),
    }
}
