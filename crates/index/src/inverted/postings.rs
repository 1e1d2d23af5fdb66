//! The rows that have a term: how a list of them is written and read.
//!
//! Rows are in ascending order. Every 128 of them are a block of bit-packed numbers (Lemire and Boytsov,
//! "Decoding billions of integers per second through vectorization", 2015); the last rows, fewer than 128,
//! are varints.
//!
//! | part | content |
//! |---|---|
//! | for each block, 16 bytes | its last row, u32; the position of its data, u32; the position of its term positions, u32; the highest frequency in field 0 and in field 1, u8 each, 255 for any above; the shortest length of a row, u16, 65,535 for any above |
//! | each block | bits of a row, bits of a frequency in either field, u8 each; gaps of rows less 1, frequencies in field 0, frequencies in field 1 |
//! | the last rows | for each the gap less 1, the frequency in field 0, the frequency in field 1, varints |
//!
//! The first gap of a block counts from the last row of the block before, or from −1. A tag has a value
//! in place of a frequency, and no second field.

use bitpacking::{BitPacker, BitPacker4x};

use super::varint;

/// The number of rows of a block.
pub(super) const BLOCK: usize = BitPacker4x::BLOCK_LEN;

/// The length of the description of a block, in bytes.
const SKIP_LEN: usize = 16;

/// A row that has a term, with the number of times that each field has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Posting {
    pub(crate) row: u32,
    pub(crate) frequencies: [u32; 2],
}

/// Whether postings are of a term of a text or of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Term,
    Tag,
}

/// Encodes the postings of one term after another.
#[derive(Debug)]
pub(super) struct PostingsEncoder {
    kind: Kind,
    count: u32,
    /// The rows since the last full block.
    pending: Vec<(Posting, u32)>,
    /// The row after the last row of the full blocks.
    next_row: u32,
    skips: Vec<u8>,
    blocks: Vec<u8>,
    positions: Vec<u8>,
    /// The position in `positions` at which the positions of `pending` begin.
    pending_positions: usize,
}

/// The postings of a term as bytes.
#[derive(Debug)]
pub(super) struct EncodedPostings {
    pub(super) count: u32,
    pub(super) list: Vec<u8>,
    pub(super) positions: Vec<u8>,
}

impl PostingsEncoder {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            count: 0,
            pending: Vec::with_capacity(BLOCK),
            next_row: 0,
            skips: Vec::new(),
            blocks: Vec::new(),
            positions: Vec::new(),
            pending_positions: 0,
        }
    }

    /// Adds a row after all rows added before. `length` is the number of terms of the row, and
    /// `positions` the encoded positions of the term in it.
    pub(super) fn push(&mut self, posting: Posting, length: u32, positions: &[u8]) {
        self.count += 1;
        self.pending.push((posting, length));
        self.positions.extend_from_slice(positions);
        if self.pending.len() == BLOCK {
            self.end_block();
        }
    }

    fn end_block(&mut self) {
        let packer = BitPacker4x::new();
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let mut columns = [[0_u32; BLOCK]; 3];
        let mut next = self.next_row;
        for (i, (posting, _)) in self.pending.iter().enumerate() {
            columns[0][i] = posting.row - next;
            next = posting.row.saturating_add(1);
            [columns[1][i], columns[2][i]] = posting.frequencies;
        }
        let used = if self.kind == Kind::Term { 3 } else { 2 };
        let at = number(self.blocks.len());
        let bits = columns.map(|column| packer.num_bits(&column));
        self.blocks.extend(&bits[..used]);
        let mut packed = [0; 4 * BLOCK];
        for (column, bits) in columns.iter().zip(bits).take(used) {
            let len = packer.compress(column, &mut packed, bits);
            self.blocks.extend(&packed[..len]);
        }

        let highest = |column: &[u32; BLOCK]| {
            let highest = column.iter().max().copied().unwrap_or_default();
            u8::try_from(highest).unwrap_or(u8::MAX)
        };
        let shortest = self.pending.iter().map(|(_, length)| *length).min();
        let shortest = u16::try_from(shortest.unwrap_or_default()).unwrap_or(u16::MAX);
        self.skips.extend((next - 1).to_le_bytes());
        self.skips.extend(at.to_le_bytes());
        self.skips
            .extend(number(self.pending_positions).to_le_bytes());
        self.skips
            .extend([highest(&columns[1]), highest(&columns[2])]);
        self.skips.extend(shortest.to_le_bytes());
        self.pending.clear();
        self.pending_positions = self.positions.len();
        self.next_row = next;
    }

    /// Returns the encoded postings.
    pub(super) fn finish(mut self) -> EncodedPostings {
        let mut list = self.skips;
        list.append(&mut self.blocks);
        let mut next = self.next_row;
        for (posting, _) in &self.pending {
            varint::put(&mut list, u64::from(posting.row - next));
            next = posting.row.saturating_add(1);
            let used = if self.kind == Kind::Term { 2 } else { 1 };
            for frequency in &posting.frequencies[..used] {
                varint::put(&mut list, u64::from(*frequency));
            }
        }
        EncodedPostings {
            count: self.count,
            list,
            positions: self.positions,
        }
    }
}

