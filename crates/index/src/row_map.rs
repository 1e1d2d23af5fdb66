use roaring::RoaringBitmap;

use crate::RowId;

/// The new row numbers after [`IndexWriter::compact`](crate::IndexWriter::compact). The order of rows
/// is unchanged.
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
/// let map = writer.compact()?;
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
    /// Returns the map of an index of `rows` rows from which `dropped` are dropped.
    pub(crate) fn new(rows: u32, dropped: RoaringBitmap) -> Self {
        Self { rows, dropped }
    }

    /// Returns the new number of row `old`, or `None` if the row was deleted or did not exist.
    ///
    /// # Complexity
    ///
    /// O(dropped rows / 65,536).
    pub fn get(&self, old: RowId) -> Option<RowId> {
        let old = old.get();
        if old >= self.rows || self.dropped.contains(old) {
            return None;
        }
        // At most `old` rows are below `old`, so their number fits in a u32.
        let dropped_below = u32::try_from(self.dropped.rank(old)).unwrap_or(old);
        Some(RowId::new(old - dropped_below))
    }

    /// Returns whether all row numbers are unchanged.
    pub fn is_identity(&self) -> bool {
        self.dropped.is_empty()
    }

    /// Returns the number of rows before compaction, deleted ones included.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Returns the old numbers of the rows that were dropped.
    pub fn dropped(&self) -> &RoaringBitmap {
        &self.dropped
    }
}
