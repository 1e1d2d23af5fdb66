use std::fs::{self, File};
use std::path::{Path, PathBuf};

use roaring::RoaringBitmap;

use crate::compaction_folder::{LOCK, PREFIX};
use crate::durable;
use crate::file_names::companions;
use crate::inverted::{MergedRows, TermSegment, Terms};
use crate::manifest::SegmentEntry;
use crate::segment::Segment;
use crate::{Error, IndexWriter, Result, RowId, RowMap, Storage};

/// The files of a compacted index, before they take effect: the result of
/// [`IndexWriter::prepare_compaction`]. Dropping it removes them.
#[derive(Debug)]
pub struct Compaction {
    /// The folder in which the files are.
    dir: PathBuf,
    _lock: File,
    entry: Option<SegmentEntry>,
    /// The map of the rows that the compacted index had.
    map: RowMap,
    renumbered: u64,
}

impl Drop for Compaction {
    fn drop(&mut self) {
        // What cannot be removed is collected as garbage later.
        let _ = fs::remove_dir_all(&self.dir);
    }
}

impl IndexWriter {
    /// Compacts the index: drops deleted rows and merges all segments into one. Returns the map from
    /// old row numbers to new ones.
    ///
    /// Like [`append`](Self::append), it takes effect when the manifest is committed. Readers that
    /// have the index open keep using the old files, which remain until
    /// [`collect_garbage`](Self::collect_garbage).
    ///
    /// Searches find the same rows, under their new numbers, with the same scores. Compacting frees
    /// the space of deleted rows on disk and in every scan, and gives all remaining rows common
    /// quantized codes, learned from all of them. It is not needed to keep the number of segments
    /// small, because appending merges segments too. An index of one segment without deleted rows is
    /// left as it is.
    ///
    /// This is [`prepare_compaction`](Self::prepare_compaction) followed by
    /// [`apply_compaction`](Self::apply_compaction). Between the two, other writers may change the index.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if the file cannot be written, for example because the disk is full, and
    /// [`Error::Corrupt`] if rows are damaged. The index is then unchanged, on disk and in this writer.
    ///
    /// # Complexity
    ///
    /// O(rows · dim) for writing and O(rows · dim²) for the quantized codes. Rows are streamed; only
    /// the new quantized codes and the dictionary of terms are held in memory, of which the codes are a
    /// quarter to a third of the bytes of the rows.
    pub fn compact(&mut self) -> Result<RowMap> {
        let unchanged = RowMap::new(self.manifest().rows(), RoaringBitmap::new());
        let Some(compaction) = self.prepare_compaction()? else {
            return Ok(unchanged);
        };
        Ok(self.apply_compaction(compaction)?.unwrap_or(unchanged))
    }

    /// Writes the files of the compacted index into a folder of their own, or returns `None` if there is
    /// nothing to compact. The index is unchanged, and other writers may change it meanwhile.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`compact`](Self::compact).
    ///
    /// # Complexity
    ///
    /// The same as for [`compact`](Self::compact).
    pub fn prepare_compaction(&self) -> Result<Option<Compaction>> {
        let manifest = self.manifest();
        let dropped = manifest.deleted().clone();
        let segments = manifest.segments().len();
        if segments <= 1 && dropped.is_empty() {
            return Ok(None);
        }
        let dir = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(self.dir())
            .map_err(Error::io("create a folder in", self.dir()))?;
        let path = dir.path().join(LOCK);
        let lock = File::create(&path).map_err(Error::io("create", &path))?;
        lock.lock().map_err(Error::io("lock", &path))?;
        let map = RowMap::new(manifest.rows(), dropped);
        let mut compaction = Compaction {
            dir: dir.keep(),
            _lock: lock,
            entry: None,
            map,
            renumbered: manifest.renumbered(),
        };
        let map = &compaction.map;
        let live = u32::try_from(map.dropped().len()).map_or(0, |dropped| map.rows() - dropped);
        if live > 0 {
            let parts = RowParts::new(self, manifest.segments(), map)?;
            let name = crate::file_names::segment_name(1);
            compaction.entry = Some(parts.write(&compaction.dir, &name, live)?);
        }
        tracing::debug!(segments, rows = map.rows(), live, "compacted");
        Ok(Some(compaction))
    }

