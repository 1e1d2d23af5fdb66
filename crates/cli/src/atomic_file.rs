//! Files that are written completely or not at all.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};

/// Writes `path` through `fill`, first under a temporary name with the extension `part`, so that a
/// file called `path` is always complete.
pub(crate) fn write<T>(path: &Path, fill: impl FnOnce(&File) -> Result<T>) -> Result<T> {
    let part = path.with_added_extension("part");
    let outcome = write_and_rename(&part, path, fill);
    if outcome.is_err() {
        // The incomplete file is useless; if it cannot be removed, the first error still matters more.
        let _ = fs::remove_file(&part);
    }
    outcome
}

fn write_and_rename<T>(
    part: &Path,
    path: &Path,
    fill: impl FnOnce(&File) -> Result<T>,
) -> Result<T> {
    let cannot_write = || format!("cannot write `{}`", path.display());
    let file = File::create(part).with_context(cannot_write)?;
    let filled = fill(&file)?;
    file.sync_all().with_context(cannot_write)?;
    fs::rename(part, path).with_context(cannot_write)?;
    Ok(filled)
}
