//! A library on disk: the handle, and how it is created, opened, read and changed.

pub(crate) mod add;
pub(crate) mod background_similarity;
mod batch_size;
pub(crate) mod canonical_order;
mod change;
pub(crate) mod check;
pub(crate) mod compact;
mod embedding;
mod lock;
mod nearest_ids;
pub(crate) mod papers;
pub(crate) mod snapshot;
pub(crate) mod stable_snapshot;
pub(crate) mod store;
pub(crate) mod upgrade;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cognate_index::{FlatIndex, Manifest};

use self::lock::WriteLock;
use self::snapshot::Snapshot;
use self::store::{ReadTxn, Store};
use crate::embed::{Embed, EmbedderInfo};
use crate::text_recipe::TextRecipe;
use crate::{Error, Result};

/// Papers and their vectors, in one folder on disk.
///
/// | in the folder | content |
/// |---|---|
/// | `papers.sqlite` | the papers, the name of the model, and the list of live vectors |
/// | `vectors/` | the vectors, in files that never change once written |
/// | `lock` | nothing; locked while a process commits |
///
/// A change is one transaction of `papers.sqlite`: vectors are written and synced before it, and
/// take effect with it. A library that was killed at any instant opens as it was before or after a
/// change.
///
/// All methods take `&self`, and a library may be shared between threads. Several processes may use
/// one library: each call sees the newest commit, and commits take turns.
pub struct Library {
    pub(crate) dir: PathBuf,
    pub(crate) stored: EmbedderInfo,
    pub(crate) embedder: Option<Arc<dyn Embed>>,
    pub(crate) text: TextRecipe,
    state: Mutex<State>,
}

struct State {
    store: Store,
    index: FlatIndex,
    generation: i64,
}

/// Counts and sizes of a library.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LibraryInfo {
    /// The number of papers.
    pub papers: usize,
    /// The embedder that made the vectors.
    pub embedder: EmbedderInfo,
    /// The number of papers whose vectors are mapped from vectors of a former model, as
    /// [`Library::upgrade`] does.
    pub mapped: usize,
    /// The number of files of vectors.
    pub segments: usize,
    /// The number of vectors in these files whose papers were removed or replaced.
    pub deleted_rows: usize,
    /// The size of all files in the folder, in bytes.
    pub bytes: u64,
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library")
            .field("dir", &self.dir)
            .field("embedder", &self.stored)
            .field("text", &self.text)
            .finish_non_exhaustive()
    }
}

impl Library {
    /// Creates an empty library in `dir`, which must be missing or empty.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotEmpty`] if `dir` holds anything, and [`Error::Io`] or [`Error::Store`] if
    /// the folder cannot be written.
    pub fn create(dir: impl Into<PathBuf>, embedder: impl Embed + 'static) -> Result<Self> {
        Self::create_shared(dir.into(), Arc::new(embedder), IfExists::Fail)
    }

    /// Opens the library in `dir`, or creates one if there is none.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open`](Self::open), [`with_embedder`](Self::with_embedder) and
    /// [`create`](Self::create).
    pub fn open_or_create(dir: impl Into<PathBuf>, embedder: impl Embed + 'static) -> Result<Self> {
        let (dir, embedder) = (dir.into(), Arc::new(embedder));
        match Self::open(&dir) {
            Ok(library) => library.with_shared_embedder(embedder),
            Err(Error::NotALibrary { .. }) => Self::create_shared(dir, embedder, IfExists::Open),
            Err(error) => Err(error),
        }
    }

