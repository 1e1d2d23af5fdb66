//! Limits of an index and of its files.

/// The largest number of dimensions of a vector.
pub(crate) const MAX_DIM: usize = 1 << 16;
