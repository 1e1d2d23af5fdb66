use std::ops::Range;
use std::sync::Arc;

use ndarray::ArrayView2;
use roaring::RoaringBitmap;

use crate::manifest::{Manifest, grown};
use crate::segment::Segment;
use crate::unit::{check_dim, extend_with_unit_rows, invalid_row};
use crate::{FlatIndex, Result};

/// Collects rows for a [`FlatIndex`] in memory.
///
/// ```
/// use cognate_index::IndexBuilder;
/// use ndarray::array;
///
/// let mut builder = IndexBuilder::new(2)?;
/// assert_eq!(builder.append(array![[3.0, 4.0], [0.0, 2.0]].view())?, 0..2);
/// let index = builder.build();
/// assert_eq!(index.row(cognate_index::RowId::new(0))?.unwrap(), array![0.6, 0.8]);
/// # Ok::<(), cognate_index::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct IndexBuilder {
    dim: usize,
    rows: u32,
    values: Vec<f32>,
}

impl IndexBuilder {
    /// Starts an index of vectors of `dim` dimensions.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidDimension`](crate::Error::InvalidDimension) when there are no such vectors.
    pub fn new(dim: usize) -> Result<Self> {
        Manifest::empty(dim)?;
        Ok(Self {
            dim,
            rows: 0,
            values: Vec::new(),
        })
    }

    /// Appends the rows of `[n, dim]`, of any layout, each made a unit vector, and returns their
    /// numbers.
    ///
    /// # Errors
    ///
    /// [`Error::DimensionMismatch`](crate::Error::DimensionMismatch),
    /// [`Error::InvalidRow`](crate::Error::InvalidRow) and
    /// [`Error::TooManyRows`](crate::Error::TooManyRows); nothing was appended then.
    pub fn append(&mut self, rows: ArrayView2<'_, f32>) -> Result<Range<u32>> {
        check_dim(self.dim, rows.ncols())?;
        let first = self.rows;
        let end = grown(first, rows.nrows())?;
        extend_with_unit_rows(&mut self.values, rows).map_err(invalid_row(0))?;
        self.rows = end;
        Ok(first..end)
    }

    /// The index of what was appended.
    pub fn build(self) -> FlatIndex {
        let Self { dim, rows, values } = self;
        let segment = (rows > 0).then(|| Arc::new(Segment::in_memory(dim, rows, values)));
        FlatIndex::from_segments(dim, segment, RoaringBitmap::new())
    }
}
