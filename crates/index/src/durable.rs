//! Files that are there wholly or not at all.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::{Error, Result};

/// The names of temporary files begin and end so.
const PREFIX: &str = ".writing-";
const SUFFIX: &str = ".tmp";

/// What becomes of a file that has the name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It is replaced.
    Replace,
    /// It stays, and the new one is an error.
    Keep,
}

/// Writes a file under a temporary name in the same folder, syncs it, renames it, and syncs the
/// folder. On error there is no new file.
pub(crate) fn write(
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
        // Whoever may read other new files may read this one: the mask of the process decides.
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
    sync_dir(dir)
}

/// Makes the names in a folder durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<()> {
    // Elsewhere folders cannot be opened as files; there the file system does it.
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

/// Whether a file was left by a process that died while it wrote.
pub(crate) fn is_temporary(name: &str) -> bool {
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &Path, existing: Existing, text: &str) -> Result<()> {
        write(path, existing, |out| {
            out.write_all(text.as_bytes()).map_err(Error::io("w", path))
        })
    }

    #[test]
    fn a_file_is_replaced_or_kept_as_asked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        text(&path, Existing::Keep, "1").unwrap();
        let error = text(&path, Existing::Keep, "2").unwrap_err();
        assert_eq!(error.io_kind(), Some(std::io::ErrorKind::AlreadyExists));
        assert_eq!(fs::read(&path).unwrap(), b"1");
        text(&path, Existing::Replace, "3").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"3");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("none");
        let error = text(&missing.join("a"), Existing::Keep, "").unwrap_err();
        let expected = format!("cannot create a file in `{}`", missing.display());
        assert_eq!(error.to_string(), expected);
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_it_as_they_may_read_any_new_file() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        let (ours, plain) = (dir.path().join("a"), dir.path().join("b"));
        text(&ours, Existing::Keep, "").unwrap();
        fs::write(&plain, "").unwrap();
        assert_eq!(mode(&ours), mode(&plain));
    }
}
