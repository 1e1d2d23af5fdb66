pub(crate) mod add;
pub(crate) mod background_similarity;
pub(crate) mod check;
pub(crate) mod compact;
mod lock;
mod nearest_ids;
pub(crate) mod snapshot;
pub(crate) mod store;

use std::fmt;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cognate_index::{FlatIndex, Manifest};

use crate::embed::{Embed, EmbedderInfo};
use crate::library::lock::WriteLock;
use crate::library::nearest_ids::nearest_ids;
use crate::library::store::{Store, View};
use crate::{Error, Paper, Result};

/// Papers and their vectors, in one folder on disk.
///
/// | in the folder | what it holds |
/// |---|---|
/// | `papers.sqlite` | the papers, the name of the model, and which vectors are live |
/// | `vectors/` | the vectors, in files that never change once written |
/// | `lock` | nothing; held while a process commits |
///
/// A change is one transaction of `papers.sqlite`: vectors are written and synced before it, and
/// count from it on. Killed at any instant, a library opens as it was before or after a change.
///
/// All methods take `&self`, and a library may be shared between threads. Several processes may
/// use one library: each call sees the newest commit, and commits take turns.
pub struct Library {
    pub(crate) dir: PathBuf,
    pub(crate) stored: EmbedderInfo,
    pub(crate) embedder: Option<Arc<dyn Embed>>,
    state: Mutex<State>,
}

pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) index: FlatIndex,
    pub(crate) generation: i64,
}

/// Numbers about a library.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LibraryInfo {
    /// Papers that can be found.
    pub papers: usize,
    /// The model that made the vectors.
    pub embedder: EmbedderInfo,
    /// Files of vectors.
    pub segments: usize,
    /// Vectors in them that belong to no paper any more.
    pub deleted_rows: usize,
    /// The size of all files in the folder, in bytes.
    pub bytes: u64,
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library")
            .field("dir", &self.dir)
            .field("embedder", &self.stored)
            .finish_non_exhaustive()
    }
}

impl Library {
    /// Makes an empty library in `dir`, which must be missing or empty.
    ///
    /// # Errors
    ///
    /// [`Error::NotEmpty`] when something is there; [`Error::Io`] and [`Error::Store`] when the
    /// folder cannot be written.
    pub fn create(dir: impl Into<PathBuf>, embedder: impl Embed + 'static) -> Result<Self> {
        Self::create_shared(dir.into(), Arc::new(embedder), true)
    }

    /// Opens the library in `dir`, or makes one where there is none.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open), [`with_embedder`](Self::with_embedder) and
    /// [`create`](Self::create).
    pub fn open_or_create(dir: impl Into<PathBuf>, embedder: impl Embed + 'static) -> Result<Self> {
        let (dir, embedder) = (dir.into(), Arc::new(embedder));
        match Self::open(&dir) {
            Ok(library) => library.with_shared_embedder(embedder),
            Err(Error::NotALibrary { .. }) => Self::create_shared(dir, embedder, false),
            Err(error) => Err(error),
        }
    }

