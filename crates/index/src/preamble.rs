//! The first 64 bytes of a file: magic number, format version, fields, and their CRC-32.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::{Damage, Error, Result};

/// The position of the checksum, which covers all bytes before it.
const CHECKSUM: usize = FilePreamble::LEN - 4;

/// The first bytes of a file. The magic number and the version depend on the kind of file.
pub(crate) struct FilePreamble([u8; FilePreamble::LEN]);

impl FilePreamble {
    /// The size of the preamble in bytes; the payload starts at the next multiple of it.
    pub(crate) const LEN: usize = 64;

    pub(crate) fn new(magic: &[u8; 8], version: u32) -> Self {
        let mut preamble = Self([0; Self::LEN]);
        preamble.0[..8].copy_from_slice(magic);
        preamble.set(8, version);
        preamble
    }

    /// Returns the field at byte `offset`.
    pub(crate) fn get(&self, offset: usize) -> u32 {
        let bytes = &self.0[offset..offset + 4];
        u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }

    /// Sets the field at byte `offset`.
    pub(crate) fn set(&mut self, offset: usize, value: u32) {
        self.0[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
    }

    /// Returns the field of 64 bits at byte `offset`.
    pub(crate) fn get_u64(&self, offset: usize) -> u64 {
        u64::from(self.get(offset)) | u64::from(self.get(offset + 4)) << 32
    }

    /// Sets the field of 64 bits at byte `offset`.
    pub(crate) fn set_u64(&mut self, offset: usize, value: u64) {
        self.0[offset..offset + 8].copy_from_slice(&value.to_le_bytes());
    }

    /// Returns the bytes to write, with their checksum.
    pub(crate) fn encode(mut self) -> [u8; Self::LEN] {
        self.set(CHECKSUM, crc32fast::hash(&self.0[..CHECKSUM]));
        self.0
    }

    /// Reads the preamble from the start of a file.
    pub(crate) fn read(
        file: &mut File,
        magic: &[u8; 8],
        version: u32,
        path: &Path,
    ) -> Result<Self> {
        let mut bytes = Vec::with_capacity(Self::LEN);
        file.take(Self::LEN as u64)
            .read_to_end(&mut bytes)
            .map_err(Error::io("read", path))?;
        Self::decode(&bytes, magic, version, path)
    }

    /// Decodes the preamble from the first bytes of a file, which are fewer than
    /// [`LEN`](Self::LEN) if the file is shorter.
    pub(crate) fn decode(bytes: &[u8], magic: &[u8; 8], version: u32, path: &Path) -> Result<Self> {
        let corrupt = |damage| Err(Error::corrupt(path, damage));
        let compared = bytes.len().min(magic.len());
        if bytes.is_empty() || bytes[..compared] != magic[..compared] {
            return corrupt(Damage::NotASegment);
        }
        let Some(bytes) = bytes.first_chunk() else {
            return corrupt(Damage::Truncated {
                expected: Self::LEN as u64,
                found: bytes.len() as u64,
            });
        };
        let preamble = Self(*bytes);
        let found = preamble.get(8);
        if found != version {
            return Err(Error::Version {
                path: path.to_owned(),
                found,
                expected: version,
            });
        }
        if preamble.get(CHECKSUM) != crc32fast::hash(&bytes[..CHECKSUM]) {
            return corrupt(Damage::Header);
        }
        Ok(preamble)
    }
}

/// Checks that a file has `expected` bytes, the length that follows from its preamble.
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

/// Checks that the dimensions and rows that a file claims to hold are the expected ones.
pub(crate) fn check_shape(expected: (usize, u32), found: (usize, u32), path: &Path) -> Result<()> {
    for (unit, expected, found) in [
        ("dimensions", expected.0, found.0),
        ("rows", expected.1 as usize, found.1 as usize),
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
