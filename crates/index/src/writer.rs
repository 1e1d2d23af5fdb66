use std::collections::HashSet;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ndarray::{ArrayView2, Axis};
use roaring::RoaringBitmap;

use crate::durable::{self, Existing};
use crate::encode::SegmentEncoder;
use crate::manifest::{self, Entry, Manifest, grown, segment_name, segment_number, segment_of};
use crate::segment::Segment;
use crate::start::check_shape;
use crate::unit::{check_dim, extend_with_unit_rows, invalid_row};
use crate::{Error, Result, Storage};

/// Rows that are made unit vectors at a time.
const CHUNK_ROWS: usize = 1024;

/// Grows an index on disk.
///
/// [`append`](Self::append) writes rows to a new file and syncs it, and changes no file that is
/// there. What was appended and deleted counts when the manifest is kept: by
/// [`commit`](Self::commit), which puts it beside the files, or by the caller, who takes
/// [`manifest`](Self::manifest) into a transaction of its own. A writer that is dropped before
/// leaves the index as it was; the files it wrote are removed by [`sweep`](Self::sweep).
///
/// A folder has one writer at a time; the caller sees to that. Any number of readers may have
/// the index open meanwhile.
///
/// ```
/// use cognate_index::{FlatIndex, IndexWriter};
/// use ndarray::array;
///
/// let dir = tempfile::tempdir()?;
/// let mut writer = IndexWriter::create(dir.path(), 2)?;
/// assert_eq!(writer.append(array![[1.0, 0.0], [0.0, 1.0]].view())?, 0..2);
/// writer.commit()?;
///
/// let index = FlatIndex::open(dir.path())?;
/// assert_eq!(index.search(array![3.0, 4.0].view(), 1)?[0].row.get(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct IndexWriter {
    dir: PathBuf,
    manifest: Manifest,
}

impl IndexWriter {
    /// Makes an index without rows in a folder, which is made if it is missing.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyExists`] when the folder holds an index; [`Error::InvalidDimension`];
    /// [`Error::Io`].
    pub fn create(dir: impl Into<PathBuf>, dim: usize) -> Result<Self> {
        let dir = dir.into();
        let manifest = Manifest::empty(dim)?;
        fs::create_dir_all(&dir).map_err(Error::io("create", &dir))?;
        let path = dir.join(manifest::FILE);
        if path.exists() {
            return Err(Error::AlreadyExists { path });
        }
        manifest.write(&dir)?;
        Ok(Self { dir, manifest })
    }