    /// Opens the library in `dir` without an embedder: its papers can be read, removed and
    /// compared, and only what needs a new vector cannot be done.
    ///
    /// # Errors
    ///
    /// [`Error::NotALibrary`] when there is none; [`Error::Version`] when another release wrote
    /// it; [`Error::Index`] and [`Error::Store`] when its files cannot be read.
    ///
    /// # Complexity
    ///
    /// Independent of the number of papers, where files are mapped.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self> {
        let dir = dir.into();
        let store = Store::open(&dir)?;
        Self::from_store(dir, store)
    }

    /// Gives an opened library the embedder that made its vectors.
    ///
    /// # Errors
    ///
    /// [`Error::ModelMismatch`] when another one made them.
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

    /// With `fresh`, a library that is there already is an error; without, it is opened.
    pub(crate) fn create_shared(
        dir: PathBuf,
        embedder: Arc<dyn Embed>,
        fresh: bool,
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
                // What a process leaves that was killed while it created the library.
                if name != "lock" && name != "vectors" && !name.starts_with("papers.sqlite") {
                    return Err(not_empty("it holds other files"));
                }
            }
        }
        let vectors = vectors_dir(&dir);
        fs::create_dir_all(&vectors).map_err(Error::io("create", &vectors))?;
        let lock = WriteLock::acquire(&dir)?;
        // Another process may have been here since.
        if Store::exists(&dir) {
            match Store::open(&dir) {
                Ok(_) if fresh => return Err(not_empty("a library is there already")),
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
        let view = store.read()?;
        let (stored, generation) = (view.embedder()?, view.generation()?);
        let index = FlatIndex::open_manifest(&vectors, &view.manifest()?)
            .map_err(Error::index(&vectors))?;
        drop(view);
        let state = Mutex::new(State {
            store,
            index,
            generation,
        });
        Ok(Self {
            dir,
            stored,
            embedder: None,
            state,
        })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The embedder that made the vectors, whether it is here or not.
    pub fn embedder_info(&self) -> &EmbedderInfo {
        &self.stored
    }

    /// The number of papers.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] when the table cannot be read; so with the methods below.
    pub fn len(&self) -> Result<usize> {
        self.read(|_, index| Ok(index.len()))
    }

    /// Whether there is no paper.
    ///
    /// # Errors
    ///
    /// Those of [`len`](Self::len).
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// The paper with this id.
    ///
    /// # Errors
    ///
    /// Those of [`len`](Self::len).
    pub fn get(&self, id: &str) -> Result<Option<Paper>> {
        self.read(|view, _| Ok(view.find(id)?.map(|stored| stored.paper)))
    }

    /// All ids, in the order in which their vectors were added.
    ///
    /// # Errors
    ///
    /// Those of [`len`](Self::len).
    pub fn ids(&self) -> Result<Vec<String>> {
        self.read(|view, _| ids_of(view))
    }

    /// Calls `act` with every paper of one commit, the newest, in the order in which their vectors were
    /// added, until it breaks. `act` must not call this library, which is locked meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] and [`Error::Damaged`] when the papers cannot be read.
    ///
    /// # Complexity
    ///
    /// One paper is in memory at a time.
    pub fn for_each(&self, mut act: impl FnMut(Paper) -> ControlFlow<()>) -> Result<()> {
        let mut flow = ControlFlow::Continue(());
        self.read(|view, _| {
            view.for_each(|stored| {
                if flow.is_continue() {
                    flow = act(stored.paper);
                }
            })
        })
    }

    /// Numbers about the library.
    ///
    /// # Errors
    ///
    /// Those of [`len`](Self::len).
    pub fn info(&self) -> Result<LibraryInfo> {
        let (papers, segments, deleted_rows) =
            self.read(|_, index| Ok((index.len(), index.segments(), index.rows() - index.len())))?;
        let embedder = self.stored.clone();
        Ok(LibraryInfo {
            papers,
            embedder,
            segments,
            deleted_rows,
            bytes: size_of_dir(&self.dir),
        })
    }

    /// Runs `read` on the papers and the vectors of one commit, the newest.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&View<'_>, &FlatIndex) -> Result<T>,
    ) -> Result<T> {
        let mut state = self.state();
        let State {
            store,
            index,
            generation,
        } = &mut *state;
        let view = store.read()?;
        let newest = view.generation()?;
        if newest != *generation {
            let vectors = vectors_dir(&self.dir);
            *index = index
                .reopen(&vectors, &view.manifest()?)
                .map_err(Error::index(&vectors))?;
            *generation = newest;
        }
        read(&view, index)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked left a state that the next call refreshes.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The error for an id that no paper has.
    pub(crate) fn unknown(view: &View<'_>, id: &str) -> Error {
        let nearest = ids_of(view)
            .map(|ids| nearest_ids(id, ids, 3))
            .unwrap_or_default();
        Error::UnknownPaper {
            id: id.to_owned(),
            nearest,
        }
    }
}

fn ids_of(view: &View<'_>) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    view.for_each(|stored| ids.push(stored.paper.id))?;
    Ok(ids)
}

pub(crate) fn vectors_dir(dir: &Path) -> PathBuf {
    dir.join("vectors")
}

fn is_empty_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.len() == 0)
}

/// The size of the files in a folder and in those below it, as far as it can be read.
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