    /// Replaces the rows that the index had when `compaction` was prepared by the compacted ones. Rows that
    /// were appended since follow them, and rows that were deleted since stay deleted. Returns the map from
    /// the old numbers of all rows to the new ones, or `None` if rows were renumbered since, so that the
    /// compaction does not apply and nothing is changed.
    ///
    /// Like [`append`](Self::append), it takes effect when the manifest is committed.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`compact`](Self::compact).
    ///
    /// # Complexity
    ///
    /// Linear in the rows appended since the compaction was prepared.
    pub fn apply_compaction(&mut self, compaction: Compaction) -> Result<Option<RowMap>> {
        if compaction.renumbered != self.manifest().renumbered() {
            return Ok(None);
        }
        let manifest = self.manifest();
        let compacted = compaction.map.rows();
        let map = RowMap::new(manifest.rows(), compaction.map.dropped().clone());
        let mut segments = Vec::new();
        if let Some(entry) = &compaction.entry {
            segments.push(self.adopt(&compaction.dir, entry)?);
        }
        let mut next_row = 0;
        for entry in manifest.segments() {
            let first = next_row;
            next_row += entry.rows;
            if next_row <= compacted {
                continue;
            }
            if first >= compacted {
                segments.push(entry.clone());
                continue;
            }
            // The segment has compacted rows and later ones, which are written again.
            let appended = RowMap::new(entry.rows, (0..compacted - first).collect());
            let parts = RowParts::new(self, std::slice::from_ref(entry), &appended)?;
            let name = self.next_name()?;
            segments.push(parts.write(self.dir(), &name, next_row - compacted)?);
        }
        let deleted = manifest.deleted().iter();
        let deleted = deleted.filter_map(|row| map.get(RowId::new(row)));
        let deleted = deleted.map(RowId::get).collect();
        self.manifest_mut().renumber(segments, deleted);
        Ok(Some(map))
    }

    /// Moves the files of a segment from another folder, and returns the entry with their new name.
    fn adopt(&self, dir: &Path, entry: &SegmentEntry) -> Result<SegmentEntry> {
        let name = self.next_name()?;
        for (from, to) in companions(&entry.file).zip(companions(&name)) {
            let (from, to) = (dir.join(from), self.dir().join(to));
            if from.exists() {
                fs::rename(&from, &to).map_err(Error::io("write", &to))?;
            }
        }
        durable::sync_dir(self.dir())?;
        Ok(SegmentEntry {
            file: name,
            ..entry.clone()
        })
    }

    /// Removes all rows and changes the number of dimensions, so that every vector can be replaced.
    /// Returns the map from the old numbers of the rows that are not deleted to the numbers that they
    /// get if as many rows are appended in the same order.
    ///
    /// Like [`append`](Self::append), it takes effect when the manifest is committed.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidDimension`] if `dim` is 0 or above 65,536. The index is then unchanged.
    pub fn reset(&mut self, dim: usize) -> Result<RowMap> {
        let manifest = self.manifest();
        let map = RowMap::new(manifest.rows(), manifest.deleted().clone());
        self.manifest_mut().reset(dim)?;
        Ok(map)
    }
}

/// Rows of segments that are written to a new segment.
struct RowParts<'a> {
    map: &'a RowMap,
    dim: usize,
    /// The segments, each with the number of its first row in the map.
    segments: Vec<(u32, Segment)>,
    /// The terms of the segments, if they have any.
    terms: Vec<TermSegment>,
}

impl<'a> RowParts<'a> {
    fn new(writer: &IndexWriter, entries: &[SegmentEntry], map: &'a RowMap) -> Result<Self> {
        let dim = writer.manifest().dim();
        let mut parts = Self {
            map,
            dim,
            segments: Vec::new(),
            terms: Vec::new(),
        };
        let mut first = 0;
        for entry in entries {
            let segment = Segment::open_entry(writer.dir(), dim, entry, Storage::Mapped)?;
            parts.segments.push((first, segment));
            if let Some(checksum) = entry.terms {
                let path = writer.dir().join(&entry.file);
                let terms = TermSegment::open_beside(&path, entry.rows, checksum, Storage::Mapped)?;
                parts.terms.push(terms);
            }
            first += entry.rows;
        }
        Ok(parts)
    }

