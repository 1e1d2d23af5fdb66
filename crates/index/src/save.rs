use std::path::PathBuf;

use crate::{FlatIndex, IndexWriter, Result, segment_files};

impl FlatIndex {
    /// Writes this index to a folder, which is created if it does not exist, so that
    /// [`open`](Self::open) finds the same rows under the same numbers, bit for bit. Deleted rows are
    /// written, too, and stay deleted. [`IndexWriter::open`] can append to the folder afterwards.
    ///
    /// The rows become one segment, with quantized codes if there are enough of them. Documents of an
    /// index on disk are not written.
    ///
    /// ```
    /// use cognate_index::{FlatIndex, IndexBuilder};
    /// use ndarray::array;
    ///
    /// let mut builder = IndexBuilder::new(2)?;
    /// let rows = builder.append(array![[3.0, 4.0], [0.0, 2.0]].view())?;
    ///
    /// let dir = tempfile::tempdir()?;
    /// builder.build().save(dir.path())?;
    /// let index = FlatIndex::open(dir.path())?;
    /// assert_eq!(index.search(array![1.0, 1.0].view(), 1)?[0].row, rows.start);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`Error::AlreadyExists`](crate::Error::AlreadyExists) if the folder holds an index,
    /// [`Error::Io`](crate::Error::Io) if it cannot be written, and
    /// [`Error::Corrupt`](crate::Error::Corrupt) if rows of this index are damaged. The folder then holds
    /// no index.
    ///
    /// # Complexity
    ///
    /// O(rows · dim) for writing, and O(rows · dim²) for the quantized codes.
    pub fn save(&self, dir: impl Into<PathBuf>) -> Result<()> {
        let mut writer = IndexWriter::without_file(dir.into(), self.dim())?;
        if self.rows > 0 {
            let content = |push: &mut dyn FnMut(&[f32]) -> Result<()>| {
                let mut blocks = self
                    .segments_at()
                    .iter()
                    .flat_map(|at| at.segment.checked_blocks());
                blocks.try_for_each(|block| push(block?))
            };
            let name = writer.next_name()?;
            let shape = (self.dim(), self.rows);
            let entry = segment_files::write(writer.dir(), &name, shape, content, None)?;
            writer.manifest_mut().replace_last(0, entry);
            writer.delete(self.deleted())?;
        }
        writer.commit()
    }
}
