//! Comparison of the files of a cached folder with their hashes.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::record::{FileRecord, Record};
use super::sha256::Hasher;
use super::stamp::Stamp;
use crate::error::BoxError;
use crate::{Error, regular_file};

/// Why a cached folder is not used.
#[derive(Debug)]
pub(super) enum Refusal {
    /// A file does not exist, as after a download that was interrupted.
    Missing(PathBuf),
    /// A file cannot be read, or is not a regular file.
    Unreadable(PathBuf, BoxError),
    /// A file has other contents than it should have.
    Damaged {
        path: PathBuf,
        found: String,
        expected: String,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(f, "`{}` is missing", path.display()),
            Self::Unreadable(path, error) => {
                write!(f, "cannot read `{}`: {error}", path.display())
            }
            Self::Damaged {
                path,
                found,
                expected,
            } => {
                let path = path.display();
                write!(f, "`{path}` has SHA-256 {found}, expected {expected}")
            }
        }
    }
}

/// Compares files in `folder` with their expected SHA-256, given by name.
///
/// A file is read, unless `record` has the expected hash together with the stamp that the file has
/// now. What was read is added to the record.
pub(super) fn verify<'a>(
    folder: &Path,
    expected: impl IntoIterator<Item = (&'a str, &'a str)>,
    record: &mut Record,
) -> Result<(), Refusal> {
    for (name, expected) in expected {
        let path = folder.join(name);
        let metadata = std::fs::metadata(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Refusal::Missing(path.clone()),
            _ => Refusal::Unreadable(path.clone(), error.into()),
        })?;
        let stamp = Stamp::of(&metadata);
        let is_known = record
            .files
            .get(name)
            .is_some_and(|known| known.sha256 == expected && known.stamp.as_ref() == Some(&stamp));
        if is_known {
            continue;
        }
        let (found, stamp) =
            hash(&path).map_err(|error| Refusal::Unreadable(path.clone(), error))?;
        if found != expected {
            return Err(Refusal::Damaged {
                path,
                found,
                expected: expected.to_owned(),
            });
        }
        record.set(
            name,
            FileRecord {
                sha256: found,
                stamp,
            },
        );
    }
    Ok(())
}

/// Returns the SHA-256 of a file, and its stamp if a later change would be seen in it.
pub(super) fn hash(path: &Path) -> Result<(String, Option<Stamp>), BoxError> {
    // The cause alone, because the message of the caller names the path.
    let cause = |error| match error {
        Error::Io { source, .. } => source.into(),
        error => BoxError::from(error),
    };
    let started = SystemTime::now();
    let (mut file, metadata) = regular_file::open(path).map_err(cause)?;
    let stamp = Stamp::of(&metadata);
    let mut hasher = Hasher::default();
    hasher.update_from(&mut file)?;
    let is_unchanged = Stamp::of(&file.metadata()?) == stamp;
    let stamp = (is_unchanged && stamp.is_settled(started)).then_some(stamp);
    Ok((hasher.finish(), stamp))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::Duration;

    use super::*;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    /// Writes a file and dates it back, so that its modification time is settled.
    fn write(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        let file = File::options().write(true).open(path).unwrap();
        let earlier = SystemTime::now() - Duration::from_mins(1);
        file.set_modified(earlier).unwrap();
    }

    #[test]
    fn a_damaged_file_is_named_with_both_hashes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        write(&path, "abd");
        let mut record = Record::empty(dir.path());
        let refusal = verify(dir.path(), [("f", ABC)], &mut record).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            format!(
                "`{}` has SHA-256 \
                 a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9, expected {ABC}",
                path.display()
            )
        );
        let refusal = verify(dir.path(), [("g", ABC)], &mut record).unwrap_err();
        assert!(matches!(refusal, Refusal::Missing(_)));
        let refusal = verify(dir.path().parent().unwrap(), [("", ABC)], &mut record).unwrap_err();
        assert!(refusal.to_string().contains("a folder"), "{refusal}");
    }

    #[test]
    fn a_file_with_a_known_stamp_is_not_read_again_and_a_changed_one_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        write(&path, "abc");
        // The status change cannot be dated back.
        std::thread::sleep(Duration::from_millis(3100));
        let mut record = Record::empty(dir.path());
        verify(dir.path(), [("f", ABC)], &mut record).unwrap();
        assert!(record.files["f"].stamp.is_some());

        // A wrong hash with the right stamp shows that the file is not read.
        let other = "0".repeat(64);
        let stamp = record.files["f"].stamp.clone();
        let sha256 = other.clone();
        record.set("f", FileRecord { sha256, stamp });
        verify(dir.path(), [("f", other.as_str())], &mut record).unwrap();
        // The hash of the record is not what is expected: the file is read.
        verify(dir.path(), [("f", ABC)], &mut record).unwrap();

        write(&path, "abd");
        verify(dir.path(), [("f", ABC)], &mut record).unwrap_err();
    }
}
