//! Atomic file writes: a file is complete under its final name, or absent.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::{Error, Result};

/// The prefix and the suffix of the names of temporary files.
const PREFIX: &str = ".writing-";
const SUFFIX: &str = ".tmp";

/// The treatment of an existing file of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// Replaces the existing file.
    Replace,
    /// Keeps the existing file; writing another is an error.
    Keep,
}

/// Writes a file under a temporary name in the same folder, syncs it, renames it, and syncs the
/// folder. If an error occurs, no new file remains.
pub(crate) fn write(
    path: &Path,
    existing: Existing,
    content: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<()> {
    write_without_name(path, existing, content)?;
    sync_dir(path.parent().unwrap_or(Path::new("")))
}

/// Writes a file as [`write`] does, but does not sync the folder, so that the content of the file is
/// durable and its name is not until another file of the folder is written.
pub(crate) fn write_without_name(
    path: &Path,
    existing: Existing,
    content: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<()> {
    let dir = path.parent().unwrap_or(Path::new(""));
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Like any new file, this one gets its permissions from the umask of the process; temporary
        // files are private by default.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let file = builder
        .tempfile_in(dir)
        .map_err(Error::io("create a file in", dir))?;
    let mut out = BufWriter::with_capacity(1 << 16, file);
    content(&mut out)?;
    let file = out
        .into_inner()
        .map_err(|error| Error::io("write", path)(error.into_error()))?;
    file.as_file()
        .sync_all()
        .map_err(Error::io("write", path))?;
    match existing {
        Existing::Replace => file.persist(path),
        Existing::Keep => file.persist_noclobber(path),
    }
    .map_err(|error| Error::io("write", path)(error.error))?;
    Ok(())
}

/// Syncs a folder, which makes the names of its files durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<()> {
    // Other systems cannot open a folder as a file; their file systems sync names on their own.
    if cfg!(unix) {
        let dir = if dir.as_os_str().is_empty() {
            Path::new(".")
        } else {
            dir
        };
        File::open(dir)
            .and_then(|dir| dir.sync_all())
            .map_err(Error::io("sync", dir))?;
    }
    Ok(())
}

/// Returns whether `name` is that of a temporary file, left behind by an interrupted write.
pub(crate) fn is_temporary(name: &str) -> bool {
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_text(path: &Path, existing: Existing, text: &str) -> Result<()> {
        write(path, existing, |out| {
            out.write_all(text.as_bytes()).map_err(Error::io("w", path))
        })
    }

    #[test]
    fn an_existing_file_is_replaced_or_kept_as_requested() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write_text(&path, Existing::Keep, "1").unwrap();
        let error = write_text(&path, Existing::Keep, "2").unwrap_err();
        assert_eq!(error.io_kind(), Some(std::io::ErrorKind::AlreadyExists));
        assert_eq!(fs::read(&path).unwrap(), b"1");
        write_text(&path, Existing::Replace, "3").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"3");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_error_names_a_missing_folder() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("none");
        let error = write_text(&missing.join("a"), Existing::Keep, "").unwrap_err();
        let expected = format!("cannot create a file in `{}`", missing.display());
        assert_eq!(error.to_string(), expected);
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_those_of_any_new_file() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        let (durable, ordinary) = (dir.path().join("a"), dir.path().join("b"));
        write_text(&durable, Existing::Keep, "").unwrap();
        fs::write(&ordinary, "").unwrap();
        assert_eq!(mode(&durable), mode(&ordinary));
    }
}
