use std::fmt;
use std::ops::Range;

/// The number of a row. Row numbers are dense, start at 0, and follow the order of appending.
///
/// Deleting rows leaves row numbers unchanged. Only
/// [`IndexWriter::compact`](crate::IndexWriter::compact) renumbers rows, and returns a
/// [`RowMap`](crate::RowMap) from old numbers to new ones.
///
/// A row has this type wherever one is named. Sets of rows are [`roaring::RoaringBitmap`]s of row numbers,
/// into which [`get`](Self::get) converts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(u32);

/// A row found by a search.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Hit {
    /// The row.
    pub row: RowId,
    /// The cosine similarity of the row and the query, from −1 to 1 apart from rounding. Higher is
    /// more similar.
    pub score: f32,
}

impl Hit {
    /// Returns a hit of `row` with `score`.
    pub const fn new(row: RowId, score: f32) -> Self {
        Self { row, score }
    }
}

impl RowId {
    /// Returns the row with number `row`.
    pub const fn new(row: u32) -> Self {
        Self(row)
    }

    /// Returns the row number as stored in bitmaps.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Returns the row number as a slice index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl RowId {
    /// Returns the range of rows with these numbers.
    pub(crate) const fn range(rows: Range<u32>) -> Range<Self> {
        Self(rows.start)..Self(rows.end)
    }
}

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<u32> for RowId {
    fn from(row: u32) -> Self {
        Self(row)
    }
}

impl From<RowId> for u32 {
    fn from(row: RowId) -> Self {
        row.0
    }
}
