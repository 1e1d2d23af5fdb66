/// The largest supported size of a head.
pub const MAX_HEAD_SIZE: usize = 128;

/// The largest width of a row that can be normalized.
pub const MAX_WIDTH: usize = 3072;

/// The widths of rows and the sizes of heads must be multiples of this number: a thread loads this
/// many values at a time.
pub const PACK: usize = 8;
