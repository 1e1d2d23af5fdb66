use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::Path;

use ndarray::Array2;
use rayon::prelude::*;

use crate::file_names::codes_path;
use crate::inverted::TermSegment;
use crate::manifest::SegmentEntry;
use crate::normalize::{extend_with_unit_rows, invalid_row};
use crate::segment::Segment;
use crate::segment_files::rewrite_rows;
use crate::validate::check_dim;
use crate::{Error, FlatIndex, IndexWriter, InvertedIndex, Manifest, Result, RowId, Storage};

/// The number of rows that [`IndexWriter::rebuild_rows`] asks for at a time.
const REBUILT_ROWS: u32 = 1024;

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

impl Manifest {
    /// Opens all files of vectors and terms that the manifest names, and returns what is wrong with those that
    /// cannot be opened: they are lost, truncated, damaged where they begin or end, or other files.
    ///
    /// # Complexity
    ///
    /// As for [`FlatIndex::open`]: rows and postings are not read, so damage there is not found.
    pub fn unusable_files(&self, dir: impl AsRef<Path>) -> Vec<Error> {
        let dir = dir.as_ref();
        let mut errors = Vec::new();
        for entry in self.segments() {
            errors.extend(Segment::open_entry(dir, self.dim(), entry, Storage::Mapped).err());
            if self.has_terms() {
                errors.extend(open_terms(dir, entry).err());
            }
        }
        errors
    }
}

/// Opens the terms of a segment and reads all of them.
pub(crate) fn check_terms(dir: &Path, entry: &SegmentEntry) -> Result<()> {
    open_terms(dir, entry)?.verify()
}

/// Opens the terms of a segment.
fn open_terms(dir: &Path, entry: &SegmentEntry) -> Result<TermSegment> {
    let path = dir.join(&entry.file);
    let checksum = entry.terms.ok_or_else(|| entry.without_terms(&path))?;
    TermSegment::open_beside(&path, entry.rows, checksum, Storage::Mapped)
}

impl IndexWriter {
    /// Writes the rows of all segments whose file of vectors is missing, damaged or another one. Returns the
    /// number of files written.
    ///
    /// `vectors` returns the vectors of a range of rows, `[rows, dim]`; the vectors of deleted rows are not
    /// used and may be any that can be normalized. The files take effect when the manifest is committed.
    ///
    /// # Errors
    ///
    /// Returns the errors of `vectors`, those of [`append`](Self::append) for what it returns, and
    /// [`Error::Io`] if a file cannot be written.
    ///
    /// # Complexity
    ///
    /// Linear in the rows of these segments, of which 1,024 are held in memory.
    pub fn rebuild_rows<E: From<Error>>(
        &mut self,
        mut vectors: impl FnMut(Range<RowId>) -> Result<Array2<f32>, E>,
    ) -> Result<usize, E> {
        let mut rebuilt = 0;
        let mut first = 0;
        let dim = self.manifest().dim();
        for position in 0..self.manifest().segments().len() {
            let entry = &self.manifest().segments()[position];
            let rows = first..first + entry.rows;
            first = rows.end;
            let segment = Segment::open_entry(self.dir(), dim, entry, Storage::Mapped);
            if segment.is_ok_and(|segment| segment.verify_rows().is_ok()) {
                continue;
            }
            // The callback may fail with an error of its own, which is passed on.
            let mut failure = None;
            let content = |push: &mut dyn FnMut(&[f32]) -> Result<()>| {
                let mut values = Vec::new();
                for start in rows.clone().step_by(REBUILT_ROWS as usize) {
                    let chunk = start..rows.end.min(start + REBUILT_ROWS);
                    let expected = chunk.len();
                    let found = match vectors(RowId::range(chunk)) {
                        Ok(found) => found,
                        Err(error) => {
                            failure = Some(error);
                            return Err(Error::Cancelled { done: 0, total: 0 });
                        }
                    };
                    check_dim(dim, found.ncols())?;
                    if found.nrows() != expected {
                        return Err(Error::InvalidOption {
                            option: "vectors",
                            found: found.nrows().to_string(),
                            expected: expected.to_string(),
                        });
                    }
                    values.clear();
                    extend_with_unit_rows(&mut values, found.view()).map_err(invalid_row(0))?;
                    push(&values)?;
                }
                Ok(())
            };
            let written = rewrite_rows(self.dir(), dim, entry, content);
            if let Some(error) = failure {
                return Err(error);
            }
            self.manifest_mut().segments_mut()[position] = written?;
            rebuilt += 1;
        }
        Ok(rebuilt)
    }

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
