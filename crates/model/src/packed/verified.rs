//! Records of files whose checksums have been compared.

use std::fs::{self, File, Metadata};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tempfile::NamedTempFile;

use crate::regular_file;
use crate::source::Stamp;

/// The greatest length of a record in bytes.
const MAX_BYTES: u64 = 4096;

/// Returns the path of the record of a file of packed weights.
pub(super) fn record_path(packed: &Path) -> PathBuf {
    packed.with_extension("verified")
}

/// Returns whether the file was verified before, and has the same stamp since.
pub(super) fn is_verified(packed: &Path, metadata: &Metadata) -> bool {
    let recorded = regular_file::read(&record_path(packed), MAX_BYTES);
    let recorded = recorded
        .ok()
        .and_then(|json| serde_json::from_slice(&json).ok());
    recorded.is_some_and(|stamp: Stamp| stamp == Stamp::of(metadata))
}

/// Records that the file was verified, if a later change would be seen in its stamp, and the folder can
/// be written to.
pub(super) fn record(packed: &Path, metadata: &Metadata) {
    let stamp = Stamp::of(metadata);
    // The file was verified after `metadata` was read; it has not changed if its stamp is the same.
    let is_unchanged = fs::metadata(packed).is_ok_and(|now| Stamp::of(&now) == stamp);
    if !is_unchanged || !stamp.is_settled(SystemTime::now()) {
        return;
    }
    let write = || -> std::io::Result<()> {
        let Some(folder) = packed.parent() else {
            return Ok(());
        };
        // A loss of power must not leave the record without the contents that were verified.
        File::open(packed)?.sync_all()?;
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec(&stamp)?)?;
        file.persist(record_path(packed))?;
        Ok(())
    };
    if let Err(error) = write() {
        tracing::debug!(%error, "cannot record that packed weights were verified");
    }
}
