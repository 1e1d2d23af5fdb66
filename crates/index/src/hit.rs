use std::fmt;

/// The number of a row: dense, from 0, in the order in which rows were added.
///
/// A row keeps its number for ever: deleting rows and merging segments renumber nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(u32);

/// A row that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// The row.
    pub row: RowId,
    /// Its cosine similarity with the query: −1 to 1, but for rounding; higher is nearer.
    pub score: f32,
}

impl RowId {
    /// The row of this number.
    pub const fn new(row: u32) -> Self {
        Self(row)
    }

    /// The number, as bitmaps hold it.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The number, as slices want it.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<RowId> for u32 {
    fn from(row: RowId) -> Self {
        row.0
    }
}
