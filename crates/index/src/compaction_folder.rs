//! Folders in which compacted files are prepared, and the removal of those that an interrupted compaction
//! left.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use crate::{Error, Result};

/// The prefix of the names of folders in which compacted files are prepared.
pub(crate) const PREFIX: &str = "compacting-";

/// The file in such a folder that is locked while the files are prepared.
pub(crate) const LOCK: &str = "lock";

/// Removes the folders of compactions that were interrupted. Returns how many there were.
pub(crate) fn remove_interrupted(dir: &Path) -> Result<usize> {
    let mut removed = 0;
    for entry in fs::read_dir(dir).map_err(Error::io("list", dir))? {
        let path = entry.map_err(Error::io("list", dir))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if !name.is_some_and(|name| name.starts_with(PREFIX)) {
            continue;
        }
        // A new folder may be one that is about to get its lock.
        let is_locked = File::open(path.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_err());
        let is_alive = is_locked || is_new(&path);
        if !is_alive && fs::remove_dir_all(&path).is_ok() {
            removed += 1;
        }
    }
    Ok(removed)
}

/// Returns whether a folder was changed within the last minute.
fn is_new(dir: &Path) -> bool {
    let changed = fs::metadata(dir).and_then(|metadata| metadata.modified());
    changed.is_ok_and(|changed| {
        let age = changed.elapsed();
        age.is_ok_and(|age| age < Duration::from_mins(1))
    })
}
