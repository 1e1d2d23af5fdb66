use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::stamp::Stamp;
use crate::regular_file;

/// What is known about the files of one cached folder: the hashes of what was downloaded, and the
/// stamps of files that were read and had their hash.
///
/// Records lie in Cognate's own cache, whichever program filled the folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The folder that the record is about.
    folder: PathBuf,
    pub(super) files: BTreeMap<String, FileRecord>,
    #[serde(skip)]
    is_changed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileRecord {
    pub(super) sha256: String,
    /// The stamp of the file when its hash was last computed, or `None` if it was not settled.
    pub(super) stamp: Option<Stamp>,
}

/// The greatest length of a record in bytes.
const MAX_BYTES: u64 = 1 << 20;

impl Record {
    /// Makes a record of a folder of which nothing is known.
    pub(super) fn empty(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            files: BTreeMap::new(),
            is_changed: false,
        }
    }

    /// Reads the record of `folder` in the cache `records`. A record that cannot be read counts as
    /// missing.
    pub(super) fn read(records: &Path, folder: &Path) -> Option<Self> {
        let path = path(records, folder);
        let bytes = match regular_file::read_optional(&path, MAX_BYTES) {
            Ok(bytes) => bytes?,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "unreadable record");
                return None;
            }
        };
        match serde_json::from_slice::<Self>(&bytes) {
            Ok(record) if record.folder == folder => Some(record),
            _ => {
                tracing::warn!(path = %path.display(), "damaged record");
                None
            }
        }
    }

    /// Sets what is known about a file.
    pub(super) fn set(&mut self, name: &str, file: FileRecord) {
        self.is_changed |= self.files.get(name) != Some(&file);
        self.files.insert(name.to_owned(), file);
    }

    /// Writes the record if it was changed.
    pub(super) fn save(&self, records: &Path) -> std::io::Result<()> {
        if !self.is_changed {
            return Ok(());
        }
        fs::create_dir_all(records)?;
        let mut file = NamedTempFile::new_in(records)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.persist(path(records, &self.folder))?;
        Ok(())
    }
}

/// Returns the path of a record, whose name has a hash of the folder, because a path can be longer
/// than a name.
fn path(records: &Path, folder: &Path) -> PathBuf {
    let hash = blake3::hash(folder.as_os_str().as_encoded_bytes()).to_hex();
    records.join(format!("{}.json", &hash[..32]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_it_was_written_and_only_for_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        let records = dir.path().join("records");
        let mut record = Record::empty(Path::new("/models/a"));
        record.save(&records).unwrap();
        assert!(!records.exists(), "nothing to write");
        let file = FileRecord {
            sha256: "00".to_owned(),
            stamp: None,
        };
        record.set("config.json", file);
        record.save(&records).unwrap();
        let read = Record::read(&records, Path::new("/models/a")).unwrap();
        assert_eq!(read.files, record.files);
        assert_eq!(Record::read(&records, Path::new("/models/b")), None);

        let written = path(&records, Path::new("/models/a"));
        fs::write(&written, "{").unwrap();
        assert_eq!(Record::read(&records, Path::new("/models/a")), None);
    }
}
