use std::collections::HashSet;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ndarray::{ArrayView2, Axis};
use roaring::RoaringBitmap;

use crate::compaction_folder::remove_interrupted;
use crate::durable;
use crate::file_names::{owning_segment, segment_name, segment_number, terms_path};
use crate::inverted::{MemoryTerms, MergedRows, TermSegment, Terms};
use crate::manifest::{self, Manifest};
use crate::normalize::{extend_with_unit_rows, invalid_row};
use crate::segment::Segment;
use crate::segment_files;
use crate::validate::{check_dim, total_rows};
use crate::{Document, Error, Result, RowId, Storage};

/// The number of rows that are normalized at a time.
const CHUNK_ROWS: usize = 1024;

/// A writer of an index on disk.
///
/// [`append`](Self::append) writes rows to a new file, syncs it, and changes no existing file.
/// Changes take effect when the manifest is committed: by [`commit`](Self::commit), which writes it
/// beside the segment files, or by the caller, who stores [`manifest`](Self::manifest) in a
/// transaction of its own. Dropping a writer without committing leaves the index unchanged;
/// [`collect_garbage`](Self::collect_garbage) removes the files that the writer wrote.
///
/// The caller ensures that a folder has one writer at a time. Any number of readers can have the
/// index open meanwhile.
///
/// ```
/// use cognate_index::{FlatIndex, IndexWriter, RowId};
/// use ndarray::array;
///
/// let dir = tempfile::tempdir()?;
/// let mut writer = IndexWriter::create(dir.path(), 2)?;
/// let rows = writer.append(array![[1.0, 0.0], [0.0, 1.0]].view())?;
/// assert_eq!(rows, RowId::new(0)..RowId::new(2));
/// writer.commit()?;
///
/// let index = FlatIndex::open(dir.path())?;
/// assert_eq!(index.search(array![3.0, 4.0].view(), 1)?[0].row, RowId::new(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct IndexWriter {
    dir: PathBuf,
    manifest: Manifest,
}

impl IndexWriter {
    /// Creates an index without rows in a folder, which is created if it does not exist.
    ///
    /// # Errors
    ///
    /// Returns [`Error::AlreadyExists`] if the folder holds an index, [`Error::InvalidDimension`] if
    /// `dim` is 0 or above 65,536, and [`Error::Io`] if the folder cannot be written.
    pub fn create(dir: impl Into<PathBuf>, dim: usize) -> Result<Self> {
        let mut writer = Self::without_file(dir.into(), dim)?;
        writer.commit()?;
        Ok(writer)
    }

    /// Does the same as [`create`](Self::create), but leaves it to the caller to commit the manifest.
    pub(crate) fn without_file(dir: PathBuf, dim: usize) -> Result<Self> {
        let manifest = Manifest::empty(dim)?;
        fs::create_dir_all(&dir).map_err(Error::io("create", &dir))?;
        let path = dir.join(manifest::FILE);
        if path.exists() {
            return Err(Error::AlreadyExists { path });
        }
        Ok(Self { dir, manifest })
    }

