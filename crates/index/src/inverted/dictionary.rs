//! The sorted terms of a segment, each with the place of its postings.
//!
//! Every 32 terms are a block: the position of the postings of its first term, u64, then for each term the
//! number of bytes that it shares with the term before, the length of the rest, the rest, the number of
//! rows, the length of its list, and the length of its positions; all numbers but the first are varints.
//! The postings of a term follow the postings of the term before. After the blocks comes the position of each
//! block, u64.

use super::varint;

/// The number of terms of a block.
pub(super) const BLOCK: usize = 32;

/// The longest term, in bytes.
pub(crate) const MAX_TERM: usize = 1 << 16;

/// The place of the postings of a term.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TermEntry {
    /// The number of rows.
    pub(super) count: u32,
    /// The position of the list in the section of postings.
    pub(super) at: u64,
    pub(super) list_len: usize,
    pub(super) positions_len: usize,
}

/// The bytes of a block are not what this module writes.
#[derive(Clone, Copy, Debug)]
pub(super) struct InvalidBlock;

/// Encodes terms in ascending order.
#[derive(Debug, Default)]
pub(super) struct DictionaryEncoder {
    blocks: Vec<u8>,
    starts: Vec<u64>,
    terms: usize,
    last: Vec<u8>,
}

impl DictionaryEncoder {
    /// Adds a term after all terms added before.
    pub(super) fn push(&mut self, term: &[u8], entry: &TermEntry) {
        let is_first = self.terms.is_multiple_of(BLOCK);
        let mut shared = 0;
        if is_first {
            self.starts.push(self.blocks.len() as u64);
            self.blocks.extend(entry.at.to_le_bytes());
        } else {
            let pairs = self.last.iter().zip(term);
            shared = pairs.take_while(|(a, b)| a == b).count();
        }
        for number in [shared, term.len() - shared] {
            varint::put(&mut self.blocks, number as u64);
        }
        self.blocks.extend(&term[shared..]);
        for number in [entry.count as usize, entry.list_len, entry.positions_len] {
            varint::put(&mut self.blocks, number as u64);
        }
        self.last.clear();
        self.last.extend(term);
        self.terms += 1;
    }

    /// Returns the blocks, and the positions of the blocks as bytes.
    pub(super) fn finish(self) -> (Vec<u8>, Vec<u8>) {
        let starts = self.starts.iter().flat_map(|start| start.to_le_bytes());
        (self.blocks, starts.collect())
    }
}

/// Returns the first term of a block, or `None` if the block is too short.
pub(super) fn first_term(block: &[u8]) -> Option<&[u8]> {
    let (_, mut bytes) = block.split_first_chunk::<8>()?;
    let mut number = || usize::try_from(varint::take(&mut bytes)?).ok();
    let (shared, len) = (number()?, number()?);
    bytes.get(..len).filter(|_| shared == 0)
}

/// Decodes the terms of a block in order.
#[derive(Debug)]
pub(super) struct BlockReader<'a> {
    bytes: &'a [u8],
    term: Vec<u8>,
    next_at: u64,
    remaining: usize,
}

impl<'a> BlockReader<'a> {
    /// Starts to decode a block. Returns `None` if it is too short.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let (at, bytes) = bytes.split_first_chunk()?;
        Some(Self {
            bytes,
            term: Vec::new(),
            next_at: u64::from_le_bytes(*at),
            remaining: BLOCK,
        })
    }

    /// Decodes the next term; [`term`](Self::term) is then its name. Returns `None` at the end of the block.
    pub(super) fn next(&mut self) -> Result<Option<TermEntry>, InvalidBlock> {
        if self.remaining == 0 || self.bytes.is_empty() {
            return Ok(None);
        }
        self.remaining -= 1;
        self.decode().map(Some).ok_or(InvalidBlock)
    }

    fn decode(&mut self) -> Option<TermEntry> {
        let mut number = || usize::try_from(varint::take(&mut self.bytes)?).ok();
        let (shared, len) = (number()?, number()?);
        if shared > self.term.len() || len > MAX_TERM {
            return None;
        }
        let (rest, bytes) = self.bytes.split_at_checked(len)?;
        self.term.truncate(shared);
        self.term.extend(rest);
        self.bytes = bytes;
        let count = varint::take_u32(&mut self.bytes)?;
        let mut number = || usize::try_from(varint::take(&mut self.bytes)?).ok();
        let entry = TermEntry {
            count,
            at: self.next_at,
            list_len: number()?,
            positions_len: number()?,
        };
        let len = entry.list_len.checked_add(entry.positions_len)? as u64;
        self.next_at = self.next_at.checked_add(len)?;
        Some(entry)
    }

    /// Returns the name of the last term decoded.
    pub(super) fn term(&self) -> &[u8] {
        &self.term
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn blocks_round_trip(terms in prop::collection::btree_set("[ab]{0,6}", 1..150)) {
            let mut encoder = DictionaryEncoder::default();
            let mut at = 7;
            let mut expected = Vec::new();
            for (i, term) in terms.iter().enumerate() {
                let entry = TermEntry {
                    count: u32::try_from(i).unwrap(),
                    at,
                    list_len: i * 7,
                    positions_len: i,
                };
                at += 8 * i as u64;
                encoder.push(term.as_bytes(), &entry);
                expected.push((term.as_bytes().to_vec(), entry));
            }
            let (blocks, starts) = encoder.finish();
            let mut found = Vec::new();
            let starts: Vec<usize> = starts.as_chunks::<8>().0.iter()
                .map(|start| usize::try_from(u64::from_le_bytes(*start)).unwrap()).collect();
            prop_assert_eq!(starts.len(), terms.len().div_ceil(BLOCK));
            for (i, start) in starts.iter().enumerate() {
                let end = starts.get(i + 1).copied().unwrap_or(blocks.len());
                let block = &blocks[*start..end];
                prop_assert_eq!(first_term(block).unwrap(), expected[i * BLOCK].0.as_slice());
                let mut reader = BlockReader::new(block).unwrap();
                while let Some(entry) = reader.next().unwrap() {
                    found.push((reader.term().to_vec(), entry));
                }
            }
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn any_bytes_are_decoded_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = first_term(&bytes);
            if let Some(mut reader) = BlockReader::new(&bytes) {
                while let Ok(Some(_)) = reader.next() {}
            }
        }
    }
}
