/// The kind of damage found in a file of an index.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// The file does not start with the magic number of a segment or of its quantized codes.
    #[error("is not a Cognate segment")]
    NotASegment,
    /// The file is shorter than its header says, for example after an interrupted copy.
    #[error("is truncated: expected {expected} bytes, found {found}")]
    Truncated {
        /// The length that follows from the header, in bytes.
        expected: u64,
        /// The length of the file, in bytes.
        found: u64,
    },
    /// The file is longer than its header says.
    #[error("is too long: expected {expected} bytes, found {found}")]
    TooLong {
        /// The length that follows from the header, in bytes.
        expected: u64,
        /// The length of the file, in bytes.
        found: u64,
    },
    /// The header does not match its checksum, or holds values that are out of range.
    #[error("has a damaged header")]
    Header,
    /// The table of checksums does not match its own checksum.
    #[error("has a damaged table of checksums")]
    Table,
    /// The rotation matrix of quantized codes does not match its checksum.
    #[error("has a damaged rotation")]
    Rotation,
    /// Quantized codes were computed from other rows than those of the segment beside them.
    #[error("holds the quantized codes of other rows")]
    Foreign,
    /// A block of rows does not match its checksum.
    #[error("is damaged in rows {first} to {last}")]
    Rows {
        /// The first row of the block, counted within the file from 0.
        first: u32,
        /// The last row of the block, counted within the file from 0.
        last: u32,
    },
    /// A block of a file of terms does not match its checksum.
    #[error("is damaged in bytes {first} to {last}")]
    Bytes {
        /// The first byte of the block, counted from 0.
        first: u64,
        /// The last byte of the block.
        last: u64,
    },
    /// A file of terms matches its checksums but holds what this crate does not write.
    #[error("holds terms that cannot be decoded")]
    Terms,
    /// The manifest means another file of this name. Files of two copies of one library were mixed, or
    /// files of different times, for example by a backup that restored only some of them.
    #[error(
        "is not the file that the manifest means: it is another library's, or older or newer than the rest"
    )]
    AnotherFile,
    /// The manifest names no file of terms for a segment, because its rows were appended without documents.
    #[error("has no terms of its rows beside it")]
    NoTerms,
    /// A row matches its checksum but is not a unit vector, so this crate did not write the row.
    #[error("holds a vector that is not a unit vector in row {row}")]
    NotUnit {
        /// The row, counted within the file from 0.
        row: u32,
    },
    /// The header of a file contradicts the manifest.
    #[error("holds {found} {unit}, the manifest says {expected}")]
    Contradiction {
        /// The quantity that differs: `rows` or `dimensions`.
        unit: &'static str,
        /// The number in the manifest.
        expected: usize,
        /// The number in the header.
        found: usize,
    },
    /// A manifest is not valid JSON, or its content is invalid.
    #[error("is not a manifest: {reason}")]
    Manifest {
        /// The reason why the manifest is invalid.
        reason: String,
    },
}

impl Damage {
    /// Returns the damage of block `block` of a file with `rows` rows in blocks of `block_rows`
    /// rows. The last block may be shorter.
    pub(crate) fn rows_of_block(block: u32, block_rows: u32, rows: u32) -> Self {
        let first = block.saturating_mul(block_rows);
        let last = rows.min(first.saturating_add(block_rows)) - 1;
        Self::Rows { first, last }
    }
}