    /// Opens the index in a folder.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if the manifest cannot be read, [`Error::Corrupt`] if it is damaged, and
    /// [`Error::Version`] if another release wrote it.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self> {
        let dir = dir.into();
        let manifest = Manifest::read(&dir)?;
        Ok(Self { dir, manifest })
    }

    /// Opens an index whose manifest is stored elsewhere. No file is read.
    pub fn with_manifest(dir: impl Into<PathBuf>, manifest: Manifest) -> Self {
        Self {
            dir: dir.into(),
            manifest,
        }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn manifest_mut(&mut self) -> &mut Manifest {
        &mut self.manifest
    }

    /// Returns the content of the index, including all changes made so far.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Normalizes the rows of `[n, dim]`, in any memory layout, appends them, and returns their row
    /// numbers. The rows are on disk when this function returns, and take effect when the manifest is
    /// committed.
    ///
    /// To keep the number of files small, the last segments are merged with the new rows, deleted
    /// rows included: each segment at the end that is not larger than the rows after it. The old
    /// files remain until [`collect_garbage`](Self::collect_garbage).
    ///
    /// # Errors
    ///
    /// Returns [`Error::DimensionMismatch`] if the rows do not have the dimensions of the index,
    /// [`Error::InvalidRow`] if a row cannot be normalized, [`Error::InvalidOption`] if the rows of the
    /// index have documents, [`Error::TooManyRows`] if the index would have more than `u32::MAX` rows,
    /// [`Error::Io`] if the file cannot be written, for example because the disk is full, and
    /// [`Error::Corrupt`] if a segment to merge is damaged. The index is then unchanged, on disk and in
    /// this writer.
    ///
    /// # Complexity
    ///
    /// Over all calls, each row is written O(log(rows)) times. There are O(log(rows)) files.
    pub fn append(&mut self, rows: ArrayView2<'_, f32>) -> Result<Range<RowId>> {
        self.append_rows(rows, None)
    }

    /// Appends rows as [`append`](Self::append) does, each with the document of the same position, for an
    /// [`InvertedIndex`](crate::InvertedIndex). Either all rows of an index have documents or none has.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`append`](Self::append), and [`Error::InvalidOption`] if there is not one
    /// document for each row, or the index has rows without documents.
    ///
    /// # Complexity
    ///
    /// The same as for [`append`](Self::append), and over all calls, each document is written O(log(rows)) times.
    pub fn append_documents(
        &mut self,
        rows: ArrayView2<'_, f32>,
        documents: &[Document],
    ) -> Result<Range<RowId>> {
        let found = documents.len();
        if found != rows.nrows() {
            return Err(unexpected_documents(found, rows.nrows()));
        }
        self.append_rows(rows, Some(documents))
    }

    fn append_rows(
        &mut self,
        rows: ArrayView2<'_, f32>,
        documents: Option<&[Document]>,
    ) -> Result<Range<RowId>> {
        let dim = self.manifest.dim();
        check_dim(dim, rows.ncols())?;
        let first = self.manifest.rows();
        let end = total_rows(first, rows.nrows())?;
        if rows.nrows() == 0 {
            return Ok(RowId::range(first..end));
        }
        if first > 0 && self.manifest.has_terms() != documents.is_some() {
            let found = documents.map_or(0, <[Document]>::len);
            let expected = if found == 0 { rows.nrows() } else { 0 };
            return Err(unexpected_documents(found, expected));
        }
        let (merged, total) = self.merge_plan(end - first);
        let kept = self.manifest.segments().len() - merged;
        let entries = &self.manifest.segments()[kept..];
        let new_terms = documents.map(MemoryTerms::of);
        let old_terms = entries
            .iter()
            .filter_map(|entry| {
                let path = self.dir.join(&entry.file);
                let checksum = entry.terms?;
                let storage = Storage::Mapped;
                Some(TermSegment::open_beside(
                    &path, entry.rows, checksum, storage,
                ))
            })
            .collect::<Result<Vec<_>>>()?;
        let terms = new_terms.as_ref().map(|new| {
            let parts = old_terms.iter().map(Terms::File);
            in_order(parts.chain([Terms::Memory(new)]))
        });
        let content = |push: &mut dyn FnMut(&[f32]) -> Result<()>| {
            for entry in entries {
                let segment = Segment::open_entry(&self.dir, dim, entry, Storage::Mapped)?;
                segment
                    .checked_blocks()
                    .try_for_each(|block| push(block?))?;
            }
            let mut values = Vec::new();
            for (i, chunk) in rows.axis_chunks_iter(Axis(0), CHUNK_ROWS).enumerate() {
                values.clear();
                extend_with_unit_rows(&mut values, chunk).map_err(invalid_row(i * CHUNK_ROWS))?;
                push(&values)?;
            }
            Ok(())
        };
        let name = self.next_name()?;
        let entry = segment_files::write(&self.dir, &name, (dim, total), content, terms.as_deref());
        // A file of terms whose vectors could not be written stays without them.
        let entry = entry.inspect_err(|_| {
            let _ = fs::remove_file(terms_path(&self.dir.join(&name)));
        })?;
        tracing::debug!(file = entry.file, rows = rows.nrows(), merged, "appended");
        self.manifest.replace_last(merged, entry);
        Ok(RowId::range(first..end))
    }

    /// Returns the number of segments at the end that are merged with `new` rows, and the number of
    /// rows of the merged segment.
    fn merge_plan(&self, new: u32) -> (usize, u32) {
        let mut total = new;
        let mut merged = 0;
        for entry in self.manifest.segments().iter().rev() {
            if entry.rows > total {
                break;
            }
            total += entry.rows;
            merged += 1;
        }
        (merged, total)
    }

    /// Returns a name for a new segment, whose number is after the highest one in the folder or the
    /// manifest.
    pub(crate) fn next_name(&self) -> Result<String> {
        let mut highest = self
            .manifest
            .files()
            .filter_map(segment_number)
            .max()
            .unwrap_or(0);
        for_each_name(&self.dir, |name| {
            let segment = owning_segment(name);
            let number = segment.and_then(|segment| segment_number(&segment));
            highest = highest.max(number.unwrap_or(0));
            Ok(())
        })?;
        Ok(segment_name(highest + 1))
    }

    /// Deletes rows. Searches no longer find them. Their numbers are not reused until
    /// [`compact`](Self::compact) renumbers rows.
    ///
    /// # Errors
    ///
    /// Returns [`Error::UnknownRow`] if a row does not exist. No row is deleted then.
    pub fn delete(&mut self, rows: &RoaringBitmap) -> Result<()> {
        self.manifest.delete(rows)
    }

    /// Commits all changes by replacing the `manifest.json` of the folder.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if the manifest cannot be written. The index on disk is then as it was
    /// after the last commit.
    pub fn commit(&mut self) -> Result<()> {
        self.manifest.write(&self.dir)
    }

    /// Collects garbage: removes the files of segments that belong neither to this manifest nor to the
    /// `manifest.json` of the folder, and files of interrupted writes and compactions. Returns the number
    /// of files and folders removed. Other files are not touched.
    ///
    /// If the manifest is stored elsewhere, call this function after committing it, because files
    /// that only an older manifest names are removed. Readers that have such files open are not
    /// affected.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if a file cannot be removed; another call removes the remaining files.
    /// Returns the errors of [`open`](Self::open) if there is a `manifest.json` that cannot be read.
    pub fn collect_garbage(&mut self) -> Result<usize> {
        let committed = match Manifest::read(&self.dir) {
            Ok(manifest) => Some(manifest),
            Err(error) if error.io_kind() == Some(io::ErrorKind::NotFound) => None,
            Err(error) => return Err(error),
        };
        let named: HashSet<&str> = self
            .manifest
            .files()
            .chain(committed.iter().flat_map(Manifest::files))
            .collect();
        let mut removed = 0;
        for_each_name(&self.dir, |name| {
            let segment = owning_segment(name);
            let is_garbage = segment.is_some_and(|segment| !named.contains(&*segment));
            if is_garbage || durable::is_temporary(name) {
                let path = self.dir.join(name);
                fs::remove_file(&path).map_err(Error::io("remove", &path))?;
                removed += 1;
            }
            Ok(())
        })?;
        removed += remove_interrupted(&self.dir)?;
        // The folder need not be synced: files that come back after a crash are garbage again.
        if removed > 0 {
            tracing::debug!(dir = %self.dir.display(), removed, "collected garbage");
        }
        Ok(removed)
    }
}

