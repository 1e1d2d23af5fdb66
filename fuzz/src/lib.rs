//! Edits of sound files, which the targets share.
//!
//! Input that is a list of edits comes behind magic, lengths and checksums at once; bytes that are
//! a whole file would have to guess them first.

use libfuzzer_sys::arbitrary::{self, Arbitrary};

/// What happened to a file since it was written.
#[derive(Debug, Arbitrary)]
pub struct Edits {
    bytes: Vec<Edit>,
    /// Bytes that are appended, or cut off when there are fewer than none.
    longer: i16,
}

/// A byte that changed. Starts and tables are at the ends, so these are easy to hit.
#[derive(Debug, Arbitrary)]
struct Edit {
    from_end: bool,
    at: u32,
    byte: u8,
}

impl Edits {
    /// The bytes of the file, edited.
    pub fn apply(&self, sound: &[u8]) -> Vec<u8> {
        let mut bytes = sound.to_vec();
        for edit in &self.bytes {
            let at = edit.at as usize % bytes.len();
            let at = if edit.from_end {
                bytes.len() - 1 - at
            } else {
                at
            };
            bytes[at] = edit.byte;
        }
        let len = bytes.len().saturating_add_signed(self.longer.into());
        bytes.resize(len, 0);
        bytes
    }
}

/// Writes the CRC-32 of the first 60 bytes of a file behind them, where its start has it.
pub fn renew_start(bytes: &mut [u8]) {
    let checksum = crc32fast::hash(&bytes[..60]);
    bytes[60..64].copy_from_slice(&checksum.to_le_bytes());
}

/// The table of checksums of blocks, and its own.
pub fn table<'a>(blocks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut table: Vec<u8> = blocks
        .into_iter()
        .flat_map(|block| crc32fast::hash(block).to_le_bytes())
        .collect();
    let checksum = crc32fast::hash(&table);
    table.extend(checksum.to_le_bytes());
    table
}
