use std::ops::Range;
use std::sync::Arc;

use ndarray::ArrayView2;
use roaring::RoaringBitmap;

use crate::normalize::{extend_with_unit_rows, invalid_row};
use crate::segment::Segment;
use crate::validate::{check_dim, check_index_dim, total_rows};
use crate::{FlatIndex, Result, RowId};

/// Builds a [`FlatIndex`] in memory, which [`FlatIndex::save`] writes to disk.
///
/// ```
/// use cognate_index::IndexBuilder;
/// use ndarray::array;
///
/// let mut builder = IndexBuilder::new(2)?;
/// let rows = builder.append(array![[3.0, 4.0], [0.0, 2.0]].view())?;
/// let index = builder.build();
/// assert_eq!(index.row(rows.start)?.unwrap(), array![0.6, 0.8]);
/// # Ok::<(), cognate_index::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct IndexBuilder {
    dim: usize,
    rows: u32,
    values: Vec<f32>,
}

impl IndexBuilder {
    /// Creates a builder of an index of vectors of `dim` dimensions.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidDimension`](crate::Error::InvalidDimension) if `dim` is 0 or above
    /// 65,536.
    pub fn new(dim: usize) -> Result<Self> {
        check_index_dim(dim)?;
        Ok(Self {
            dim,
            rows: 0,
            values: Vec::new(),
        })
    }

    /// Normalizes the rows of `[n, dim]`, in any memory layout, appends them, and returns their row
    /// numbers.
    ///
    /// # Errors
    ///
    /// Returns [`Error::DimensionMismatch`](crate::Error::DimensionMismatch) if the rows do not have
    /// the dimensions of the index, [`Error::InvalidRow`](crate::Error::InvalidRow) if a row cannot
    /// be normalized, and [`Error::TooManyRows`](crate::Error::TooManyRows) if the index would have
    /// more than `u32::MAX` rows. No row is appended then.
    pub fn append(&mut self, rows: ArrayView2<'_, f32>) -> Result<Range<RowId>> {
        check_dim(self.dim, rows.ncols())?;
        let first = self.rows;
        let end = total_rows(first, rows.nrows())?;
        extend_with_unit_rows(&mut self.values, rows).map_err(invalid_row(0))?;
        self.rows = end;
        Ok(RowId::range(first..end))
    }

    /// Returns the index of the appended rows.
    pub fn build(self) -> FlatIndex {
        let Self { dim, rows, values } = self;
        let segment = (rows > 0).then(|| Arc::new(Segment::in_memory(dim, rows, values)));
        FlatIndex::from_segments(dim, segment, RoaringBitmap::new())
    }
}
