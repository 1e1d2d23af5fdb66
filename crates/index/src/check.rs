use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::compact;
use crate::manifest::Manifest;
use crate::writer::open_segment;
use crate::{Error, FlatIndex, IndexWriter, Result, Storage};

impl FlatIndex {
    /// Reads all files in a folder that a manifest names, and says what is wrong: at most one error
    /// for the rows of each segment, and one for its compact form. Those of which
    /// [`Error::is_rebuildable`] holds do no harm, and [`IndexWriter::rebuild`] mends them.
    ///
    /// # Complexity
    ///
    /// O(rows · dim), in parallel.
    pub fn check(dir: impl AsRef<Path>, manifest: &Manifest) -> Vec<Error> {
        let mut errors = Vec::new();
        for entry in manifest.segments() {
            match open_segment(dir.as_ref(), entry, manifest.dim(), Storage::Mapped) {
                Ok(segment) => {
                    errors.extend(segment.verify_rows().err());
                    errors.extend(segment.verify_compact().err());
                }
                Err(error) => errors.push(error),
            }
        }
        errors
    }
}

impl IndexWriter {
    /// Makes those compact forms again that are damaged or missing, from the rows; returns how many.
    /// The manifest stays as it is, and readers that have the index open go on.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] when the rows of such a segment are damaged themselves; [`Error::Io`].
    ///
    /// # Complexity
    ///
    /// O(rows · dim²) for the rows of these segments.
    pub fn rebuild(&mut self) -> Result<usize> {
        let mut rebuilt = 0;
        for entry in self.manifest().segments() {
            let dim = self.manifest().dim();
            let segment = open_segment(self.dir(), entry, dim, Storage::Mapped)?;
            if segment.compact().is_some() && segment.verify_compact().is_ok() {
                continue;
            }
            let path = compact::path_beside(&self.dir().join(&entry.file));
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Error::io("remove", &path)(error));
                }
                _ => segment.write_compact()?,
            }
            rebuilt += usize::from(path.exists());
        }
        Ok(rebuilt)
    }
}
