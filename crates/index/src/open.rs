use std::path::Path;
use std::sync::Arc;

use crate::segment::Segment;
use crate::{FlatIndex, Manifest, Result, Storage};

impl FlatIndex {
    /// Opens the index in a folder that an [`IndexWriter`](crate::IndexWriter) wrote, with
    /// memory-mapped files.
    ///
    /// Opening checks headers, file lengths and tables of checksums. A block of rows is checked when
    /// it is used for the first time; [`verify`](Self::verify) checks all blocks.
    ///
    /// The files of an index never change. A process that writes to a file or truncates it while it
    /// is mapped breaks this contract: searches may then return wrong hits, or the operating system
    /// may kill the process. Removing files is harmless.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`](crate::Error::Io) if a file cannot be read,
    /// [`Error::Corrupt`](crate::Error::Corrupt) if it is damaged, and
    /// [`Error::Version`](crate::Error::Version) if another release wrote it.
    ///
    /// # Complexity
    ///
    /// O(1) for each segment file, apart from reading its checksums: 4 bytes for each 16 KiB.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(dir, Storage::default())
    }

    /// Opens the index in a folder with the given storage.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open`](Self::open).
    pub fn open_with(dir: impl AsRef<Path>, storage: Storage) -> Result<Self> {
        let dir = dir.as_ref();
        Self::open_manifest_with(dir, &Manifest::read(dir)?, storage)
    }

    /// Opens the files of a folder that a manifest names, memory-mapped.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open`](Self::open).
    pub fn open_manifest(dir: impl AsRef<Path>, manifest: &Manifest) -> Result<Self> {
        Self::open_manifest_with(dir, manifest, Storage::default())
    }

    /// Opens the files of a folder that a manifest names, with the given storage.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open`](Self::open).
    pub fn open_manifest_with(
        dir: impl AsRef<Path>,
        manifest: &Manifest,
        storage: Storage,
    ) -> Result<Self> {
        Self::open_sharing(dir.as_ref(), manifest, storage, None)
    }

    /// Opens the files of a folder that a newer manifest names. Files that this index has open are
    /// shared with it; the others are memory-mapped.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open`](Self::open).
    pub fn reopen(&self, dir: impl AsRef<Path>, manifest: &Manifest) -> Result<Self> {
        Self::open_sharing(dir.as_ref(), manifest, Storage::default(), Some(self))
    }

    fn open_sharing(
        dir: &Path,
        manifest: &Manifest,
        storage: Storage,
        open: Option<&Self>,
    ) -> Result<Self> {
        let mut segments = Vec::with_capacity(manifest.segments().len());
        for entry in manifest.segments() {
            let path = dir.join(&entry.file);
            let shape = (manifest.dim(), entry.rows);
            let shared = open.and_then(|open| {
                open.shared_segments().find(|segment| {
                    segment.path() == Some(&path)
                        && (segment.dim(), segment.rows()) == shape
                        && (entry.checksum.is_none() || segment.checksum() == entry.checksum)
                })
            });
            segments.push(match shared {
                Some(segment) => segment,
                None => Arc::new(Segment::open_entry(dir, manifest.dim(), entry, storage)?),
            });
        }
        Ok(Self::from_segments(
            manifest.dim(),
            segments,
            manifest.deleted().clone(),
        ))
    }

    /// Reads all rows and quantized codes that are in files, and compares them with their checksums.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Corrupt`](crate::Error::Corrupt) with the file and the rows of the first
    /// damaged block.
    ///
    /// # Complexity
    ///
    /// O(rows · dim), in parallel.
    pub fn verify(&self) -> Result<()> {
        self.segments_at().iter().try_for_each(|at| {
            at.segment.verify_rows()?;
            at.segment.verify_quantized()
        })
    }
}
