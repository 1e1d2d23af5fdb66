use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::file_names::codes_path;
use crate::segment::Segment;
use crate::{Error, FlatIndex, IndexWriter, Manifest, Result, Storage};

impl FlatIndex {
    /// Reads all files of a folder that a manifest names, and returns what is wrong with them: for
    /// each segment at most one error about its rows and one about its quantized codes.
    ///
    /// Errors for which [`Error::is_rebuildable`] returns true do not affect the hits of searches;
    /// [`IndexWriter::rebuild`] repairs the files.
    ///
    /// # Complexity
    ///
    /// O(rows · dim), in parallel.
    pub fn check(dir: impl AsRef<Path>, manifest: &Manifest) -> Vec<Error> {
        let mut errors = Vec::new();
        for entry in manifest.segments() {
            let path = dir.as_ref().join(&entry.file);
            match Segment::open_with_shape(&path, (manifest.dim(), entry.rows), Storage::Mapped) {
                Ok(segment) => {
                    errors.extend(segment.verify_rows().err());
                    errors.extend(segment.verify_quantized().err());
                }
                Err(error) => errors.push(error),
            }
        }
        errors
    }
}

impl IndexWriter {
    /// Rebuilds damaged or missing quantized codes from the rows, and returns how many files were
    /// written. The manifest does not change, and readers that have the index open are not affected.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Corrupt`] if the rows of such a segment are damaged themselves, and
    /// [`Error::Io`] if a file cannot be read or written.
    ///
    /// # Complexity
    ///
    /// O(rows · dim²), where rows are those of the segments with damaged or missing codes.
    pub fn rebuild(&mut self) -> Result<usize> {
        let mut rebuilt = 0;
        for entry in self.manifest().segments() {
            let path = self.dir().join(&entry.file);
            let shape = (self.manifest().dim(), entry.rows);
            let segment = Segment::open_with_shape(&path, shape, Storage::Mapped)?;
            if segment.quantized().is_some() && segment.verify_quantized().is_ok() {
                continue;
            }
            let path = codes_path(&path);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Error::io("remove", &path)(error));
                }
                _ => segment.write_quantized()?,
            }
            rebuilt += usize::from(path.exists());
        }
        Ok(rebuilt)
    }
}
