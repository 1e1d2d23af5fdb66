//! Files that are written completely or not at all.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::NamedTempFile;

/// Paths that lead to the files that a process has open.
const OPEN_FILES: [&str; 4] = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"];

/// The way to write a path.
enum Target {
    /// A regular file, or none yet: written under a temporary name, then renamed.
    File {
        path: PathBuf,
        /// The permissions of the file that is replaced.
        existing: Option<fs::Permissions>,
    },
    /// A device, a pipe or an open file: written as it is.
    Stream(File),
}

/// What happens to a regular file that exists already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It stays, and writing is an error: for papers, of which the file may have the only copy.
    Keep,
    /// It is replaced: for what the same command would compute again.
    Replace,
}

impl Existing {
    /// Returns what `--force` asks for, or its absence.
    pub(crate) fn with_force(force: bool) -> Self {
        if force { Self::Replace } else { Self::Keep }
    }
}

/// Writes `path` through `fill`, and replaces a file that exists.
///
/// A regular file is first written under a temporary name in the same folder, so that a file called
/// `path` is always complete; a file that is replaced passes on its permissions. If `path` is a link,
/// the file behind it is replaced and the link stays. A device or a pipe is written as it is.
pub(crate) fn write<T>(path: &Path, fill: impl FnOnce(&File) -> Result<T>) -> Result<T> {
    write_if(path, Existing::Replace, fill)
}

/// Does the same as [`write`], except that a regular file that exists may have to stay.
pub(crate) fn write_if<T>(
    path: &Path,
    existing_file: Existing,
    fill: impl FnOnce(&File) -> Result<T>,
) -> Result<T> {
    let cannot_write = || format!("cannot write `{}`", path.display());
    let refuse = || -> Result<T> {
        bail!(
            "`{}` exists; use --force to replace it, or name another file",
            path.display()
        )
    };
    match Target::of(path).with_context(cannot_write)? {
        Target::Stream(file) => fill(&file),
        Target::File {
            existing: Some(_), ..
        } if existing_file == Existing::Keep => refuse(),
        Target::File { path, existing } => {
            // Dropping the temporary file after an error removes it.
            let part = temporary_file(&path, existing.is_none()).with_context(cannot_write)?;
            let filled = fill(part.as_file())?;
            // Another program may have created the file meanwhile.
            if existing_file == Existing::Keep && path.exists() {
                return refuse();
            }
            if let Some(permissions) = existing {
                let file = part.as_file();
                file.set_permissions(permissions)
                    .with_context(cannot_write)?;
            }
            part.as_file().sync_all().with_context(cannot_write)?;
            part.persist(&path).with_context(cannot_write)?;
            Ok(filled)
        }
    }
}

/// Returns whether `path` leads to a device, a pipe or an open file, which has no format of its own.
pub(crate) fn is_stream(path: &Path) -> bool {
    fs::metadata(path)
        .is_ok_and(|metadata| !metadata.is_dir() && (!metadata.is_file() || is_open_file(path)))
}

impl Target {
    fn of(path: &Path) -> Result<Self> {
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self::of_missing(path));
            }
            Err(error) => return Err(error.into()),
        };
        if metadata.is_dir() {
            bail!("it is a folder, expected a file");
        }
        // Opening also shows whether the file may be written, which renaming would not.
        let file = OpenOptions::new().write(true).open(path)?;
        if !metadata.is_file() {
            return Ok(Self::Stream(file));
        }
        if is_open_file(path) {
            let file = OpenOptions::new().append(true).open(path)?;
            return Ok(Self::Stream(file));
        }
        Ok(Self::File {
            path: fs::canonicalize(path)?,
            existing: Some(metadata.permissions()),
        })
    }

    /// Returns the target for a path without a file: the path or, if it is a link, the path behind it.
    fn of_missing(path: &Path) -> Self {
        let mut path = path.to_owned();
        // The links end at a missing file, so they are not circular.
        while let Ok(behind) = fs::read_link(&path) {
            path = path.parent().unwrap_or(Path::new("")).join(behind);
        }
        Self::File {
            path,
            existing: None,
        }
    }
}

fn is_open_file(path: &Path) -> bool {
    let path = std::path::absolute(path);
    path.is_ok_and(|path| OPEN_FILES.iter().any(|folder| path.starts_with(folder)))
}

/// Creates a file with a random name, which must not exist, in the folder of `path`. It has the
/// permissions of a new file or, while it is written, is private.
fn temporary_file(path: &Path, is_new: bool) -> io::Result<NamedTempFile> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".cognate-").suffix(".part");
    #[cfg(unix)]
    if is_new {
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    }
    #[cfg(not(unix))]
    let _ = is_new;
    builder.tempfile_in(folder).map_err(|error| {
        if folder.is_dir() {
            without_path(error)
        } else {
            let reason = format!("the folder `{}` does not exist", folder.display());
            io::Error::new(error.kind(), reason)
        }
    })
}

/// Returns an error of a temporary file without the random name, which means nothing to a reader.
fn without_path(error: io::Error) -> io::Error {
    let cause = error.get_ref().and_then(|error| error.source());
    match cause.map(ToString::to_string) {
        Some(reason) => io::Error::new(error.kind(), reason),
        None => error,
    }
}
