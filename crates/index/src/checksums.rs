//! Checksums of a file: the CRC-32 of each block, then the CRC-32 of the table of these.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::OnceLock;

use crate::{Damage, Error, Result};

/// The expected checksums of the blocks of a file, and the results of the checks made so far.
pub(crate) struct Checksums {
    expected: Vec<u32>,
    is_intact: Vec<OnceLock<bool>>,
    table_checksum: u32,
}

impl Checksums {
    /// Reads the table of `blocks` checksums that starts at byte `offset`.
    pub(crate) fn read(file: &mut File, offset: u64, blocks: usize, path: &Path) -> Result<Self> {
        let mut table = vec![0; table_len(blocks)];
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.read_exact(&mut table))
            .map_err(Error::io("read", path))?;
        let words = table.as_chunks::<4>().0.iter();
        let mut expected: Vec<u32> = words.map(|word| u32::from_le_bytes(*word)).collect();
        let table_checksum = crc32fast::hash(&table[..4 * blocks]);
        if expected.pop() != Some(table_checksum) {
            return Err(Error::corrupt(path, Damage::Table));
        }
        let is_intact = expected.iter().map(|_| OnceLock::new()).collect();
        Ok(Self {
            expected,
            is_intact,
            table_checksum,
        })
    }

    pub(crate) fn blocks(&self) -> usize {
        self.expected.len()
    }

    /// Returns the checksum of the table itself, which tells one file from another.
    pub(crate) fn table_checksum(&self) -> u32 {
        self.table_checksum
    }

    /// Returns whether a block matches its checksum, computing that on the first call only.
    pub(crate) fn is_intact(&self, block: usize, content: &[f32]) -> bool {
        *self.is_intact[block].get_or_init(|| self.matches(block, content))
    }

    /// Returns whether a block of bytes matches its checksum, computing that on the first call only.
    pub(crate) fn is_intact_bytes(&self, block: usize, content: &[u8]) -> bool {
        *self.is_intact[block].get_or_init(|| self.matches_bytes(block, content))
    }

    /// Computes whether a block of bytes matches its checksum, ignoring earlier results.
    pub(crate) fn matches_bytes(&self, block: usize, content: &[u8]) -> bool {
        crc32fast::hash(content) == self.expected[block]
    }

    /// Computes whether a block matches its checksum, ignoring earlier results.
    pub(crate) fn matches(&self, block: usize, content: &[f32]) -> bool {
        let mut hasher = crc32fast::Hasher::new();
        update(&mut hasher, content);
        hasher.finalize() == self.expected[block]
    }
}

/// Returns the length in bytes of the table of `blocks` checksums, including its own checksum.
pub(crate) fn table_len(blocks: usize) -> usize {
    4 * (blocks + 1)
}

/// Writes a table of checksums, given as bytes, followed by its own checksum.
pub(crate) fn write_table(out: &mut (impl Write + ?Sized), table: &[u8]) -> io::Result<()> {
    out.write_all(table)?;
    out.write_all(&crc32fast::hash(table).to_le_bytes())
}

/// Adds words to a checksum.
pub(crate) fn update(hasher: &mut crc32fast::Hasher, words: &[f32]) {
    with_bytes(words, |bytes| hasher.update(bytes));
}

/// Calls `act` with words as the little-endian bytes that a file holds.
pub(crate) fn with_bytes<T>(words: &[f32], act: impl FnOnce(&[u8]) -> T) -> T {
    if cfg!(target_endian = "little") {
        act(bytemuck::cast_slice(words))
    } else {
        act(&words
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect::<Vec<u8>>())
    }
}
