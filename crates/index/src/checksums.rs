//! Checksums of the blocks of a file: CRC-32 of each, then CRC-32 of the table of these.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::OnceLock;

use crate::error::Damage;
use crate::{Error, Result};

/// What the blocks of a file should be, and whether those that were used so far are.
pub(crate) struct Checksums {
    expected: Vec<u32>,
    sound: Vec<OnceLock<bool>>,
    of_table: u32,
}

impl Checksums {
    /// Reads the table of `blocks` blocks from byte `offset` on.
    pub(crate) fn read(file: &mut File, offset: u64, blocks: usize, path: &Path) -> Result<Self> {
        let mut table = vec![0; table_len(blocks)];
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.read_exact(&mut table))
            .map_err(Error::io("read", path))?;
        let words = table.as_chunks::<4>().0.iter();
        let mut expected: Vec<u32> = words.map(|word| u32::from_le_bytes(*word)).collect();
        let of_table = crc32fast::hash(&table[..4 * blocks]);
        if expected.pop() != Some(of_table) {
            return Err(Error::corrupt(path, Damage::Table));
        }
        let sound = expected.iter().map(|_| OnceLock::new()).collect();
        Ok(Self {
            expected,
            sound,
            of_table,
        })
    }

    pub(crate) fn blocks(&self) -> usize {
        self.expected.len()
    }

    /// That of the table itself, which tells one file from another.
    pub(crate) fn of_table(&self) -> u32 {
        self.of_table
    }

    /// Whether a block is as it was written; it is looked at when it is used first.
    pub(crate) fn is_sound(&self, block: usize, content: &[f32]) -> bool {
        *self.sound[block].get_or_init(|| self.matches(block, content))
    }

    /// Looks at a block, whatever is known of it.
    pub(crate) fn matches(&self, block: usize, content: &[f32]) -> bool {
        let mut hasher = crc32fast::Hasher::new();
        update(&mut hasher, content);
        hasher.finalize() == self.expected[block]
    }
}

/// The length of the table of so many blocks, in bytes.
pub(crate) fn table_len(blocks: usize) -> usize {
    4 * (blocks + 1)
}

/// Writes the table of blocks whose checksums, in bytes, are `table`.
pub(crate) fn write_table(out: &mut (impl Write + ?Sized), table: &[u8]) -> io::Result<()> {
    out.write_all(table)?;
    out.write_all(&crc32fast::hash(table).to_le_bytes())
}

/// Goes on with the checksum of some words.
pub(crate) fn update(hasher: &mut crc32fast::Hasher, words: &[f32]) {
    with_bytes(words, |bytes| hasher.update(bytes));
}

/// Hands out words as the bytes that a file holds.
pub(crate) fn with_bytes<T>(words: &[f32], act: impl FnOnce(&[u8]) -> T) -> T {
    if cfg!(target_endian = "little") {
        act(bytemuck::cast_slice(words))
    } else {
        act(&words
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect::<Vec<u8>>())
    }
}