    /// Writes the `rows` rows that are not dropped to the files of a segment.
    fn write(&self, dir: &Path, name: &str, rows: u32) -> Result<SegmentEntry> {
        let has_terms = self.terms.len() == self.segments.len();
        let part = |((first, _), terms): (&(u32, Segment), _)| {
            let (map, first) = (self.map, *first);
            let new_row = move |row| Some(map.get(RowId::new(first + row))?.get());
            MergedRows {
                terms: Terms::File(terms),
                new_row: Box::new(new_row),
            }
        };
        let terms: Vec<MergedRows<'_>> = self.segments.iter().zip(&self.terms).map(part).collect();
        let terms = has_terms.then_some(terms.as_slice());
        crate::segment_files::write(dir, name, (self.dim, rows), |push| self.push(push), terms)
    }

    /// Pushes the rows that are not dropped. Consecutive ones within a block are pushed at once.
    fn push(&self, push: &mut dyn FnMut(&[f32]) -> Result<()>) -> Result<()> {
        let dropped = self.map.dropped();
        for (first, segment) in &self.segments {
            let mut row = *first;
            for block in segment.checked_blocks() {
                let values = block?;
                let mut run = 0..0;
                for (position, _) in values.chunks_exact(self.dim).enumerate() {
                    if dropped.contains(row) {
                        push(&values[run.start * self.dim..run.end * self.dim])?;
                        run.start = position + 1;
                    }
                    run.end = position + 1;
                    row += 1;
                }
                push(&values[run.start * self.dim..run.end * self.dim])?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use ndarray::{Array2, Axis};
    use roaring::RoaringBitmap;

    use super::*;
    use crate::{Error, FlatIndex, Hit, RowId};

    /// Returns rows with about the same distance from each to the next.
    fn spiral(rows: u16) -> Array2<f32> {
        Array2::from_shape_fn((usize::from(rows), 3), |(i, j)| {
            let angle = 0.01 * f32::from(u16::try_from(i).unwrap());
            [angle.cos(), angle.sin(), 0.1 * angle][j]
        })
    }

    /// Returns a writer of six segments, of sizes that appending does not merge.
    fn writer(dir: &Path) -> (IndexWriter, Array2<f32>) {
        let rows = spiral(63);
        let mut writer = IndexWriter::create(dir, 3).unwrap();
        let mut first = 0;
        for n in [32, 16, 8, 4, 2, 1] {
            let last = first + n;
            writer
                .append(rows.slice(ndarray::s![first..last, ..]))
                .unwrap();
            first = last;
        }
        assert_eq!(writer.manifest().files().len(), 6);
        (writer, rows)
    }

    fn renumbered(hits: Vec<Hit>, map: &RowMap) -> Vec<(RowId, u32)> {
        let row = |hit: &Hit| map.get(hit.row).unwrap();
        hits.iter()
            .map(|hit| (row(hit), hit.score.to_bits()))
            .collect()
    }

    #[test]
    fn compacting_keeps_rows_and_hits_under_new_numbers() {
        let dir = tempfile::tempdir().unwrap();
        let (mut writer, rows) = writer(dir.path());
        let deleted: RoaringBitmap = [0, 1, 5, 31, 32, 47, 60, 62].into();
        writer.delete(&deleted).unwrap();
        writer.commit().unwrap();
        let before = FlatIndex::open(dir.path()).unwrap();

        let map = writer.compact().unwrap();
        assert_eq!((map.rows(), map.dropped()), (63, &deleted));
        writer.commit().unwrap();
        writer.collect_garbage().unwrap();
        let after = FlatIndex::open(dir.path()).unwrap();
        after.verify().unwrap();
        assert_eq!((after.segments(), after.rows(), after.len()), (1, 55, 55));

        // A reader that has the index open sees the rows as before.
        let mut next = 0;
        for (old, row) in (0..).zip(rows.outer_iter()) {
            let new = map.get(RowId::new(old));
            assert_eq!(new.is_none(), deleted.contains(old));
            if let Some(new) = new {
                assert_eq!(new.get(), next);
                next += 1;
                assert_eq!(
                    before.row(RowId::new(old)).unwrap(),
                    after.row(new).unwrap()
                );
            }
            let found = after.search(row, 60).unwrap();
            let expected = before.search(row, 60).unwrap();
            let found: Vec<_> = found
                .iter()
                .map(|hit| (hit.row, hit.score.to_bits()))
                .collect();
            assert_eq!(found, renumbered(expected, &map));
        }
        assert_eq!(map.get(RowId::new(63)), None);
    }

    #[test]
    fn a_compact_index_is_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::create(dir.path(), 3).unwrap();
        assert!(writer.compact().unwrap().is_identity());
        assert_eq!(writer.manifest().rows(), 0);
        writer.append(spiral(5).view()).unwrap();
        let manifest = writer.manifest().clone();
        assert!(writer.compact().unwrap().is_identity());
        assert_eq!(writer.manifest(), &manifest);
    }

    #[test]
    fn row_numbers_are_unchanged_without_deleted_rows() {
        let dir = tempfile::tempdir().unwrap();
        let (mut writer, rows) = writer(dir.path());
        assert!(writer.compact().unwrap().is_identity());
        assert_eq!(
            writer.manifest().files().collect::<Vec<_>>(),
            ["segment-00000007.vec"]
        );
        let index = FlatIndex::open_manifest(dir.path(), writer.manifest()).unwrap();
        let expected = index.search(rows.row(7), 1).unwrap();
        assert_eq!(expected[0].row, RowId::new(7));
    }

    #[test]
    fn an_index_with_all_rows_deleted_becomes_empty_and_can_grow_again() {
        let dir = tempfile::tempdir().unwrap();
        let (mut writer, rows) = writer(dir.path());
        writer.delete(&(0..63).collect()).unwrap();
        let map = writer.compact().unwrap();
        assert!((0..63).all(|row| map.get(RowId::new(row)).is_none()));
        assert_eq!(
            (writer.manifest().rows(), writer.manifest().files().len()),
            (0, 0)
        );
        writer.commit().unwrap();
        let one = rows.row(3).insert_axis(Axis(0));
        assert_eq!(writer.append(one).unwrap(), RowId::range(0..1));
    }

    #[test]
    fn compacting_that_fails_or_is_not_committed_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (mut writer, _) = writer(dir.path());
        writer.delete(&[3].into()).unwrap();
        writer.commit().unwrap();
        IndexWriter::open(dir.path()).unwrap().compact().unwrap();
        let index = FlatIndex::open(dir.path()).unwrap();
        assert_eq!((index.segments(), index.rows()), (6, 63));

        let path = dir.path().join("segment-00000004.vec");
        let mut bytes = fs::read(&path).unwrap();
        bytes[70] ^= 1;
        fs::write(&path, bytes).unwrap();
        let manifest = writer.manifest().clone();
        let files = fs::read_dir(dir.path()).unwrap().count();
        let error = writer.compact().unwrap_err();
        assert!(matches!(error, Error::Corrupt { .. }), "{error}");
        assert_eq!(writer.manifest(), &manifest);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), files);
    }

    #[test]
    fn a_reset_index_takes_rows_of_another_dimension_and_removes_the_old_ones_when_committed() {
        let dir = tempfile::tempdir().unwrap();
        let (mut writer, _) = writer(dir.path());
        writer.delete(&[0, 5].into()).unwrap();
        writer.commit().unwrap();
        assert!(writer.reset(0).is_err());
        assert_eq!(writer.manifest().rows(), 63);

        let map = writer.reset(2).unwrap();
        assert_eq!((map.rows(), map.dropped()), (63, &[0, 5].into()));
        assert_eq!(map.get(RowId::new(6)), Some(RowId::new(4)));
        assert_eq!(FlatIndex::open(dir.path()).unwrap().len(), 61);
        let rows = Array2::from_elem((61, 2), 1.0);
        assert_eq!(writer.append(rows.view()).unwrap(), RowId::range(0..61));
        writer.commit().unwrap();
        assert_eq!(writer.collect_garbage().unwrap(), 6);
        let index = FlatIndex::open(dir.path()).unwrap();
        assert_eq!((index.dim(), index.len(), index.segments()), (2, 61, 1));
    }
}
