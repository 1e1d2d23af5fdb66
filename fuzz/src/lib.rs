//! What the targets share: edits of intact files, and an embedder.
//!
//! Input that is a list of edits passes the magic number, lengths and checksums at once; input that
//! is a whole file would have to guess them first.

pub mod letters;

use libfuzzer_sys::arbitrary::{self, Arbitrary};

/// Changes to a file after it was written.
#[derive(Debug, Arbitrary)]
pub struct Edits {
    bytes: Vec<Edit>,
    /// The number of zero bytes to append or, if negative, of bytes to cut off.
    longer: i16,
}

/// A changed byte. Positions count from either end, because preambles and checksum tables lie there.
#[derive(Debug, Arbitrary)]
struct Edit {
    from_end: bool,
    at: u32,
    byte: u8,
}

impl Edits {
    /// Returns the bytes of the intact file with the edits applied.
    pub fn apply(&self, intact: &[u8]) -> Vec<u8> {
        let mut bytes = intact.to_vec();
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

/// Recomputes the CRC-32 of a preamble: the checksum of the first 60 bytes lies behind them.
pub fn renew_start(bytes: &mut [u8]) {
    let checksum = crc32fast::hash(&bytes[..60]);
    bytes[60..64].copy_from_slice(&checksum.to_le_bytes());
}

/// Returns the table of checksums of blocks, followed by the checksum of the table.
pub fn table<'a>(blocks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut table: Vec<u8> = blocks
        .into_iter()
        .flat_map(|block| crc32fast::hash(block).to_le_bytes())
        .collect();
    let checksum = crc32fast::hash(&table);
    table.extend(checksum.to_le_bytes());
    table
}
