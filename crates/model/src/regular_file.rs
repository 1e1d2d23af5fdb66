//! Reading of files that may come from a stranger: only regular files, and only up to a size.
//!
//! A named pipe would block the reader, and a device such as `/dev/zero` has no end.

use std::fs::{File, FileType, Metadata};
use std::io::{self, Read};
use std::path::Path;

use crate::{Error, Result};

/// Opens a regular file, following links, and returns it with its metadata.
///
/// # Errors
///
/// Returns [`Error::NotAFile`] for a folder, a named pipe, a device or a socket, and [`Error::Io`]
/// if the file does not exist or cannot be opened.
pub(crate) fn open(path: &Path) -> Result<(File, Metadata)> {
    // Looked at before it is opened, because opening a named pipe waits for a writer.
    let metadata = std::fs::metadata(path).map_err(Error::io("read", path))?;
    require_regular(path, metadata.file_type())?;
    let file = File::open(path).map_err(Error::io("read", path))?;
    let metadata = file.metadata().map_err(Error::io("read", path))?;
    require_regular(path, metadata.file_type())?;
    Ok((file, metadata))
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
///
/// Returns the errors of [`open`], and [`Error::TooLarge`].
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let (file, metadata) = open(path)?;
    let too_large = |bytes| Error::TooLarge {
        path: path.to_owned(),
        bytes,
        limit,
    };
    if metadata.len() > limit {
        return Err(too_large(metadata.len()));
    }
    // One more, so that the end is found without another allocation.
    let capacity = usize::try_from(metadata.len()).map_or(0, |bytes| bytes + 1);
    let mut contents = Vec::with_capacity(capacity);
    // The file may grow while it is read.
    file.take(limit + 1)
        .read_to_end(&mut contents)
        .map_err(Error::io("read", path))?;
    if contents.len() as u64 > limit {
        return Err(too_large(contents.len() as u64));
    }
    Ok(contents)
}

/// Reads a file like [`read`], or returns `None` if it does not exist.
pub(crate) fn read_optional(path: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
    match read(path, limit) {
        Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

/// Refuses a path that is missing, with `expected` as its expected contents, or not a regular file.
pub(crate) fn require(path: &Path, expected: &'static str) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(metadata) => require_regular(path, metadata.file_type()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::MissingFile {
            path: path.to_owned(),
            expected,
        }),
        Err(error) => Err(Error::io("read", path)(error)),
    }
}

fn require_regular(path: &Path, file_type: FileType) -> Result<()> {
    if file_type.is_file() {
        return Ok(());
    }
    Err(Error::NotAFile {
        path: path.to_owned(),
        found: describe(file_type),
    })
}

#[cfg(unix)]
fn describe(file_type: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;

    if file_type.is_dir() {
        "a folder"
    } else if file_type.is_fifo() {
        "a named pipe"
    } else if file_type.is_char_device() || file_type.is_block_device() {
        "a device"
    } else if file_type.is_socket() {
        "a socket"
    } else {
        "a special file"
    }
}

#[cfg(not(unix))]
fn describe(file_type: FileType) -> &'static str {
    if file_type.is_dir() {
        "a folder"
    } else {
        "a special file"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_over_the_limit_is_refused_with_both_numbers() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        let error = read(&path, 4).unwrap_err().to_string();
        let expected = format!("`{}` has 5 bytes, expected at most 4", path.display());
        assert_eq!(error, expected);
        assert!(
            read_optional(&dir.path().join("none"), 4)
                .unwrap()
                .is_none()
        );
    }

    #[cfg(unix)]
    #[test]
    fn folders_and_devices_are_refused() {
        for (path, found) in [("/dev/zero", "a device"), ("/", "a folder")] {
            let error = read(Path::new(path), 4).unwrap_err().to_string();
            assert_eq!(
                error,
                format!("`{path}` is {found}, expected a regular file")
            );
        }
    }
}
