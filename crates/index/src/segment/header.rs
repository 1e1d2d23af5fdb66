//! The layout of a segment file, format version 1. All numbers are little-endian.
//!
//! | bytes | content |
//! |---|---|
//! | 0 to 7 | magic: `COGNVEC` and a zero byte |
//! | 8 to 11 | format version: 1 |
//! | 12 to 15 | dimensions |
//! | 16 to 19 | rows |
//! | 20 to 23 | rows per block |
//! | 24 to 59 | zeros |
//! | 60 to 63 | CRC-32 of bytes 0 to 59 |
//! | 64 and on | rows, each `dimensions` f32 |
//! | then | CRC-32 of each block of rows, in order |
//! | last 4 | CRC-32 of that table |

use std::fs::File;
use std::path::Path;

use crate::limits::MAX_DIM;
use crate::preamble::{FilePreamble, check_len};
use crate::{Damage, Error, Result, checksums};

/// The format version that this release writes and reads.
const VERSION: u32 = 1;

const MAGIC: &[u8; 8] = b"COGNVEC\0";

/// The approximate number of bytes of rows that one checksum covers. It is small because a search
/// that reads scattered rows checks a whole block when it reads the first row of the block.
const BLOCK_BYTES: usize = 1 << 14;

/// The shape of a segment file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) dim: usize,
    pub(crate) rows: u32,
    pub(crate) block_rows: u32,
}

impl Header {
    /// Returns the header of a new file.
    pub(crate) fn new(dim: usize, rows: u32) -> Self {
        let block_rows = u32::try_from(BLOCK_BYTES / (dim * size_of::<f32>())).unwrap_or(1);
        Self {
            dim,
            rows,
            block_rows: block_rows.max(1),
        }
    }

    pub(crate) fn encode(self) -> [u8; FilePreamble::LEN] {
        let mut preamble = FilePreamble::new(MAGIC, VERSION);
        preamble.set(12, u32::try_from(self.dim).unwrap_or(u32::MAX));
        preamble.set(16, self.rows);
        preamble.set(20, self.block_rows);
        preamble.encode()
    }

    /// Reads the header from the start of a file and checks the length of the file.
    pub(crate) fn read(file: &mut File, path: &Path) -> Result<Self> {
        let header = Self::decode(&FilePreamble::read(file, MAGIC, VERSION, path)?, path)?;
        check_len(file, header.file_len(), path)?;
        Ok(header)
    }

    fn decode(preamble: &FilePreamble, path: &Path) -> Result<Self> {
        let header = Self {
            dim: preamble.get(12) as usize,
            rows: preamble.get(16),
            block_rows: preamble.get(20),
        };
        let is_valid =
            (1..=MAX_DIM).contains(&header.dim) && header.rows > 0 && header.block_rows > 0;
        if is_valid {
            Ok(header)
        } else {
            Err(Error::corrupt(path, Damage::Header))
        }
    }

    /// Returns the number of blocks, each with a checksum.
    pub(crate) fn blocks(self) -> u32 {
        self.rows.div_ceil(self.block_rows)
    }

    /// Returns the byte at which the table of checksums starts.
    pub(crate) fn table_offset(self) -> u64 {
        FilePreamble::LEN as u64 + u64::from(self.rows) * (self.dim * size_of::<f32>()) as u64
    }

    fn file_len(self) -> u64 {
        self.table_offset() + checksums::table_len(self.blocks() as usize) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> Result<Header> {
        let path = Path::new("x");
        Header::decode(&FilePreamble::decode(bytes, MAGIC, VERSION, path)?, path)
    }

    #[test]
    fn a_header_round_trips() {
        for (dim, rows) in [(1, 1), (384, 1000), (MAX_DIM, 3), (768, u32::MAX)] {
            let header = Header::new(dim, rows);
            assert_eq!(decoded(&header.encode()).unwrap(), header);
        }
        assert_eq!(Header::new(384, 1).block_rows, 10);
        assert_eq!(Header::new(MAX_DIM, 1).block_rows, 1);
    }

    #[test]
    fn every_flipped_bit_is_detected() {
        let header = Header::new(8, 100);
        for bit in 0..FilePreamble::LEN * 8 {
            let mut bytes = header.encode();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let error = decoded(&bytes).unwrap_err();
            match bit / 8 {
                0..8 => assert_eq!(error.to_string(), "`x` is not a Cognate segment"),
                8..12 => assert!(matches!(error, Error::Version { .. })),
                _ => assert_eq!(error.to_string(), "`x` has a damaged header"),
            }
        }
    }

    #[test]
    fn the_length_of_the_file_is_checked() {
        let path = Path::new("x");
        let header = Header::new(2, 3);
        assert_eq!(header.file_len(), 64 + 24 + 4 + 4);
        let file = tempfile::tempfile().unwrap();
        for (len, expected) in [
            (95, "`x` is truncated: expected 96 bytes, found 95"),
            (97, "`x` is too long: expected 96 bytes, found 97"),
        ] {
            file.set_len(len).unwrap();
            let error = check_len(&file, header.file_len(), path).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
        file.set_len(96).unwrap();
        check_len(&file, header.file_len(), path).unwrap();
        let shorter = decoded(&header.encode()[..10]).unwrap_err().to_string();
        assert_eq!(shorter, "`x` is truncated: expected 64 bytes, found 10");
        let none = decoded(&[]).unwrap_err().to_string();
        assert_eq!(none, "`x` is not a Cognate segment");
    }

    #[test]
    fn a_header_with_invalid_values_is_damage() {
        for (dim, rows, block_rows) in [(0, 1, 1), (MAX_DIM + 1, 1, 1), (1, 0, 1), (1, 1, 0)] {
            let header = Header {
                dim,
                rows,
                block_rows,
            };
            let error = decoded(&header.encode()).unwrap_err();
            assert_eq!(error.to_string(), "`x` has a damaged header");
        }
    }
}
