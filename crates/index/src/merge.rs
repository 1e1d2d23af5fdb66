use roaring::RoaringBitmap;

use crate::writer::open_segment;
use crate::{IndexWriter, Result, RowId, Storage};

/// Where the rows of an index are after a [`merge`](IndexWriter::merge): each has moved down by as
/// many as were dropped before it, so their order is as it was.
///
/// ```
/// use cognate_index::{IndexWriter, RowId};
/// use ndarray::array;
///
/// let dir = tempfile::tempdir()?;
/// let mut writer = IndexWriter::create(dir.path(), 2)?;
/// writer.append(array![[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]].view())?;
/// writer.delete(&[1].into())?;
///
/// let map = writer.merge()?;
/// assert_eq!(map.get(RowId::new(0)), Some(RowId::new(0)));
/// assert_eq!(map.get(RowId::new(1)), None);
/// assert_eq!(map.get(RowId::new(2)), Some(RowId::new(1)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RowMap {
    rows: u32,
    dropped: RoaringBitmap,
}

impl RowMap {
    /// The number that a row has now, by that which it had; none for one that was deleted or did
    /// not exist.
    ///
    /// # Complexity
    ///
    /// O(dropped rows / 65,536).
    pub fn get(&self, old: RowId) -> Option<RowId> {
        let old = old.get();
        if old >= self.rows || self.dropped.contains(old) {
            return None;
        }
        // So many are below, and those are less than `old`.
        let below = u32::try_from(self.dropped.rank(old)).unwrap_or(old);
        Some(RowId::new(old - below))
    }

    /// Whether every row has the number that it had.
    pub fn is_identity(&self) -> bool {
        self.dropped.is_empty()
    }

    /// The rows that were there before, deleted ones included.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// The rows that were deleted and are dropped now, by the numbers they had.
    pub fn dropped(&self) -> &RoaringBitmap {
        &self.dropped
    }
}

impl IndexWriter {
    /// Writes all rows that are not deleted to one new segment, and tells where they moved. It
    /// counts when the manifest is kept, as what [`append`](Self::append) writes does; readers that
    /// have the index open go on with the old files, which stay until [`sweep`](Self::sweep).
    ///
    /// Searches find the same rows, under their new numbers, with the same scores. What is gained
    /// is the room of deleted rows, on disk and in every scan, and one compact form for all rows
    /// that are left, learned from all of them. It is not needed to keep the segments few:
    /// appending does. Where there is one segment without deleted rows, nothing is done.
    ///
    /// # Errors
    ///
    /// [`Error::Io`](crate::Error::Io) when the file cannot be written, the disk being full for
    /// instance; [`Error::Corrupt`](crate::Error::Corrupt) when rows are not as they were written.
    /// The index is then as it was, on disk and here.
    ///
    /// # Complexity
    ///
    /// O(rows · dim) to write, O(rows · dim²) for the compact form. The rows are streamed; in memory
    /// is the compact form that is made, a quarter to a third of the bytes of the rows.
    pub fn merge(&mut self) -> Result<RowMap> {
        let manifest = self.manifest();
        let (dim, rows, dropped) = (manifest.dim(), manifest.rows(), manifest.deleted().clone());
        let live = u32::try_from(dropped.len()).map_or(0, |dropped| rows - dropped);
        let segments = manifest.segments().len();
        if segments > 1 || !dropped.is_empty() {
            let write = || self.write_segment(live, |push| self.push_live(dim, push));
            let entry = (live > 0).then(write).transpose()?;
            tracing::debug!(segments, rows, live, "merged");
            self.manifest_mut().replace_all(entry);
        }
        Ok(RowMap { rows, dropped })
    }