    /// Opens the library in `dir` without an embedder. Its papers can be read, removed and compared;
    /// only methods that need a new vector fail with [`Error::NoEmbedder`].
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotALibrary`] if there is none, [`Error::Version`] if another release wrote
    /// it, and [`Error::Index`] or [`Error::Store`] if its files cannot be read.
    ///
    /// # Complexity
    ///
    /// Independent of the number of papers if files are mapped.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self> {
        let dir = dir.into();
        let store = Store::open(&dir)?;
        Self::from_store(dir, store)
    }

    /// Attaches the embedder that made the vectors of an opened library.
    ///
    /// # Errors
    ///
    /// Returns [`Error::ModelMismatch`] if another embedder made them.
    pub fn with_embedder(self, embedder: impl Embed + 'static) -> Result<Self> {
        self.with_shared_embedder(Arc::new(embedder))
    }

    fn with_shared_embedder(mut self, embedder: Arc<dyn Embed>) -> Result<Self> {
        let found = embedder.info();
        if (&found.fingerprint, found.dim) != (&self.stored.fingerprint, self.stored.dim) {
            let (expected, found) = (self.stored.label(), found.label());
            return Err(Error::ModelMismatch {
                dir: self.dir,
                expected,
                found,
            });
        }
        self.embedder = Some(embedder);
        Ok(self)
    }

    /// Sets how the text that the embedder reads is made from a paper. Default: title and abstract.
    ///
    /// The library remembers the name of the recipe with its first paper. Adding papers,
    /// explanations and self-evaluation use the recipe.
    ///
    /// # Errors
    ///
    /// Returns [`Error::TextRecipeMismatch`] if the papers of the library were embedded by a recipe
    /// of another name, and [`Error::Store`] if the library cannot be read.
    pub fn with_text_recipe(mut self, recipe: TextRecipe) -> Result<Self> {
        self.read(|snapshot| snapshot.check_text_recipe(&recipe))?;
        self.text = recipe;
        Ok(self)
    }

    pub(crate) fn create_shared(
        dir: PathBuf,
        embedder: Arc<dyn Embed>,
        if_exists: IfExists,
    ) -> Result<Self> {
        let not_empty = |found| Error::NotEmpty {
            dir: dir.clone(),
            found,
        };
        if dir.is_file() {
            return Err(not_empty("it is a file"));
        }
        if dir.is_dir() {
            for entry in fs::read_dir(&dir).map_err(Error::io("read", &dir))? {
                let name = entry.map_err(Error::io("read", &dir))?.file_name();
                let name = name.to_string_lossy();
                // These files are left by a process that was killed while creating the library.
                if name != "lock" && name != "vectors" && !name.starts_with("papers.sqlite") {
                    return Err(not_empty("it holds other files"));
                }
            }
        }
        let vectors = vectors_dir(&dir);
        fs::create_dir_all(&vectors).map_err(Error::io("create", &vectors))?;
        let lock = WriteLock::acquire(&dir)?;
        // Another process may have created the library since the caller looked.
        if Store::exists(&dir) {
            match Store::open(&dir) {
                Ok(_) if if_exists == IfExists::Fail => {
                    return Err(not_empty("a library is there already"));
                }
                Ok(store) => {
                    return Self::from_store(dir, store)?.with_shared_embedder(embedder);
                }
                Err(_) if is_empty_file(&dir.join("papers.sqlite")) => {}
                Err(error) => return Err(error),
            }
        }
        let info = embedder.info();
        let manifest = Manifest::empty(info.dim).map_err(Error::index(&vectors))?;
        let store = Store::create(&dir, &info, &manifest)?;
        drop(lock);
        Self::from_store(dir, store)?.with_shared_embedder(embedder)
    }

    fn from_store(dir: PathBuf, mut store: Store) -> Result<Self> {
        let vectors = vectors_dir(&dir);
        let papers = store.read()?;
        let (stored, generation) = (papers.embedder_info()?, papers.generation()?);
        let index = FlatIndex::open_manifest(&vectors, &papers.manifest()?)
            .map_err(Error::index(&vectors))?;
        drop(papers);
        let state = Mutex::new(State {
            store,
            index,
            generation,
        });
        Ok(Self {
            dir,
            stored,
            embedder: None,
            text: TextRecipe::default(),
            state,
        })
    }

    /// Returns the folder of the library.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the description of the embedder that made the vectors, whether one is attached or not.
    pub fn embedder_info(&self) -> &EmbedderInfo {
        &self.stored
    }

    /// Returns counts and sizes of the library.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Store`], [`Error::Damaged`] or [`Error::Index`] if the library cannot be read.
    pub fn info(&self) -> Result<LibraryInfo> {
        let (papers, mapped, segments, deleted_rows) = self.read(|snapshot| {
            let index = snapshot.index;
            let mapped =
                usize::try_from(snapshot.papers.mapped_rows()?.len()).unwrap_or(usize::MAX);
            let deleted_rows = index.rows() - index.len();
            Ok((index.len(), mapped, index.segments(), deleted_rows))
        })?;
        Ok(LibraryInfo {
            papers,
            mapped,
            embedder: self.stored.clone(),
            segments,
            deleted_rows,
            bytes: size_of_dir(&self.dir),
        })
    }

    /// Runs `read` on the papers and the vectors of the newest commit.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Snapshot<'_>) -> Result<T>) -> Result<T> {
        let mut state = self.state();
        let State {
            store,
            index,
            generation,
        } = &mut *state;
        let papers = store.read()?;
        let newest = papers.generation()?;
        if newest != *generation {
            self.check_model(&papers)?;
            let vectors = vectors_dir(&self.dir);
            *index = index
                .reopen(&vectors, &papers.manifest()?)
                .map_err(Error::index(&vectors))?;
            *generation = newest;
        }
        read(&Snapshot {
            papers: &papers,
            index,
            dir: &self.dir,
        })
    }

    /// Returns [`Error::ModelMismatch`] if the library was upgraded to another model since this handle
    /// was opened.
    fn check_model(&self, papers: &ReadTxn<'_>) -> Result<()> {
        let now = papers.embedder_info()?;
        if (&now.fingerprint, now.dim) == (&self.stored.fingerprint, self.stored.dim) {
            return Ok(());
        }
        Err(Error::ModelMismatch {
            dir: self.dir.clone(),
            expected: now.label(),
            found: self.stored.label(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // After a panic in another thread the state may be outdated; the next read refreshes it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What [`Library::create_shared`] does if the folder holds a library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IfExists {
    Fail,
    Open,
}

pub(crate) fn vectors_dir(dir: &Path) -> PathBuf {
    dir.join("vectors")
}

fn is_empty_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.len() == 0)
}

/// Returns the total size of the files in a folder and its subfolders, without those that cannot be
/// read.
fn size_of_dir(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size_of_dir(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}