    /// Opens the index of a folder.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::Corrupt`] and [`Error::Version`], when there is none that can be
    /// read.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self> {
        let dir = dir.into();
        let manifest = Manifest::read(&dir)?;
        Ok(Self { dir, manifest })
    }

    /// Opens an index whose manifest is kept elsewhere. Nothing is read.
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

    /// What the index consists of, with everything appended and deleted so far.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Appends the rows of `[n, dim]`, of any layout, each made a unit vector, and returns their
    /// numbers. They are on disk when this returns, and count when the manifest is kept.
    ///
    /// Files are merged as they grow in number: the rows of the last ones are written again with
    /// the new ones, deleted ones included, as long as the last one is not larger than what comes
    /// after it. The old files stay until [`sweep`](Self::sweep).
    ///
    /// # Errors
    ///
    /// [`Error::DimensionMismatch`] and [`Error::InvalidRow`] for rows that do not fit;
    /// [`Error::TooManyRows`]; [`Error::Io`] when the file cannot be written, the disk being full
    /// for instance; [`Error::Corrupt`] when a file to be merged is damaged. The index is then as
    /// it was, on disk and here.
    ///
    /// # Complexity
    ///
    /// A row is written O(log(rows)) times in all, and there are O(log(rows)) files.
    pub fn append(&mut self, rows: ArrayView2<'_, f32>) -> Result<Range<u32>> {
        let dim = self.manifest.dim();
        check_dim(dim, rows.ncols())?;
        let first = self.manifest.rows();
        let end = grown(first, rows.nrows())?;
        if rows.nrows() == 0 {
            return Ok(first..end);
        }
        let (merged, total) = self.merge_plan(end - first);
        let kept = self.manifest.segments().len() - merged;
        let entry = self.write_segment(total, |push| {
            for entry in &self.manifest.segments()[kept..] {
                let segment = open_segment(&self.dir, entry, dim, Storage::Mapped)?;
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
        })?;
        tracing::debug!(file = entry.file, rows = rows.nrows(), merged, "appended");
        self.manifest.replace_last(merged, entry);
        Ok(first..end)
    }

    /// Writes so many rows, which `content` hands over a few at a time, to a new segment file, and
    /// their compact form to another; both are on disk when this returns.
    pub(crate) fn write_segment(
        &self,
        rows: u32,
        content: impl FnOnce(&mut dyn FnMut(&[f32]) -> Result<()>) -> Result<()>,
    ) -> Result<Entry> {
        let file = segment_name(self.next_number()?);
        let path = self.dir.join(&file);
        durable::write(&path, Existing::Keep, |out| {
            let write = || Error::io("write", &path);
            let mut out = SegmentEncoder::new(out, self.manifest.dim(), rows).map_err(write())?;
            content(&mut |values| out.push(values).map_err(write()))?;
            out.finish().map_err(write())
        })?;
        Segment::open(&path, Storage::Mapped)?.write_compact()?;
        Ok(Entry { file, rows })
    }

    /// How many segments at the end are merged with `new` rows, and the rows they make together.
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

    /// The number after the highest of this folder.
    fn next_number(&self) -> Result<u64> {
        let mut highest = self
            .manifest
            .files()
            .filter_map(segment_number)
            .max()
            .unwrap_or(0);
        for_each_name(&self.dir, |name| {
            let segment = segment_of(name);
            let number = segment.and_then(|segment| segment_number(&segment));
            highest = highest.max(number.unwrap_or(0));
            Ok(())
        })?;
        Ok(highest + 1)
    }

    /// Deletes rows: they are found no more, and their numbers are not used again before a
    /// [`merge`](Self::merge).
    ///
    /// # Errors
    ///
    /// [`Error::UnknownRow`] when a row does not exist; then none is deleted.
    pub fn delete(&mut self, rows: &RoaringBitmap) -> Result<()> {
        self.manifest.delete(rows)
    }

    /// Keeps the manifest as `manifest.json` in the folder, in place of the one there.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; the index on disk is then as it was at the last commit.
    pub fn commit(&mut self) -> Result<()> {
        self.manifest.write(&self.dir)
    }

    /// Removes the segment files that neither this manifest names nor the `manifest.json` of the
    /// folder, and what processes left that died while they wrote; returns how many. Other files
    /// are let alone.
    ///
    /// Where the manifest is kept elsewhere, call this after it is kept: files that only an older
    /// one names are removed. A reader that has them open goes on.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when a file cannot be removed; calling it again goes on. Those of
    /// [`open`](Self::open), when there is a `manifest.json` that cannot be read.
    pub fn sweep(&mut self) -> Result<usize> {
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
            let dead = segment_of(name).is_some_and(|segment| !named.contains(&*segment));
            if dead || durable::is_temporary(name) {
                let path = self.dir.join(name);
                fs::remove_file(&path).map_err(Error::io("remove", &path))?;
                removed += 1;
            }
            Ok(())
        })?;
        if removed > 0 {
            durable::sync_dir(&self.dir)?;
            tracing::debug!(dir = %self.dir.display(), removed, "swept");
        }
        Ok(removed)
    }
}

/// Opens a file that a manifest names, and checks that they agree.
pub(crate) fn open_segment(
    dir: &Path,
    entry: &Entry,
    dim: usize,
    storage: Storage,
) -> Result<Segment> {
    let path = dir.join(&entry.file);
    let segment = Segment::open(&path, storage)?;
    check_shape((dim, entry.rows), (segment.dim(), segment.rows()), &path)?;
    Ok(segment)
}

/// Calls `act` with each name in a folder that is text.
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
    use crate::FlatIndex;
    use crate::error::Damage;

    /// `n` rows that point in different directions of the plane.
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
            assert_eq!(writer.append(row).unwrap(), i..i + 1);
            assert!(writer.manifest().files().len() <= 8);
        }
        writer.commit().unwrap();
        assert!(names(dir.path()).len() > 100);
        assert!(writer.sweep().unwrap() > 100);
        let index = FlatIndex::open(dir.path()).unwrap();
        index.verify().unwrap();
        for (i, row) in rows.outer_iter().enumerate() {
            let id = crate::RowId::new(u32::try_from(i).unwrap());
            assert_eq!(index.row(id).unwrap(), Some(row));
        }
    }

    #[test]
    fn a_name_is_never_used_twice() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::create(dir.path(), 2).unwrap();
        writer.append(fan(4).view()).unwrap();
        writer.commit().unwrap();
        // A writer that is dropped leaves a file that counts for nothing.
        let mut dropped = IndexWriter::open(dir.path()).unwrap();
        dropped.append(fan(1).view()).unwrap();
        drop(dropped);
        writer.append(fan(2).view()).unwrap();
        let files: Vec<&str> = writer.manifest().files().collect();
        assert_eq!(files, ["segment-00000001.vec", "segment-00000003.vec"]);
    }

    #[test]
    fn sweeping_removes_what_the_manifest_does_not_name_and_nothing_else() {
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
        assert_eq!(writer.sweep().unwrap(), 4);
        assert_eq!(writer.sweep().unwrap(), 0);
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
        assert_eq!(writer.append(Array2::zeros((0, 2)).view()).unwrap(), 3..3);
        assert_eq!(names(dir.path()), files);
    }

    #[test]
    fn damage_is_not_merged_into_a_sound_file() {
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
        // Rows that need no merging are still taken.
        writer.append(fan(1).view()).unwrap();
    }

    #[test]
    fn an_index_is_not_created_over_another() {
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
