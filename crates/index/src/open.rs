use std::path::Path;
use std::sync::Arc;

use crate::manifest::Manifest;
use crate::writer::open_segment;
use crate::{FlatIndex, Result};

/// Where the rows of an opened index are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Storage {
    /// In files mapped into memory: opening reads nothing, the operating system reads what
    /// a search touches and keeps it while there is room. Without the feature `mmap`, and on
    /// big-endian machines, the same as [`Owned`](Self::Owned).
    #[default]
    Mapped,
    /// In memory: opening reads and checks everything.
    Owned,
}

impl FlatIndex {
    /// Opens the index of a folder that [`IndexWriter`](crate::IndexWriter) filled, mapped.
    ///
    /// Headers, lengths and tables of checksums are checked at once, a block of rows when it is
    /// used first; [`verify`](Self::verify) checks all of them.
    ///
    /// Files of an index never change. A process that writes to one or shortens it while it is
    /// mapped breaks the contract: searches then may give wrong answers, or the process is killed.
    /// Removing files is harmless.
    ///
    /// # Errors
    ///
    /// [`Error::Io`](crate::Error::Io), [`Error::Corrupt`](crate::Error::Corrupt) and
    /// [`Error::Version`](crate::Error::Version), when there is no index that can be read.
    ///
    /// # Complexity
    ///
    /// O(1) for each segment file, but for its checksums: 4 bytes for each 16 KiB.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(dir, Storage::default())
    }

    /// Opens the index of a folder in the given way.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open).
    pub fn open_with(dir: impl AsRef<Path>, storage: Storage) -> Result<Self> {
        let dir = dir.as_ref();
        Self::open_manifest_with(dir, &Manifest::read(dir)?, storage)
    }

    /// Opens the files in a folder that a manifest names, mapped.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open).
    pub fn open_manifest(dir: impl AsRef<Path>, manifest: &Manifest) -> Result<Self> {
        Self::open_manifest_with(dir, manifest, Storage::default())
    }

    /// Opens the files in a folder that a manifest names, in the given way.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open).
    pub fn open_manifest_with(
        dir: impl AsRef<Path>,
        manifest: &Manifest,
        storage: Storage,
    ) -> Result<Self> {
        Self::open_sharing(dir.as_ref(), manifest, storage, None)
    }

    /// Opens the files in a folder that a newer manifest names, and shares with this index those
    /// that it has open already. New ones are mapped.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open).
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
            let same = open.and_then(|open| {
                open.shared().find(|segment| {
                    segment.path() == Some(&path)
                        && (segment.dim(), segment.rows()) == (manifest.dim(), entry.rows)
                })
            });
            segments.push(match same {
                Some(segment) => segment,
                None => Arc::new(open_segment(dir, entry, manifest.dim(), storage)?),
            });
        }
        Ok(Self::from_segments(
            manifest.dim(),
            segments,
            manifest.deleted().clone(),
        ))
    }

    /// Reads all rows that are in files, and their compact forms, and compares them with their
    /// checksums.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`](crate::Error::Corrupt) naming the file and the rows of the first block
    /// that is not as it was written.
    ///
    /// # Complexity
    ///
    /// O(rows · dim), in parallel.
    pub fn verify(&self) -> Result<()> {
        self.placed().iter().try_for_each(|placed| {
            placed.segment.verify_rows()?;
            placed.segment.verify_compact()
        })
    }
}