/// Encoded postings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Postings<'a> {
    kind: Kind,
    count: u32,
    skips: &'a [[u8; SKIP_LEN]],
    /// The blocks and the last rows.
    data: &'a [u8],
    pub(super) positions: &'a [u8],
}

/// The description of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Skip {
    pub(super) last_row: u32,
    data: u32,
    pub(super) positions: u32,
    /// The highest frequencies, or `None` if one is 255 or more.
    pub(super) highest: [Option<u8>; 2],
    /// The shortest length of a row, or less.
    pub(super) shortest: u16,
}

/// Decoded rows of a list: a block or the last rows.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) rows: [u32; BLOCK],
    pub(super) frequencies: [[u32; BLOCK]; 2],
    pub(super) len: usize,
}

impl Block {
    pub(super) fn new() -> Self {
        Self {
            rows: [0; BLOCK],
            frequencies: [[0; BLOCK]; 2],
            len: 0,
        }
    }

    /// Returns the decoded rows.
    pub(super) fn rows(&self) -> &[u32] {
        &self.rows[..self.len]
    }

    pub(super) fn posting(&self, i: usize) -> Posting {
        Posting {
            row: self.rows[i],
            frequencies: [self.frequencies[0][i], self.frequencies[1][i]],
        }
    }
}

impl<'a> Postings<'a> {
    /// Returns the postings of `count` rows, or `None` if `list` is too short for them.
    pub(super) fn new(kind: Kind, count: u32, list: &'a [u8], positions: &'a [u8]) -> Option<Self> {
        let (skips, data) = list.split_at_checked(count as usize / BLOCK * SKIP_LEN)?;
        Some(Self {
            kind,
            count,
            skips: skips.as_chunks().0,
            data,
            positions,
        })
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the number of rows.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Returns the number of blocks, and of the last rows as one more block.
    pub(super) fn blocks(&self) -> usize {
        self.skips.len() + usize::from(self.last_rows() > 0)
    }

    /// Returns the number of rows after the last full block.
    fn last_rows(&self) -> usize {
        self.count as usize % BLOCK
    }

    /// Returns the description of a full block, or `None` for the block of the last rows.
    pub(super) fn skip(&self, block: usize) -> Option<Skip> {
        let bytes = self.skips.get(block)?;
        let word = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        Some(Skip {
            last_row: word(0),
            data: word(4),
            positions: word(8),
            highest: [bytes[12], bytes[13]].map(|highest| (highest < u8::MAX).then_some(highest)),
            shortest: u16::from_le_bytes([bytes[14], bytes[15]]),
        })
    }

    /// Returns the first block at or after `from` that may have a row of at least `row`, or the number of
    /// blocks if there is none.
    pub(super) fn block_of(&self, from: usize, row: u32) -> usize {
        let Some(rest) = self.skips.get(from..) else {
            return self.blocks();
        };
        let last_row =
            |skip: &[u8; SKIP_LEN]| u32::from_le_bytes([skip[0], skip[1], skip[2], skip[3]]);
        // The next block is usually near.
        let mut step = 1;
        while step < rest.len() && last_row(&rest[step - 1]) < row {
            step *= 2;
        }
        let (low, high) = (step / 2, rest.len().min(step));
        let within = rest[low..high].partition_point(|skip| last_row(skip) < row);
        from + low + within
    }

    /// Decodes a block. Returns `None` if the bytes are not such a block.
    pub(super) fn decode(&self, block: usize, out: &mut Block) -> Option<()> {
        let last_before = match block.checked_sub(1) {
            Some(before) => Some(self.skip(before)?.last_row),
            None => None,
        };
        out.len = 0;
        if let Some(skip) = self.skip(block) {
            let data = self.data.get(skip.data as usize..)?;
            let used = if self.kind == Kind::Term { 3 } else { 2 };
            let (bits, mut data) = data.split_at_checked(used)?;
            let packer = BitPacker4x::new();
            let mut next_column = |bits: u8| {
                let (packed, rest) = data.split_at_checked(BLOCK / 8 * usize::from(bits))?;
                data = rest;
                (bits <= 32).then_some(packed)
            };
            let packed = next_column(bits[0])?;
            packer.decompress_strictly_sorted(last_before, packed, &mut out.rows, bits[0]);
            for (column, bits) in out.frequencies.iter_mut().zip(&bits[1..]) {
                packer.decompress(next_column(*bits)?, column, *bits);
            }
            if self.kind == Kind::Tag {
                out.frequencies[1] = [0; BLOCK];
            }
            // The sums of the gaps wrap around.
            #[expect(
                clippy::needless_bitwise_bool,
                reason = "without branches, rows are compared by vector instructions"
            )]
            let ascends = out
                .rows
                .array_windows()
                .fold(true, |all, [a, b]| all & (a < b));
            let starts_after = last_before.is_none_or(|last| last < out.rows[0]);
            if !ascends || !starts_after || out.rows[BLOCK - 1] != skip.last_row {
                return None;
            }
            out.len = BLOCK;
            return Some(());
        }
        let mut data = self.data.get(self.blocks_len()?..)?;
        let mut next = match last_before {
            Some(last) => last.checked_add(1)?,
            None => 0,
        };
        for i in 0..self.last_rows() {
            let row = next.checked_add(varint::take_u32(&mut data)?)?;
            out.rows[i] = row;
            out.frequencies[0][i] = varint::take_u32(&mut data)?;
            out.frequencies[1][i] = match self.kind {
                Kind::Term => varint::take_u32(&mut data)?,
                Kind::Tag => 0,
            };
            next = row.checked_add(1)?;
        }
        out.len = self.last_rows();
        Some(())
    }

    /// Returns the length of all full blocks.
    fn blocks_len(&self) -> Option<usize> {
        let Some(last) = self.skips.len().checked_sub(1) else {
            return Some(0);
        };
        let at = self.skip(last)?.data as usize;
        let used = if self.kind == Kind::Term { 3 } else { 2 };
        let bits = self.data.get(at..at + used)?;
        let packed: usize = bits.iter().map(|bits| BLOCK / 8 * usize::from(*bits)).sum();
        Some(at + used + packed)
    }

    /// Returns the encoded positions of the postings of a block, and what follows them.
    pub(super) fn positions_of(&self, block: usize) -> Option<&'a [u8]> {
        let at = match self.skip(block) {
            Some(skip) => skip.positions as usize,
            None => match self.skips.len().checked_sub(1) {
                None => 0,
                Some(last) => {
                    // The last rows follow the last full block, whose positions are skipped.
                    let mut decoded = Block::new();
                    self.decode(last, &mut decoded)?;
                    let start = self.skip(last)?.positions as usize;
                    let count: usize = (0..decoded.len)
                        .map(|i| decoded.posting(i))
                        .map(|posting| positions_count(&posting))
                        .sum();
                    start + varint::len_of(self.positions.get(start..)?, count)?
                }
            },
        };
        self.positions.get(at..)
    }
}

