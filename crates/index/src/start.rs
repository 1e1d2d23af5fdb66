//! The first 64 bytes of a file: magic, format version, numbers, and their CRC-32.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::Damage;
use crate::{Error, Result};

/// Their count; what follows begins at a multiple of it.
pub(crate) const LEN: usize = 64;

/// The place of the checksum, of all before it.
const CHECKSUM: usize = LEN - 4;

/// The first bytes of a file, the rest of which is `magic` and `version` of its kind.
pub(crate) struct Start([u8; LEN]);

impl Start {
    pub(crate) fn new(magic: &[u8; 8], version: u32) -> Self {
        let mut start = Self([0; LEN]);
        start.0[..8].copy_from_slice(magic);
        start.set(8, version);
        start
    }

    /// The number at a byte.
    pub(crate) fn get(&self, at: usize) -> u32 {
        let bytes = &self.0[at..at + 4];
        u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }

    pub(crate) fn set(&mut self, at: usize, number: u32) {
        self.0[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }

    /// As they are written.
    pub(crate) fn encode(mut self) -> [u8; LEN] {
        self.set(CHECKSUM, crc32fast::hash(&self.0[..CHECKSUM]));
        self.0
    }

    /// Reads them from the beginning of a file.
    pub(crate) fn read(
        file: &mut File,
        magic: &[u8; 8],
        version: u32,
        path: &Path,
    ) -> Result<Self> {
        let mut bytes = Vec::with_capacity(LEN);
        file.take(LEN as u64)
            .read_to_end(&mut bytes)
            .map_err(Error::io("read", path))?;
        Self::decode(&bytes, magic, version, path)
    }

    /// Of `bytes`, which are fewer if the file is shorter.
    pub(crate) fn decode(bytes: &[u8], magic: &[u8; 8], version: u32, path: &Path) -> Result<Self> {
        let corrupt = |damage| Err(Error::corrupt(path, damage));
        let begun = bytes.len().min(magic.len());
        if bytes.is_empty() || bytes[..begun] != magic[..begun] {
            return corrupt(Damage::NotASegment);
        }
        let Some(bytes) = bytes.first_chunk() else {
            return corrupt(Damage::Truncated {
                expected: LEN as u64,
                found: bytes.len() as u64,
            });
        };
        let start = Self(*bytes);
        let found = start.get(8);
        if found != version {
            return Err(Error::Version {
                path: path.to_owned(),
                found,
                expected: version,
            });
        }
        if start.get(CHECKSUM) != crc32fast::hash(&bytes[..CHECKSUM]) {
            return corrupt(Damage::Header);
        }
        Ok(start)
    }
}

/// Compares the length of a file with that which its start tells.
pub(crate) fn check_len(file: &File, expected: u64, path: &Path) -> Result<()> {
    let found = file.metadata().map_err(Error::io("read", path))?.len();
    if found == expected {
        return Ok(());
    }
    let damage = if found < expected {
        Damage::Truncated { expected, found }
    } else {
        Damage::TooLong { expected, found }
    };
    Err(Error::corrupt(path, damage))
}

/// Compares what a file says it holds with what another one says of it.
pub(crate) fn check_shape(
    (dim, rows): (usize, u32),
    found: (usize, u32),
    path: &Path,
) -> Result<()> {
    for (unit, expected, found) in [
        ("dimensions", dim, found.0),
        ("rows", rows as usize, found.1 as usize),
    ] {
        if expected != found {
            let damage = Damage::Contradiction {
                unit,
                expected,
                found,
            };
            return Err(Error::corrupt(path, damage));
        }
    }
    Ok(())
}
