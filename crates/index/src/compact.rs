use crate::segment::Segment;
use crate::{IndexWriter, Manifest, Result, RowMap, Storage};

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
    /// # Errors
    ///
    /// Returns [`Error::Io`](crate::Error::Io) if the file cannot be written, for example because the
    /// disk is full, and [`Error::Corrupt`](crate::Error::Corrupt) if rows are damaged. The index is
    /// then unchanged, on disk and in this writer.
    ///
    /// # Complexity
    ///
    /// O(rows · dim) for writing and O(rows · dim²) for the quantized codes. Rows are streamed; only
    /// the new quantized codes are held in memory, a quarter to a third of the bytes of the rows.
    pub fn compact(&mut self) -> Result<RowMap> {
        let manifest = self.manifest();
        let (dim, rows, dropped) = (manifest.dim(), manifest.rows(), manifest.deleted().clone());
        let live = u32::try_from(dropped.len()).map_or(0, |dropped| rows - dropped);
        let segments = manifest.segments().len();
        if segments > 1 || !dropped.is_empty() {
            let write = || self.write_segment(live, |push| self.push_live(dim, push));
            let entry = (live > 0).then(write).transpose()?;
            tracing::debug!(segments, rows, live, "compacted");
            self.manifest_mut().replace_all(entry);
        }
        Ok(RowMap::new(rows, dropped))
    }

    /// Removes all rows and changes the number of dimensions, so that every vector can be replaced.
    /// Returns the map from the old numbers of the rows that are not deleted to the numbers that they
    /// get if as many rows are appended in the same order.
    ///
    /// Like [`append`](Self::append), it takes effect when the manifest is committed.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidDimension`](crate::Error::InvalidDimension) if `dim` is 0 or above
    /// 65,536. The index is then unchanged.
    pub fn reset(&mut self, dim: usize) -> Result<RowMap> {
        let empty = Manifest::empty(dim)?;
        let manifest = std::mem::replace(self.manifest_mut(), empty);
        Ok(RowMap::new(manifest.rows(), manifest.deleted().clone()))
    }

    /// Pushes the rows that are not deleted. Consecutive ones within a block are pushed at once.
    fn push_live(&self, dim: usize, push: &mut dyn FnMut(&[f32]) -> Result<()>) -> Result<()> {
        let deleted = self.manifest().deleted();
        let mut row: u32 = 0;
        for entry in self.manifest().segments() {
            let path = self.dir().join(&entry.file);
            let segment = Segment::open_with_shape(&path, (dim, entry.rows), Storage::Mapped)?;
            for block in segment.checked_blocks() {
                let values = block?;
                let mut run = 0..0;
                for (position, _) in values.chunks_exact(dim).enumerate() {
                    if deleted.contains(row) {
                        push(&values[run.start * dim..run.end * dim])?;
                        run.start = position + 1;
                    }
                    run.end = position + 1;
                    row += 1;
                }
                push(&values[run.start * dim..run.end * dim])?;
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
        assert_eq!(writer.append(one).unwrap(), 0..1);
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
        assert_eq!(writer.append(rows.view()).unwrap(), 0..61);
        writer.commit().unwrap();
        assert_eq!(writer.collect_garbage().unwrap(), 6);
        let index = FlatIndex::open(dir.path()).unwrap();
        assert_eq!((index.dim(), index.len(), index.segments()), (2, 61, 1));
    }
}
