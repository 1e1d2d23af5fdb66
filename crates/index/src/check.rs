use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use rayon::prelude::*;

use crate::file_names::codes_path;
use crate::inverted::TermSegment;
use crate::segment::Segment;
use crate::{Error, FlatIndex, IndexWriter, InvertedIndex, Manifest, Result, Storage};

impl FlatIndex {
    /// Reads all files of vectors that a manifest names, and returns what is wrong with them: for each
    /// segment at most one error about its rows and one about its quantized codes.
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
            match Segment::open_entry(dir.as_ref(), manifest.dim(), entry, Storage::Mapped) {
                Ok(segment) => {
                    errors.extend(segment.verify_rows().err());
                    errors.extend(segment.verify_codes(entry).err());
                }
                Err(error) => errors.push(error),
            }
        }
        errors
    }
}

impl InvertedIndex {
    /// Reads all files of terms that a manifest names, and returns what is wrong with them, at most one
    /// error for each segment. [`IndexWriter::rebuild_terms`] repairs the files.
    ///
    /// # Complexity
    ///
    /// Linear in the bytes of the files, in parallel.
    pub fn check(dir: impl AsRef<Path>, manifest: &Manifest) -> Vec<Error> {
        let dir = dir.as_ref();
        let check = |entry| check_terms(dir, entry).err();
        manifest.segments().par_iter().filter_map(check).collect()
    }
}

/// Opens the terms of a segment and reads all of them.
pub(crate) fn check_terms(dir: &Path, entry: &crate::manifest::SegmentEntry) -> Result<()> {
    let path = dir.join(&entry.file);
    let checksum = entry.terms.ok_or_else(|| entry.without_terms(&path))?;
    TermSegment::open_beside(&path, entry.rows, checksum, Storage::Mapped)?.verify()
}

impl IndexWriter {
    /// Rebuilds damaged or missing quantized codes from the rows, and returns how many files were
    /// written. Readers that have the index open are not affected.
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
        let dim = self.manifest().dim();
        for position in 0..self.manifest().segments().len() {
            let entry = &self.manifest().segments()[position];
            let segment = Segment::open_entry(self.dir(), dim, entry, Storage::Mapped)?;
            if segment.quantized().is_some() && segment.verify_quantized().is_ok() {
                continue;
            }
            let path = codes_path(&self.dir().join(&entry.file));
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Error::io("remove", &path)(error));
                }
                _ => {}
            }
            let has_codes = segment.write_quantized()?;
            rebuilt += usize::from(has_codes);
            self.manifest_mut().segments_mut()[position].codes = has_codes;
        }
        Ok(rebuilt)
    }
}
