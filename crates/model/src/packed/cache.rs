use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, SystemTime};

use cognate_kernels::SharedBuffer;

use super::Parts;
use super::file::{self, Origin, PackedFile, Source};
use super::verified::record_path;
use crate::Precision;
use crate::weights::TensorHashes;

/// The version of the packed form. It must change with everything that changes the packed values: the
/// order of the kernels, the quantization, or the names and contents of parts.
const VERSION: u32 = 1;

/// The ending of a file of packed weights.
const EXTENSION: &str = "packed";

/// The ending of a file that is being written.
const UNFINISHED: &str = ".unfinished";

/// The age from which on the process that wrote an unfinished file must have been stopped.
const ABANDONED: Duration = Duration::from_hours(1);

/// The greatest size of a file in bytes: larger weights are packed anew by each process.
const MAX_FILE_BYTES: u64 = 2 << 30;

/// The greatest size of all files together, in bytes.
const MAX_TOTAL_BYTES: u64 = 4 << 30;

/// The greatest number of files.
const MAX_FILES: usize = 8;

/// What packed weights depend on, besides the weights.
#[derive(Clone, Debug)]
pub(crate) struct CacheKey {
    /// The settings of the transformer.
    pub(crate) config: String,
    pub(crate) precision: Precision,
    /// The number of columns of a tile of the kernels.
    pub(crate) tile_columns: usize,
}

/// A file of a cache of packed weights, which may not exist yet.
///
/// The name of the file depends on the paths of the weights, on the precision and on the kernels, so
/// that other weights at the same path replace it.
#[derive(Clone, Debug)]
pub(crate) struct WeightsCache {
    folder: PathBuf,
    path: PathBuf,
    identity: String,
    /// Every file on which the weights depend.
    sources: Vec<Source>,
}

impl WeightsCache {
    /// Returns the file for weights that depend on the files `sources`, in the cache `folder`, or `None`
    /// if the state of the weights cannot be told, because a file has just been written, for example;
    /// `now` is the current time.
    pub(crate) fn new<'a>(
        folder: &Path,
        sources: impl IntoIterator<Item = &'a Path>,
        key: &CacheKey,
        now: SystemTime,
    ) -> Option<Self> {
        let sources = sources.into_iter().map(Source::of);
        let sources: Vec<_> = sources.collect::<io::Result<_>>().ok()?;
        if sources.iter().any(|source| !source.stamp.is_settled(now)) {
            return None;
        }
        let CacheKey {
            config,
            precision,
            tile_columns,
        } = key;
        let form = format!("{precision}\n{tile_columns}\n");
        let mut name = blake3::Hasher::new();
        name.update(form.as_bytes());
        for source in &sources {
            name.update(source.path.as_os_str().as_encoded_bytes());
            name.update(b"\0");
        }
        let mut identity = blake3::Hasher::new();
        identity.update(format!("{VERSION}\n{}\n{form}", cfg!(target_endian = "big")).as_bytes());
        identity.update(config.as_bytes());
        let name = format!("{}.{EXTENSION}", &name.finalize().to_hex()[..32]);
        Some(Self {
            folder: folder.to_owned(),
            path: folder.join(name),
            identity: identity.finalize().to_hex().to_string(),
            sources,
        })
    }

    /// Returns the path of the file.
    #[cfg(test)]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn origin(&self) -> Origin<'_> {
        Origin {
            identity: &self.identity,
            sources: &self.sources,
        }
    }

    /// Opens the packed weights, if they are there, fit and are not damaged.
    pub(crate) fn open(&self) -> Option<PackedFile> {
        PackedFile::open(&self.path, &self.origin())
    }

    /// Starts to write the parts that were kept, packed from tensors with these `hashes`, on a thread of
    /// its own, which then removes files that are no longer of use.
    ///
    /// A failure is only logged: the next process packs the weights again.
    pub(crate) fn save(self, hashes: TensorHashes, parts: &Parts) -> Saving {
        let parts = parts.kept();
        let write = move || {
            if let Err(error) = self.try_save(&hashes, &parts) {
                tracing::debug!(%error, path = %self.path.display(), "cannot write packed weights");
            }
        };
        let thread = Builder::new()
            .name("cognate-packed".to_owned())
            .spawn(write);
        Saving(Mutex::new(thread.ok()))
    }

    fn try_save(
        &self,
        hashes: &TensorHashes,
        parts: &BTreeMap<String, SharedBuffer>,
    ) -> io::Result<()> {
        // Weights that changed while they were read may be of any state between.
        let is_unchanged = self.sources.iter().all(Source::is_current);
        if parts.is_empty() || !is_unchanged || file::content_bytes(parts) > MAX_FILE_BYTES {
            return Ok(());
        }
        fs::create_dir_all(&self.folder)?;
        let mut out = tempfile::Builder::new()
            .suffix(UNFINISHED)
            .tempfile_in(&self.folder)?;
        file::write(out.as_file_mut(), &self.origin(), hashes, parts)?;
        // The file is not flushed to the disk, which would take longer than packing: after a loss of
        // power, a checksum does not fit, and the weights are packed again.
        out.persist(&self.path)?;
        self.prune()
    }

    /// Removes the files whose weights were changed or removed, and the oldest files beyond the limits.
    fn prune(&self) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let Ok(metadata) = fs::metadata(&path) else {
                continue;
            };
            if path.extension().is_some_and(|end| *end == UNFINISHED[1..]) {
                let age = metadata.modified()?.elapsed().unwrap_or_default();
                if age > ABANDONED {
                    fs::remove_file(&path)?;
                }
            }
            if path == self.path || path.extension().is_none_or(|end| end != EXTENSION) {
                continue;
            }
            let is_current =
                file::sources(&path).is_some_and(|sources| sources.iter().all(Source::is_current));
            if is_current {
                files.push((metadata.modified()?, metadata.len(), path));
            } else {
                remove(&path)?;
            }
        }
        files.sort();
        let mut total = fs::metadata(&self.path)?.len();
        for (index, (_, bytes, path)) in files.iter().rev().enumerate() {
            total += bytes;
            if index + 1 >= MAX_FILES || total > MAX_TOTAL_BYTES {
                remove(path)?;
            }
        }
        Ok(())
    }
}

/// A thread that writes a file of packed weights. Dropping this value waits for it, so that a process
/// that ends soon does not leave the file unfinished.
#[derive(Debug)]
pub(crate) struct Saving(Mutex<Option<JoinHandle<()>>>);

impl Saving {
    /// Waits until the file has been written, or cannot be.
    pub(crate) fn wait(&self) {
        let mut thread = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // After a panic of the thread, the file is missing, and the next process packs the weights again.
        let _ = thread.take().map(JoinHandle::join);
    }
}

impl Drop for Saving {
    fn drop(&mut self) {
        self.wait();
    }
}

/// Removes a file of packed weights and its record. Processes that have mapped it keep it.
fn remove(path: &Path) -> io::Result<()> {
    // The record may not exist.
    let _ = fs::remove_file(record_path(path));
    fs::remove_file(path)
}
