use std::fmt;
use std::sync::Arc;

use ndarray::{ArrayView1, ArrayView2};
use roaring::RoaringBitmap;

use crate::normalize::{extend_with_unit_rows, invalid_row};
use crate::segment::Segment;
use crate::validate::{check_dim, check_rows_exist, total_rows};
use crate::{Result, RowId};

/// An immutable index of unit vectors with exact search.
///
/// [`with_deleted`](Self::with_deleted), [`appended`](Self::appended) and [`reopen`](Self::reopen)
/// return new indexes that share the rows of this one. Cloning is cheap, and all methods can be
/// called from many threads at once.
#[derive(Clone)]
pub struct FlatIndex {
    dim: usize,
    pub(crate) rows: u32,
    segments: Arc<[SegmentAt]>,
    deleted: Arc<RoaringBitmap>,
}

/// A segment of an index.
#[derive(Clone)]
pub(crate) struct SegmentAt {
    /// The row number, in the index, of the first row of the segment.
    pub(crate) row_offset: u32,
    pub(crate) segment: Arc<Segment>,
}

impl FlatIndex {
    /// Makes an index of segments. The caller ensures that each segment has `dim` dimensions and at
    /// least one row, that there are at most `u32::MAX` rows, and that all deleted rows exist.
    pub(crate) fn from_segments(
        dim: usize,
        segments: impl IntoIterator<Item = Arc<Segment>>,
        deleted: RoaringBitmap,
    ) -> Self {
        let mut rows = 0;
        let append = |segment: Arc<Segment>| {
            let row_offset = rows;
            rows += segment.rows();
            SegmentAt {
                row_offset,
                segment,
            }
        };
        let segments = segments.into_iter().map(append).collect();
        Self {
            dim,
            rows,
            segments,
            deleted: Arc::new(deleted),
        }
    }

    /// Returns the number of dimensions of the vectors.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Returns the number of rows that are not deleted.
    pub fn len(&self) -> usize {
        self.rows() - usize::try_from(self.deleted.len()).unwrap_or(usize::MAX)
    }

    /// Returns whether there are no rows or all rows are deleted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of rows, deleted ones included. Row numbers are below it.
    pub fn rows(&self) -> usize {
        self.rows as usize
    }

    /// Returns the number of segments. Each segment on disk is a file.
    pub fn segments(&self) -> usize {
        self.segments.len()
    }

    /// Returns the deleted rows.
    pub fn deleted(&self) -> &RoaringBitmap {
        &self.deleted
    }

    /// Returns the unit vector of a row, or `None` if the row does not exist or is deleted.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Corrupt`](crate::Error::Corrupt) if the row is damaged.
    pub fn row(&self, row: RowId) -> Result<Option<ArrayView1<'_, f32>>> {
        if row.get() >= self.rows || self.deleted.contains(row.get()) {
            return Ok(None);
        }
        Ok(Some(ArrayView1::from(self.values(row.get())?)))
    }

    /// Returns the values of an existing row.
    pub(crate) fn values(&self, row: u32) -> Result<&[f32]> {
        let next = self.segments.partition_point(|at| at.row_offset <= row);
        let SegmentAt {
            row_offset,
            segment,
        } = &self.segments[next - 1];
        segment.read(row - row_offset..row - row_offset + 1)
    }

    pub(crate) fn segments_at(&self) -> &[SegmentAt] {
        &self.segments
    }

    pub(crate) fn shared_segments(&self) -> impl Iterator<Item = Arc<Segment>> {
        self.segments.iter().map(|at| Arc::clone(&at.segment))
    }

    /// Returns this index with `rows` deleted in addition.
    ///
    /// # Errors
    ///
    /// Returns [`Error::UnknownRow`](crate::Error::UnknownRow) if a row does not exist.
    ///
    /// # Complexity
    ///
    /// O(deleted rows); no vector is copied.
    pub fn with_deleted(&self, rows: &RoaringBitmap) -> Result<Self> {
        check_rows_exist(rows, self.rows)?;
        let deleted = Arc::new(&*self.deleted | rows);
        Ok(Self {
            deleted,
            ..self.clone()
        })
    }

    /// Returns this index with the rows of `[n, dim]`, normalized, appended in memory.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`IndexBuilder::append`](crate::IndexBuilder::append).
    ///
    /// # Complexity
    ///
    /// O(n · log(rows)), amortized over many calls: a segment in memory at the end is merged with
    /// the rows after it unless it is larger than they are.
    pub fn appended(&self, rows: ArrayView2<'_, f32>) -> Result<Self> {
        check_dim(self.dim, rows.ncols())?;
        let new = total_rows(self.rows, rows.nrows())? - self.rows;
        if new == 0 {
            return Ok(self.clone());
        }
        let mut total = new;
        let mut kept = self.segments.len();
        while let Some(last) = kept.checked_sub(1).map(|last| &self.segments[last].segment)
            && last.path().is_none()
            && last.rows() <= total
        {
            total += last.rows();
            kept -= 1;
        }
        let mut values = Vec::with_capacity(total as usize * self.dim);
        for merged in &self.segments[kept..] {
            values.extend_from_slice(merged.segment.unchecked_values());
        }
        extend_with_unit_rows(&mut values, rows).map_err(invalid_row(0))?;
        let last = Arc::new(Segment::in_memory(self.dim, total, values));
        let segments = self.shared_segments().take(kept).chain([last]);
        Ok(Self::from_segments(
            self.dim,
            segments,
            (*self.deleted).clone(),
        ))
    }
}