    /// Hands over the rows that are not deleted, each run of neighbours in a block at once.
    fn push_live(&self, dim: usize, push: &mut dyn FnMut(&[f32]) -> Result<()>) -> Result<()> {
        let deleted = self.manifest().deleted();
        let mut row: u32 = 0;
        for entry in self.manifest().segments() {
            let segment = open_segment(self.dir(), entry, dim, Storage::Mapped)?;
            for block in segment.checked_blocks() {
                let values = block?;
                let mut run = 0..0;
                for (place, _) in values.chunks_exact(dim).enumerate() {
                    if deleted.contains(row) {
                        push(&values[run.start * dim..run.end * dim])?;
                        run.start = place + 1;
                    }
                    run.end = place + 1;
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

    use super::*;
    use crate::{Error, FlatIndex, Hit};

    /// Rows of which each is about as far from the next.
    fn spiral(rows: u16) -> Array2<f32> {
        Array2::from_shape_fn((usize::from(rows), 3), |(i, j)| {
            let angle = 0.01 * f32::from(u16::try_from(i).unwrap());
            [angle.cos(), angle.sin(), 0.1 * angle][j]
        })
    }

    /// Six segments, of sizes that appending does not merge.
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

    fn moved(hits: Vec<Hit>, map: &RowMap) -> Vec<(RowId, u32)> {
        let row = |hit: &Hit| map.get(hit.row).unwrap();
        hits.iter()
            .map(|hit| (row(hit), hit.score.to_bits()))
            .collect()
    }

    #[test]
    fn rows_and_answers_are_the_same_under_their_new_numbers() {
        let dir = tempfile::tempdir().unwrap();
        let (mut writer, rows) = writer(dir.path());
        let deleted: RoaringBitmap = [0, 1, 5, 31, 32, 47, 60, 62].into();
        writer.delete(&deleted).unwrap();
        writer.commit().unwrap();
        let before = FlatIndex::open(dir.path()).unwrap();

        let map = writer.merge().unwrap();
        assert_eq!((map.rows(), map.dropped()), (63, &deleted));
        writer.commit().unwrap();
        writer.sweep().unwrap();
        let after = FlatIndex::open(dir.path()).unwrap();
        after.verify().unwrap();
        assert_eq!((after.segments(), after.rows(), after.len()), (1, 55, 55));

        // A reader that has the index open keeps what it saw.
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
            assert_eq!(found, moved(expected, &map));
        }
        assert_eq!(map.get(RowId::new(63)), None);
    }

    #[test]
    fn what_needs_no_merging_is_let_alone() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::create(dir.path(), 3).unwrap();
        assert!(writer.merge().unwrap().is_identity());
        assert_eq!(writer.manifest().rows(), 0);
        writer.append(spiral(5).view()).unwrap();
        let manifest = writer.manifest().clone();
        assert!(writer.merge().unwrap().is_identity());
        assert_eq!(writer.manifest(), &manifest);
    }

    #[test]
    fn segments_without_deleted_rows_become_one_and_keep_their_numbers() {
        let dir = tempfile::tempdir().unwrap();
        let (mut writer, rows) = writer(dir.path());
        assert!(writer.merge().unwrap().is_identity());
        assert_eq!(
            writer.manifest().files().collect::<Vec<_>>(),
            ["segment-00000007.vec"]
        );
        let index = FlatIndex::open_manifest(dir.path(), writer.manifest()).unwrap();
        let expected = index.search(rows.row(7), 1).unwrap();
        assert_eq!(expected[0].row, RowId::new(7));
    }

    #[test]
    fn an_index_of_which_every_row_is_deleted_becomes_empty_and_grows_again() {
        let dir = tempfile::tempdir().unwrap();
        let (mut writer, rows) = writer(dir.path());
        writer.delete(&(0..63).collect()).unwrap();
        let map = writer.merge().unwrap();
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
    fn a_merge_that_fails_or_is_not_committed_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (mut writer, _) = writer(dir.path());
        writer.delete(&[3].into()).unwrap();
        writer.commit().unwrap();
        IndexWriter::open(dir.path()).unwrap().merge().unwrap();
        let index = FlatIndex::open(dir.path()).unwrap();
        assert_eq!((index.segments(), index.rows()), (6, 63));

        let path = dir.path().join("segment-00000004.vec");
        let mut bytes = fs::read(&path).unwrap();
        bytes[70] ^= 1;
        fs::write(&path, bytes).unwrap();
        let manifest = writer.manifest().clone();
        let files = fs::read_dir(dir.path()).unwrap().count();
        let error = writer.merge().unwrap_err();
        assert!(matches!(error, Error::Corrupt { .. }), "{error}");
        assert_eq!(writer.manifest(), &manifest);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), files);
    }
}
