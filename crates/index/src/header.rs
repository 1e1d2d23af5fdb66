//! The layout of a segment file, format version 1. All numbers are little-endian.
//!
//! | bytes | what |
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

use std::path::Path;

use crate::error::Damage;
use crate::{Error, Result};

/// The format version that this release writes and reads.
pub(crate) const VERSION: u32 = 1;

/// The greatest number of dimensions.
pub(crate) const MAX_DIM: usize = 1 << 16;

/// The length of the header in bytes: rows start at a multiple of it.
pub(crate) const LEN: usize = 64;

const MAGIC: &[u8; 8] = b"COGNVEC\0";

/// The bytes of rows that one checksum is for, about.
const BLOCK_BYTES: usize = 1 << 20;

/// What a segment file says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) dim: usize,
    pub(crate) rows: u32,
    pub(crate) block_rows: u32,
}

impl Header {
    /// The header of a new file.
    pub(crate) fn new(dim: usize, rows: u32) -> Self {
        let block_rows = u32::try_from(BLOCK_BYTES / (dim * size_of::<f32>())).unwrap_or(1);
        Self {
            dim,
            rows,
            block_rows: block_rows.max(1),
        }
    }

    pub(crate) fn encode(self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        bytes[..8].copy_from_slice(MAGIC);
        let dim = u32::try_from(self.dim).unwrap_or(u32::MAX);
        for (at, field) in [
            (8, VERSION),
            (12, dim),
            (16, self.rows),
            (20, self.block_rows),
        ] {
            bytes[at..at + 4].copy_from_slice(&field.to_le_bytes());
        }
        let checksum = crc32fast::hash(&bytes[..LEN - 4]);
        bytes[LEN - 4..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads the start of a file of `len` bytes; `bytes` is all of it if it is shorter than a
    /// header. `path` is for the error.
    pub(crate) fn decode(bytes: &[u8], len: u64, path: &Path) -> Result<Self> {
        let corrupt = |damage| Err(Error::corrupt(path, damage));
        let start = bytes.len().min(MAGIC.len());
        if bytes.is_empty() || bytes[..start] != MAGIC[..start] {
            return corrupt(Damage::NotASegment);
        }
        let Some(bytes) = bytes.first_chunk::<LEN>() else {
            return corrupt(Damage::Truncated {
                expected: LEN as u64,
                found: len,
            });
        };
        let field = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let found = field(8);
        if found != VERSION {
            return Err(Error::Version {
                path: path.to_owned(),
                found,
                expected: VERSION,
            });
        }
        let header = Self {
            dim: field(12) as usize,
            rows: field(16),
            block_rows: field(20),
        };
        let checksum = crc32fast::hash(&bytes[..LEN - 4]);
        let sound = (1..=MAX_DIM).contains(&header.dim) && header.rows > 0 && header.block_rows > 0;
        if field(LEN - 4) != checksum || !sound {
            return corrupt(Damage::Header);
        }
        let expected = header.file_len();
        match len {
            found if found < expected => corrupt(Damage::Truncated { expected, found }),
            found if found > expected => corrupt(Damage::TooLong { expected, found }),
            _ => Ok(header),
        }
    }

    /// The blocks that have a checksum each.
    pub(crate) fn blocks(self) -> u32 {
        self.rows.div_ceil(self.block_rows)
    }

    /// Where the table of checksums begins, in bytes.
    pub(crate) fn table_offset(self) -> u64 {
        LEN as u64 + u64::from(self.rows) * (self.dim * size_of::<f32>()) as u64
    }

    fn file_len(self) -> u64 {
        self.table_offset() + (u64::from(self.blocks()) + 1) * size_of::<u32>() as u64
    }
}

/// The checksum of some rows.
pub(crate) fn checksum(rows: &[f32]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    update(&mut hasher, rows);
    hasher.finalize()
}

/// Goes on with the checksum of some rows.
pub(crate) fn update(hasher: &mut crc32fast::Hasher, rows: &[f32]) {
    with_bytes(rows, |bytes| hasher.update(bytes));
}

/// Hands out rows as the bytes that a file holds.
pub(crate) fn with_bytes<T>(rows: &[f32], act: impl FnOnce(&[u8]) -> T) -> T {
    if cfg!(target_endian = "little") {
        act(bytemuck::cast_slice(rows))
    } else {
        act(&rows
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect::<Vec<u8>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_comes_back() {
        for (dim, rows) in [(1, 1), (384, 1000), (MAX_DIM, 3), (768, u32::MAX)] {
            let header = Header::new(dim, rows);
            let found = Header::decode(&header.encode(), header.file_len(), Path::new("x"));
            assert_eq!(found.unwrap(), header);
        }
        assert_eq!(Header::new(384, 1).block_rows, 682);
        assert_eq!(Header::new(MAX_DIM, 1).block_rows, 4);
    }

    #[test]
    fn every_damaged_bit_is_noticed() {
        let header = Header::new(8, 100);
        for bit in 0..LEN * 8 {
            let mut bytes = header.encode();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let error = Header::decode(&bytes, header.file_len(), Path::new("x")).unwrap_err();
            match bit / 8 {
                0..8 => assert_eq!(error.to_string(), "`x` is not a Cognate segment"),
                8..12 => assert!(matches!(error, Error::Version { .. })),
                _ => assert_eq!(error.to_string(), "`x` has a damaged header"),
            }
        }
    }

    #[test]
    fn the_length_of_the_file_is_checked() {
        let header = Header::new(2, 3);
        let decode = |bytes: &[u8], len| Header::decode(bytes, len, Path::new("x")).unwrap_err();
        let bytes = header.encode();
        assert_eq!(header.file_len(), 64 + 24 + 4 + 4);
        let short = decode(&bytes, 95).to_string();
        assert_eq!(short, "`x` is truncated: expected 96 bytes, found 95");
        let long = decode(&bytes, 97).to_string();
        assert_eq!(long, "`x` is too long: expected 96 bytes, found 97");
        let shorter = decode(&bytes[..10], 10).to_string();
        assert_eq!(shorter, "`x` is truncated: expected 64 bytes, found 10");
        assert_eq!(decode(&[], 0).to_string(), "`x` is not a Cognate segment");
    }

    #[test]
    fn a_header_that_no_segment_has_is_damage() {
        for (dim, rows, block_rows) in [(0, 1, 1), (MAX_DIM + 1, 1, 1), (1, 0, 1), (1, 1, 0)] {
            let bytes = Header {
                dim,
                rows,
                block_rows,
            }
            .encode();
            let error = Header::decode(&bytes, 96, Path::new("x")).unwrap_err();
            assert_eq!(error.to_string(), "`x` has a damaged header");
        }
    }
}
