use std::fmt;
use std::sync::Arc;

use ndarray::{ArrayView1, ArrayView2};
use roaring::RoaringBitmap;

use crate::manifest::{check_deleted, grown};
use crate::segment::Segment;
use crate::unit::{check_dim, extend_with_unit_rows, invalid_row};
use crate::{Result, RowId};

/// Unit vectors, searched so that the answer is exact.
///
/// A value never changes; [`with_deleted`](Self::with_deleted), [`appended`](Self::appended) and
/// [`reopen`](Self::reopen) give new ones, which share the rows. Cloning is cheap, and all
/// methods may be called from many threads at once.
#[derive(Clone)]
pub struct FlatIndex {
    dim: usize,
    pub(crate) rows: u32,
    segments: Arc<[Placed]>,
    deleted: Arc<RoaringBitmap>,
}

/// A segment and the number of its first row.
#[derive(Clone)]
pub(crate) struct Placed {
    pub(crate) first: u32,
    pub(crate) segment: Arc<Segment>,
}

impl FlatIndex {
    /// The callers see to it that segments have `dim` dimensions and at least one row each, that
    /// they are not too many rows, and that deleted rows exist.
    pub(crate) fn from_segments(
        dim: usize,
        segments: impl IntoIterator<Item = Arc<Segment>>,
        deleted: RoaringBitmap,
    ) -> Self {
        let mut rows = 0;
        let place = |segment: Arc<Segment>| {
            let first = rows;
            rows += segment.rows();
            Placed { first, segment }
        };
        let segments = segments.into_iter().map(place).collect();
        Self {
            dim,
            rows,
            segments,
            deleted: Arc::new(deleted),
        }
    }

    /// The dimensions of the vectors.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The rows that can be found.
    pub fn len(&self) -> usize {
        self.rows() - usize::try_from(self.deleted.len()).unwrap_or(usize::MAX)
    }

    /// Whether no row can be found.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows, deleted ones included: all numbers below are, or were, rows.
    pub fn rows(&self) -> usize {
        self.rows as usize
    }

    /// The segments, of which those on disk are a file each.
    pub fn segments(&self) -> usize {
        self.segments.len()
    }

    /// The rows that are deleted.
    pub fn deleted(&self) -> &RoaringBitmap {
        &self.deleted
    }

    /// The unit vector of a row; none when it does not exist or is deleted.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`](crate::Error::Corrupt) when the row is not as it was written.
    pub fn row(&self, row: RowId) -> Result<Option<ArrayView1<'_, f32>>> {
        if row.get() >= self.rows || self.deleted.contains(row.get()) {
            return Ok(None);
        }
        Ok(Some(ArrayView1::from(self.values(row.get())?)))
    }

    /// The values of a row that exists.
    pub(crate) fn values(&self, row: u32) -> Result<&[f32]> {
        let after = self.segments.partition_point(|placed| placed.first <= row);
        let Placed { first, segment } = &self.segments[after - 1];
        segment.read(row - first..row - first + 1)
    }

    pub(crate) fn placed(&self) -> &[Placed] {
        &self.segments
    }

    pub(crate) fn shared(&self) -> impl Iterator<Item = Arc<Segment>> {
        self.segments
            .iter()
            .map(|placed| Arc::clone(&placed.segment))
    }

    /// The same index with further rows deleted.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownRow`](crate::Error::UnknownRow) when a row does not exist.
    ///
    /// # Complexity
    ///
    /// O(deleted rows); no vector is copied.
    pub fn with_deleted(&self, rows: &RoaringBitmap) -> Result<Self> {
        check_deleted(rows, self.rows)?;
        let deleted = Arc::new(&*self.deleted | rows);
        Ok(Self {
            deleted,
            ..self.clone()
        })
    }

    /// The same index with the rows of `[n, dim]` after its own, in memory.
    ///
    /// # Errors
    ///
    /// Those of [`IndexBuilder::append`](crate::IndexBuilder::append).
    ///
    /// # Complexity
    ///
    /// O(n · log(rows)) on average over many calls: segments in memory at the end that are not
    /// larger than what comes after them are merged with it.
    pub fn appended(&self, rows: ArrayView2<'_, f32>) -> Result<Self> {
        check_dim(self.dim, rows.ncols())?;
        let new = grown(self.rows, rows.nrows())? - self.rows;
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
        for placed in &self.segments[kept..] {
            values.extend_from_slice(placed.segment.values());
        }
        extend_with_unit_rows(&mut values, rows).map_err(invalid_row(0))?;
        let last = Arc::new(Segment::in_memory(self.dim, total, values));
        let segments = self.shared().take(kept).chain([last]);
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
    fn growing_keeps_rows_and_few_segments() {
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
    fn large_segments_are_shared_and_not_copied() {
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
    fn rows_that_do_not_fit_are_errors() {
        let mut builder = IndexBuilder::new(2).unwrap();
        builder.append(array![[1.0, 0.0]].view()).unwrap();
        let error = builder
            .append(array![[1.0, 0.0], [0.0, 0.0]].view())
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "row 1 has no direction: every component is 0"
        );
        assert_eq!(builder.append(array![[1.0, 0.0]].view()).unwrap(), 1..2);
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
    fn it_is_shared_between_threads() {
        fn check<T: Send + Sync + Clone + 'static>() {}
        check::<FlatIndex>();
    }
}