fn unexpected_documents(found: usize, expected: usize) -> Error {
    Error::InvalidOption {
        option: "documents",
        found: found.to_string(),
        expected: format!("{expected}, one for each row if earlier rows have documents"),
    }
}

/// Returns the rows of all parts in order.
pub(crate) fn in_order<'a>(parts: impl Iterator<Item = Terms<'a>>) -> Vec<MergedRows<'a>> {
    let mut next = 0;
    let part = |terms: Terms<'a>| {
        let first = next;
        next += terms.rows();
        MergedRows {
            terms,
            new_row: Box::new(move |row| Some(first + row)),
        }
    };
    parts.map(part).collect()
}

/// Calls `act` with each file name in a folder that is valid UTF-8.
fn for_each_name(dir: &Path, mut act: impl FnMut(&str) -> Result<()>) -> Result<()> {
    let list = || Error::io("list", dir);
    for entry in fs::read_dir(dir).map_err(list())? {
        if let Some(name) = entry.map_err(list())?.file_name().to_str() {
            act(name)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::{Damage, FlatIndex};

    /// Returns `n` rows that point in different directions of the plane.
    fn fan(n: u16) -> Array2<f32> {
        Array2::from_shape_fn((usize::from(n), 2), |(i, j)| {
            let angle = 0.001 * f32::from(u16::try_from(i).unwrap_or(0));
            if j == 0 { angle.cos() } else { angle.sin() }
        })
    }

    fn segment_rows(writer: &IndexWriter) -> Vec<u32> {
        writer
            .manifest()
            .segments()
            .iter()
            .map(|entry| entry.rows)
            .collect()
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names = Vec::new();
        for_each_name(dir, |name| {
            names.push(name.to_owned());
            Ok(())
        })
        .unwrap();
        names.sort();
        names
    }

    #[test]
    fn small_segments_are_merged_into_larger_ones() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::create(dir.path(), 2).unwrap();
        let mut found = Vec::new();
        for n in [8, 3, 1, 1, 1, 20, 5] {
            writer.append(fan(n).view()).unwrap();
            found.push(segment_rows(&writer));
        }
        let expected: [&[u32]; 7] = [
            &[8],
            &[8, 3],
            &[8, 3, 1],
            &[8, 3, 2],
            &[8, 3, 2, 1],
            &[34],
            &[34, 5],
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn many_appends_leave_few_segments_and_every_row() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::create(dir.path(), 2).unwrap();
        let rows = fan(200);
        for (i, row) in rows.axis_chunks_iter(Axis(0), 1).enumerate() {
            let i = u32::try_from(i).unwrap();
            assert_eq!(writer.append(row).unwrap(), RowId::range(i..i + 1));
            assert!(writer.manifest().files().len() <= 8);
        }
        writer.commit().unwrap();
        assert!(names(dir.path()).len() > 100);
        assert!(writer.collect_garbage().unwrap() > 100);
        let index = FlatIndex::open(dir.path()).unwrap();
        index.verify().unwrap();
        for (i, row) in rows.outer_iter().enumerate() {
            let id = RowId::new(u32::try_from(i).unwrap());
            assert_eq!(index.row(id).unwrap(), Some(row));
        }
    }

    #[test]
    fn file_names_are_never_reused() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::create(dir.path(), 2).unwrap();
        writer.append(fan(4).view()).unwrap();
        writer.commit().unwrap();
        // A writer that is dropped without a commit leaves a file that no manifest names.
        let mut dropped = IndexWriter::open(dir.path()).unwrap();
        dropped.append(fan(1).view()).unwrap();
        drop(dropped);
        writer.append(fan(2).view()).unwrap();
        let files: Vec<&str> = writer.manifest().files().collect();
        assert_eq!(files, ["segment-00000001.vec", "segment-00000003.vec"]);
    }

    #[test]
    fn collecting_garbage_removes_only_files_that_no_manifest_needs() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::create(dir.path(), 2).unwrap();
        writer.append(fan(1).view()).unwrap();
        writer.append(fan(2).view()).unwrap();
        for name in [
            "segment-00000009.vec",
            "segment-00000008.codes",
            ".writing-abc.tmp",
            "notes.txt",
            "segment-9.vec",
        ] {
            fs::write(dir.path().join(name), "x").unwrap();
        }
        let open = FlatIndex::open_manifest(dir.path(), writer.manifest()).unwrap();
        assert_eq!(writer.collect_garbage().unwrap(), 4);
        assert_eq!(writer.collect_garbage().unwrap(), 0);
        let left = [
            "manifest.json",
            "notes.txt",
            "segment-00000002.vec",
            "segment-9.vec",
        ];
        assert_eq!(names(dir.path()), left);
        open.verify().unwrap();
    }

    #[test]
    fn an_append_that_fails_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::create(dir.path(), 2).unwrap();
        writer.append(fan(3).view()).unwrap();
        let (manifest, files) = (writer.manifest().clone(), names(dir.path()));

        let mut rows = fan(2000);
        rows[[1500, 0]] = f32::NAN;
        let error = writer.append(rows.view()).unwrap_err().to_string();
        assert_eq!(
            error,
            "row 1500 holds `NaN` in component 0, expected finite numbers"
        );
        let error = writer
            .append(array![[1.0, 2.0, 3.0]].view())
            .unwrap_err()
            .to_string();
        assert_eq!(error, "expected a vector of 2 dimensions, found 3");
        let beyond = writer.delete(&[1, 3].into()).unwrap_err().to_string();
        assert_eq!(beyond, "row 3 does not exist, the index has 3 rows");

        assert_eq!(writer.manifest(), &manifest);
        assert_eq!(names(dir.path()), files);
        assert_eq!(
            writer.append(Array2::zeros((0, 2)).view()).unwrap(),
            RowId::range(3..3)
        );
        assert_eq!(names(dir.path()), files);
    }

    #[test]
    fn a_damaged_segment_is_not_merged() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::create(dir.path(), 2).unwrap();
        writer.append(fan(3).view()).unwrap();
        let path = dir.path().join("segment-00000001.vec");
        let mut bytes = fs::read(&path).unwrap();
        bytes[70] ^= 1;
        fs::write(&path, bytes).unwrap();
        let files = names(dir.path());
        let error = writer.append(fan(3).view()).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Corrupt {
                    damage: Damage::Rows { .. },
                    ..
                }
            ),
            "{error}"
        );
        assert_eq!(names(dir.path()), files);
        // Rows that are not merged with the damaged segment can still be appended.
        writer.append(fan(1).view()).unwrap();
    }

    #[test]
    fn an_index_does_not_replace_another() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("a/b");
        IndexWriter::create(&inner, 2).unwrap();
        let error = IndexWriter::create(&inner, 2).unwrap_err();
        assert!(matches!(error, Error::AlreadyExists { .. }));
        assert!(matches!(
            IndexWriter::create(&inner, 0),
            Err(Error::InvalidDimension { .. })
        ));
        let missing = IndexWriter::open(dir.path()).unwrap_err();
        assert_eq!(missing.io_kind(), Some(io::ErrorKind::NotFound));
    }
}
