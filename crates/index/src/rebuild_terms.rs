//! Files of terms for segments that have none, or damaged ones.

use std::fs::{self, File};
use std::io::BufWriter;
use std::ops::Range;
use std::path::Path;

use crate::check::check_terms;
use crate::durable::sync_dir;
use crate::file_names::codes_path;
use crate::inverted::{MemoryTerms, TermSegment, Terms, write_terms};
use crate::segment::Segment;
use crate::segment_files::rewrite_terms;
use crate::writer::in_order;
use crate::{Document, Error, IndexWriter, Result, RowId, Storage};

/// The number of rows whose documents are in memory at a time.
const CHUNK: u32 = 1 << 14;

impl IndexWriter {
    /// Writes the terms of all segments that have none, or whose file of terms is damaged or another one.
    /// Returns the number of files written.
    ///
    /// `documents` returns the documents of a range of rows, one for each row; the documents of deleted
    /// rows are not used and may be empty. The files take effect when the manifest is committed.
    ///
    /// # Errors
    ///
    /// Returns the errors of `documents`, [`Error::InvalidOption`] if it does not return one document for
    /// each row, and [`Error::Io`] if a file cannot be written.
    ///
    /// # Complexity
    ///
    /// Linear in the terms of these segments, of which all rows of one chunk of 16,384 are held in memory.
    pub fn rebuild_terms<E: From<Error>>(
        &mut self,
        mut documents: impl FnMut(Range<RowId>) -> Result<Vec<Document>, E>,
    ) -> Result<usize, E> {
        let mut rebuilt = 0;
        let mut first = 0;
        for position in 0..self.manifest().segments().len() {
            let entry = &self.manifest().segments()[position];
            let rows = first..first + entry.rows;
            first = rows.end;
            if check_terms(self.dir(), entry).is_ok() {
                continue;
            }
            let path = self.dir().join(&entry.file);
            // The terms of each chunk are a file, which has no name by the time that it is read.
            let mut chunks = Vec::new();
            for start in rows.clone().step_by(CHUNK as usize) {
                let chunk = start..rows.end.min(start + CHUNK);
                let expected = chunk.len();
                let found = documents(RowId::range(chunk))?;
                if found.len() != expected {
                    let error = Error::InvalidOption {
                        option: "documents",
                        found: found.len().to_string(),
                        expected: expected.to_string(),
                    };
                    return Err(error.into());
                }
                chunks.push(self.terms_of_chunk(&found)?);
            }
            let parts = in_order(chunks.iter().map(Terms::File));
            let checksum = rewrite_terms(&path, &parts)?;
            self.manifest_mut().segments_mut()[position].terms = Some(checksum);
            rebuilt += 1;
        }
        Ok(rebuilt)
    }

    fn terms_of_chunk(&self, documents: &[Document]) -> Result<TermSegment> {
        let file = tempfile::NamedTempFile::new_in(self.dir())
            .map_err(Error::io("create a file in", self.dir()))?;
        let path = file.path();
        let terms = MemoryTerms::of(documents);
        let out = File::create(path).map_err(Error::io("write", path))?;
        let mut out = BufWriter::new(out);
        write_terms(
            &mut out,
            path,
            &in_order([Terms::Memory(&terms)].into_iter()),
        )?;
        out.into_inner()
            .map_err(|error| Error::io("write", path)(error.into_error()))?;
        TermSegment::open(path, Storage::Mapped)
    }

    /// Gives each segment a new name and no terms, so that [`rebuild_terms`](Self::rebuild_terms) writes the terms of
    /// all segments beside the files that the committed manifest names, and not in place of them. The vectors and
    /// their quantized codes get their new names as hard links, or as copies where the file system has no links.
    ///
    /// A segment whose file of vectors does not exist keeps its name.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if the folder cannot be written.
    pub fn renew_terms(&mut self) -> Result<()> {
        for position in 0..self.manifest().segments().len() {
            let entry = &self.manifest().segments()[position];
            let path = self.dir().join(&entry.file);
            if path.is_file() {
                let name = self.next_name()?;
                let renamed = self.dir().join(&name);
                if codes_path(&path).is_file() {
                    link(&codes_path(&path), &codes_path(&renamed))?;
                }
                // Last, because files without a file of vectors are garbage of any name.
                link(&path, &renamed)?;
                self.manifest_mut().segments_mut()[position].file = name;
            }
            self.manifest_mut().segments_mut()[position].terms = None;
        }
        sync_dir(self.dir())
    }

    /// Records which files are meant, as the manifests of this release do, in a manifest of an earlier one,
    /// which names files without saying more. Files that do not exist or are damaged are left as they are.
    pub fn identify_files(&mut self) {
        for position in 0..self.manifest().segments().len() {
            let entry = &self.manifest().segments()[position];
            if entry.checksum.is_some() {
                continue;
            }
            let path = self.dir().join(&entry.file);
            let dim = self.manifest().dim();
            let segment = Segment::open_entry(self.dir(), dim, entry, Storage::Mapped);
            let checksum = segment.ok().and_then(|segment| segment.checksum());
            let codes = codes_path(&path).is_file();
            let entry = &mut self.manifest_mut().segments_mut()[position];
            (entry.checksum, entry.codes) = (checksum, codes);
        }
    }
}

/// Gives a file a second name, or copies it where the file system has no links.
fn link(from: &Path, to: &Path) -> Result<()> {
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    let copy = || {
        fs::copy(from, to)?;
        File::open(to)?.sync_all()
    };
    copy().map_err(Error::io("write", to))
}