/// Returns the number of positions of a posting.
pub(super) fn positions_count(posting: &Posting) -> usize {
    let [first, second] = posting.frequencies;
    first as usize + second as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(kind: Kind, postings: &[Posting]) -> EncodedPostings {
        let mut encoder = PostingsEncoder::new(kind);
        for posting in postings {
            let mut positions = Vec::new();
            if kind == Kind::Term {
                for position in 0..positions_count(posting) {
                    varint::put(&mut positions, 1000 * position as u64);
                }
            }
            encoder.push(*posting, posting.row % 300, &positions);
        }
        encoder.finish()
    }

    fn decode(postings: &Postings<'_>) -> Vec<Posting> {
        let mut block = Block::new();
        let mut found = Vec::new();
        for number in 0..postings.blocks() {
            postings.decode(number, &mut block).unwrap();
            found.extend((0..block.len).map(|i| block.posting(i)));
        }
        found
    }

    proptest! {
        #[test]
        fn lists_round_trip(
            gaps in prop::collection::vec((0_u32..40, 0_u32..5, 0_u32..300), 0..700),
            wide in 0_u32..1_000_000,
        ) {
            let mut row = wide;
            let postings: Vec<Posting> = gaps.iter().map(|(gap, a, b)| {
                row += gap + 1;
                Posting { row, frequencies: [*a, *b] }
            }).collect();
            for kind in [Kind::Term, Kind::Tag] {
                let encoded = encode(kind, &postings);
                prop_assert_eq!(encoded.count as usize, postings.len());
                let read = Postings::new(kind, encoded.count, &encoded.list, &encoded.positions).unwrap();
                let expected = postings.iter().map(|posting| match kind {
                    Kind::Term => *posting,
                    Kind::Tag => Posting { frequencies: [posting.frequencies[0], 0], ..*posting },
                });
                prop_assert_eq!(decode(&read), expected.collect::<Vec<_>>());
                for (i, posting) in postings.iter().enumerate() {
                    for from in [0, i / BLOCK / 2, i / BLOCK] {
                        prop_assert_eq!(read.block_of(from, posting.row), i / BLOCK);
                    }
                }
                if kind == Kind::Term {
                    for block in 0..read.blocks() {
                        let before: usize = postings[..block * BLOCK].iter().map(positions_count).sum();
                        let at = varint::len_of(&encoded.positions, before).unwrap();
                        prop_assert_eq!(read.positions_of(block).unwrap(), &encoded.positions[at..]);
                        if let Some(skip) = read.skip(block) {
                            let rows = &postings[block * BLOCK..(block + 1) * BLOCK];
                            for field in 0..2 {
                                let highest = rows.iter().map(|p| p.frequencies[field]).max().unwrap();
                                prop_assert_eq!(skip.highest[field].map(u32::from), Some(highest).filter(|n| *n < 255));
                            }
                            let shortest = rows.iter().map(|p| p.row % 300).min().unwrap();
                            prop_assert_eq!(u32::from(skip.shortest), shortest);
                        }
                    }
                }
            }
        }

        #[test]
        fn any_bytes_are_decoded_or_refused(
            count in 0_u32..400,
            list in prop::collection::vec(any::<u8>(), 0..3000),
        ) {
            let Some(postings) = Postings::new(Kind::Term, count, &list, &[]) else {
                return Ok(());
            };
            let mut block = Block::new();
            for number in 0..postings.blocks() {
                let _ = postings.decode(number, &mut block);
                let _ = postings.positions_of(number);
            }
        }
    }
}
