//! The maps of libraries: each is read, and the papers since its layout are placed, once for each state of the library.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use cognate::{Generation, PaperMap};

use crate::answer::bytes_of;
use crate::problem::Problem;
use crate::served::ServedLibrary;

/// The maps of the libraries of a server.
#[derive(Debug)]
pub(crate) struct Maps(HashMap<String, LibraryMaps>);

/// The maps of a library.
#[derive(Debug, Default)]
struct LibraryMaps {
    kept: Mutex<Option<KeptMap>>,
    latest: Mutex<Option<LatestMap>>,
}

/// A map that is not stored in its library, because the server may not change it.
#[derive(Clone, Debug)]
struct KeptMap {
    map: Arc<PaperMap>,
    /// The checksum of the map that was stored in the library then. If there is another one now, it counts.
    stored: Option<u32>,
}

/// The map that was last asked for.
#[derive(Debug)]
struct LatestMap {
    generation: Generation,
    checksum: u32,
    map: Option<Arc<ServedMap>>,
}

/// A map of the papers that a library has.
#[derive(Debug)]
pub(crate) struct ServedMap {
    pub(crate) map: PaperMap,
    /// Whether the layout is stored in the library.
    pub(crate) is_stored: bool,
    /// A text that differs for maps with other points or another order of them.
    pub(crate) revision: String,
    positions: OnceLock<HashMap<String, usize>>,
}

impl Maps {
    /// Creates the maps of a server of libraries with these names.
    pub(crate) fn new<'a>(libraries: impl IntoIterator<Item = &'a str>) -> Self {
        let maps = |name: &str| (name.to_owned(), LibraryMaps::default());
        Self(libraries.into_iter().map(maps).collect())
    }

    /// Keeps a map that is not stored.
    ///
    /// # Errors
    ///
    /// Returns a problem if the server does not have the library.
    pub(crate) fn keep(&self, served: &ServedLibrary, map: PaperMap) -> Result<(), Problem> {
        let stored = stored_checksum(served).unwrap_or_default();
        let map = Arc::new(map);
        *lock(&self.of(served)?.kept) = Some(KeptMap { map, stored });
        Ok(())
    }

    /// Returns the checksum of the layout of a library, or `None` if it has none.
    ///
    /// # Errors
    ///
    /// Returns a problem if the stored map is damaged.
    pub(crate) fn checksum(&self, served: &ServedLibrary) -> Result<Option<u32>, Problem> {
        match self.kept(served)? {
            Some(map) => Ok(Some(map.checksum())),
            None => stored_checksum(served),
        }
    }

    /// Returns the map of the papers that a library has at `generation`, or `None` if it has none. Other requests
    /// for the map of the library wait while papers are placed.
    ///
    /// # Errors
    ///
    /// Returns a problem if the library cannot be read or the stored map is damaged.
    pub(crate) fn current(
        &self,
        served: &ServedLibrary,
        generation: Generation,
    ) -> Result<Option<Arc<ServedMap>>, Problem> {
        let Some(checksum) = self.checksum(served)? else {
            return Ok(None);
        };
        let mut latest = lock(&self.of(served)?.latest);
        if let Some(latest) = &*latest
            && latest.generation.papers == generation.papers
            && latest.checksum == checksum
        {
            return Ok(latest.map.clone());
        }
        let kept = self.kept(served)?;
        let is_stored = kept.is_none();
        let map = match kept {
            Some(map) => served.library.update_map(&map)?,
            None => served.library.stored_map()?,
        };
        let map = map.map(|map| Arc::new(ServedMap::new(map, is_stored, generation)));
        *latest = Some(LatestMap {
            generation,
            checksum,
            map: map.clone(),
        });
        Ok(map)
    }

    /// Returns the map of a library that is not stored, unless another one was stored since.
    fn kept(&self, served: &ServedLibrary) -> Result<Option<Arc<PaperMap>>, Problem> {
        let mut kept = lock(&self.of(served)?.kept);
        if let Some(found) = &*kept
            && found.stored != stored_checksum(served).unwrap_or_default()
        {
            *kept = None;
        }
        Ok(kept.as_ref().map(|kept| Arc::clone(&kept.map)))
    }

    fn of(&self, served: &ServedLibrary) -> Result<&LibraryMaps, Problem> {
        self.0.get(&served.name).ok_or_else(Problem::internal)
    }
}

fn stored_checksum(served: &ServedLibrary) -> Result<Option<u32>, Problem> {
    Ok(served.library.stored_map_checksum()?)
}

/// Locks a map. No call that holds the lock leaves it half changed.
fn lock<T>(map: &Mutex<T>) -> MutexGuard<'_, T> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ServedMap {
    fn new(map: PaperMap, is_stored: bool, generation: Generation) -> Self {
        let parts = bytes_of(&(map.checksum(), generation.papers));
        let revision = blake3::hash(&parts).to_hex()[..16].to_owned();
        Self {
            map,
            is_stored,
            revision,
            positions: OnceLock::new(),
        }
    }

    /// Returns the position of the point of the paper with an id, or `None` if the map lacks it.
    pub(crate) fn position(&self, id: &str) -> Option<usize> {
        let positions = self.positions.get_or_init(|| {
            let ids = self.map.points.iter().map(|point| point.id.clone());
            ids.zip(0..).collect()
        });
        positions.get(id).copied()
    }
}