impl fmt::Debug for FlatIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlatIndex")
            .field("dim", &self.dim)
            .field("rows", &self.rows)
            .field("deleted", &self.deleted.len())
            .field("segments", &self.segments.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::IndexBuilder;

    fn one_hot(n: usize) -> Array2<f32> {
        Array2::from_shape_fn((n, 3), |(i, j)| if i % 3 == j { 1.0 } else { 0.0 })
    }

    #[test]
    fn an_index_that_grows_keeps_its_rows_and_has_few_segments() {
        let mut index = IndexBuilder::new(3).unwrap().build();
        assert_eq!((index.segments(), index.rows()), (0, 0));
        for n in 1..200 {
            let before = index.clone();
            let row = one_hot(n)
                .row(n - 1)
                .insert_axis(ndarray::Axis(0))
                .to_owned();
            index = before.appended(row.view()).unwrap();
            assert_eq!((before.rows(), index.rows()), (n - 1, n));
            assert!(index.segments() <= 8);
        }
        for (i, row) in one_hot(199).outer_iter().enumerate() {
            assert_eq!(
                index.row(RowId::new(u32::try_from(i).unwrap())).unwrap(),
                Some(row)
            );
        }
        assert_eq!(index.row(RowId::new(199)).unwrap(), None);
        assert_eq!(index.row(RowId::new(u32::MAX)).unwrap(), None);
    }

    #[test]
    fn large_segments_are_shared_instead_of_copied() {
        let mut builder = IndexBuilder::new(3).unwrap();
        builder.append(one_hot(10).view()).unwrap();
        let small = builder.build();
        let large = small.appended(one_hot(3).view()).unwrap();
        assert!(Arc::ptr_eq(
            &small.segments[0].segment,
            &large.segments[0].segment
        ));
        assert!(Arc::ptr_eq(&small.clone().segments, &small.segments));
        let deleted = large.with_deleted(&[1].into()).unwrap();
        assert!(Arc::ptr_eq(&deleted.segments, &large.segments));
    }

    #[test]
    fn invalid_rows_are_errors() {
        let mut builder = IndexBuilder::new(2).unwrap();
        builder.append(array![[1.0, 0.0]].view()).unwrap();
        let error = builder
            .append(array![[1.0, 0.0], [0.0, 0.0]].view())
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "row 1 has no direction: every component is 0"
        );
        assert_eq!(
            builder.append(array![[1.0, 0.0]].view()).unwrap(),
            RowId::range(1..2)
        );
        let index = builder.build();
        let error = index
            .appended(array![[1.0]].view())
            .unwrap_err()
            .to_string();
        assert_eq!(error, "expected a vector of 2 dimensions, found 1");
        assert!(index.appended(array![[f32::NAN, 0.0]].view()).is_err());
        assert!(IndexBuilder::new(0).is_err());
    }

    #[test]
    fn an_index_can_be_shared_between_threads() {
        fn check<T: Send + Sync + Clone + 'static>() {}
        check::<FlatIndex>();
    }
}
