//! A library on disk: the handle, and how it is created, opened, read and changed.

pub(crate) mod add;
pub(crate) mod add_options;
pub(crate) mod add_report;
pub(crate) mod background_similarity;
mod batch_size;
pub(crate) mod canonical_order;
mod change;
pub(crate) mod check;
pub(crate) mod compact;
pub(crate) mod document;
mod embedding;
mod folder;
mod format_upgrade;
pub(crate) mod generation;
pub(crate) mod identity;
pub(crate) mod list_rows;
pub(crate) mod lists;
mod lock;
pub(crate) mod lookup;
pub(crate) mod map_file;
pub(crate) mod nearest_ids;
pub(crate) mod paper_map;
pub(crate) mod papers;
mod parallel;
mod read;
mod rebuild;
mod remove;
mod resolve;
mod rows_of_list;
mod similar_ids;
pub(crate) mod snapshot;
mod state;
pub(crate) mod store;
mod today;
pub(crate) mod upgrade;
mod versions;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use cognate_index::Manifest;
use serde::Serialize;

pub(crate) use self::folder::vectors_dir;
use self::list_rows::ListRows;
use self::lock::WriteLock;
use self::state::State;
use self::store::{OpenedStore, Store};
use crate::embed::{Embed, EmbedderInfo};
use crate::text_recipe::TextRecipe;
use crate::{Error, Result};

/// Papers and their vectors, in one folder on disk.
///
/// | in the folder | content |
/// |---|---|
/// | `papers.sqlite`, with `-wal` and `-shm` beside it while in use | the papers, the [lists](Library::lists) that they are on, the name of the model, and the list of files of vectors and terms |
/// | `vectors/` | the vectors, and the terms by which papers are found and filtered, in files that never change once written |
/// | `map.bin` | the [map](Self::map), if there is one |
/// | `lock` | nothing; locked while a process commits |
///
/// A change is one transaction of `papers.sqlite`: vectors and terms are written and synced before it, and
/// take effect with it. A library that was killed at any instant opens as it was before or after a
/// change. A commit takes time for what it changes, whatever the size of the library.
///
/// # Threads and processes
///
/// All methods take `&self`, and a library may be shared between threads: put it in an
/// [`Arc`]. Reads run at the same time and do not wait for one another or for a writer, and
/// no reader keeps a writer waiting, however long it takes. Several processes may use one library. Each
/// call sees one commit, the newest when the call begins; commits take turns.
///
/// All methods block the thread that calls them, and searches use the threads of the current `rayon` pool:
/// see [threads](crate#threads) and [asynchronous programs](crate#asynchronous-programs).
///
/// The write-ahead log of `papers.sqlite` needs memory that all processes share, so a library that is
/// written must be on a local disk and not on a network drive. A library on a medium that cannot be
/// written can be read and searched there.
pub struct Library {
    pub(crate) dir: PathBuf,
    pub(crate) stored: EmbedderInfo,
    pub(crate) embedder: Option<Arc<dyn Embed>>,
    pub(crate) text: TextRecipe,
    store: Store,
    /// The newest commit whose vectors and terms were opened, or `None` before the first call that needs
    /// them.
    state: RwLock<Option<Arc<State>>>,
    list_rows: ListRows,
}

/// Counts and sizes of a library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LibraryInfo {
    /// The number of papers.
    pub papers: usize,
    /// The embedder that made the vectors.
    #[serde(flatten)]
    pub embedder: EmbedderInfo,
    /// The number of papers whose vectors are mapped from vectors of a former model, as
    /// [`Library::upgrade`] does.
    pub mapped: usize,
    /// The number of files of vectors.
    pub segments: usize,
    /// The number of vectors in these files whose papers were removed or replaced.
    pub deleted_rows: usize,
    /// The size of all files in the folder, in bytes, without the write-ahead log.
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

    /// Opens the library in `dir` without an embedder. Its papers can be read, removed, compared and
    /// searched by keywords; only methods that need a new vector fail with [`Error::NoEmbedder`]. So a
    /// program that searches by keywords, or for papers similar to papers of the library, needs no model:
    ///
    /// ```no_run
    /// use cognate::{Library, Mode, Query};
    ///
    /// let library = Library::open("papers")?;
    /// let hits = library.search(&Query::text("\"small-world networks\"").mode(Mode::Keyword))?;
    /// let similar = library.related(&hits[0].paper.id, 5)?;
    /// # Ok::<(), cognate::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotALibrary`] if there is none, [`Error::Version`] if another release wrote
    /// it, and [`Error::Store`] or [`Error::Damaged`] if its file of papers cannot be read. Files of
    /// vectors and terms are opened by the first call that needs them; if they are damaged, papers can
    /// still be read.
    ///
    /// # Complexity
    ///
    /// Independent of the number of papers. A library of an earlier format is upgraded, which takes time
    /// linear in the papers.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self> {
        let dir = dir.into();
        let store = open_store(&dir)?;
        Self::from_store(dir, store)
    }

    /// Returns whether `dir` has the file of papers of a library, without opening it.
    pub fn exists(dir: impl AsRef<Path>) -> bool {
        Store::exists(dir.as_ref())
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
        self.read_papers(|papers| papers.check_text_recipe(&recipe))?;
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
            match open_store(&dir) {
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

    fn from_store(dir: PathBuf, store: Store) -> Result<Self> {
        let stored = {
            let connection = store.connect()?;
            let papers = connection.read()?;
            papers.manifest()?;
            papers.embedder_info()?
        };
        Ok(Self {
            dir,
            stored,
            embedder: None,
            text: TextRecipe::default(),
            store,
            state: RwLock::default(),
            list_rows: ListRows::default(),
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
        let (manifest, mapped) =
            self.read_papers(|papers| Ok((papers.manifest()?, papers.mapped_rows()?.len())))?;
        let size = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
        let deleted = manifest.deleted().len();
        Ok(LibraryInfo {
            papers: size(u64::from(manifest.rows()) - deleted),
            mapped: size(mapped),
            embedder: self.stored.clone(),
            segments: manifest.files().len(),
            deleted_rows: size(deleted),
            bytes: size_of_dir(&self.dir),
        })
    }
}

/// Opens a store, after bringing it to the format of this release.
fn open_store(dir: &Path) -> Result<Store> {
    match Store::open(dir)? {
        OpenedStore::Current(store) => {
            store.use_log()?;
            Ok(store)
        }
        OpenedStore::Earlier(store) => format_upgrade::upgrade(dir, store),
    }
}

/// What [`Library::create_shared`] does if the folder holds a library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IfExists {
    Fail,
    Open,
}

fn is_empty_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.len() == 0)
}

/// Returns the total size of the files in a folder and its subfolders, without those that cannot be
/// read and those that exist only while the library is in use.
fn size_of_dir(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else {
        return 0;
    };
    let is_lasting = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        !name.ends_with("-wal") && !name.ends_with("-shm")
    };
    entries
        .flatten()
        .filter(is_lasting)
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size_of_dir(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}
