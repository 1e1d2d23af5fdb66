//! The file of the terms of a segment, format version 1, beside the segment file. All numbers are
//! little-endian.
//!
//! | bytes | content |
//! |---|---|
//! | 0 to 7 | magic: `COGNTRM` and a zero byte |
//! | 8 to 11 | format version: 1 |
//! | 12 to 15 | rows |
//! | 16 to 59 | zeros |
//! | 60 to 63 | CRC-32 of bytes 0 to 59 |
//! | from 64 | the key of each row, u64 |
//! | then | the number of terms of each row, u32 |
//! | then | the postings and the positions of each term, as `postings.rs` describes them |
//! | then | the dictionary, as `dictionary.rs` describes it: blocks, then their positions |
//! | then | CRC-32 of each 16 KiB of all sections above, and of that table |
//! | last 64 | magic `COGNTRE` and a zero byte, version, lengths of the sections of postings, of blocks and of their positions, u64 at 16, 24 and 32, the number of terms of all rows, u64 at 40, CRC-32 at 60 |

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::postings::EncodedPostings;
use crate::checksums::{self, Checksums};
use crate::preamble::{FilePreamble, check_len};
use crate::storage::ByteStorage;
use crate::{Damage, Error, Result, Storage};

use super::dictionary::{DictionaryEncoder, TermEntry};

const MAGIC: &[u8; 8] = b"COGNTRM\0";
const END_MAGIC: &[u8; 8] = b"COGNTRE\0";
const VERSION: u32 = 1;

/// The number of bytes that have one checksum.
const BLOCK_LEN: usize = 1 << 14;

/// Writes a file of terms from start to end.
pub(super) struct TermFileEncoder<W> {
    out: W,
    path: PathBuf,
    block: Vec<u8>,
    table: Vec<u8>,
    dictionary: DictionaryEncoder,
    postings_len: u64,
    /// The number of terms of all rows.
    terms: u64,
}

impl<W: Write> TermFileEncoder<W> {
    /// Starts a file of rows with these keys and numbers of terms.
    pub(super) fn new(out: W, path: &Path, keys: &[u64], lengths: &[u32]) -> Result<Self> {
        debug_assert_eq!(keys.len(), lengths.len());
        let mut encoder = Self {
            out,
            path: path.to_owned(),
            block: Vec::with_capacity(BLOCK_LEN),
            table: Vec::new(),
            dictionary: DictionaryEncoder::default(),
            postings_len: 0,
            terms: lengths.iter().map(|length| u64::from(*length)).sum(),
        };
        let mut preamble = FilePreamble::new(MAGIC, VERSION);
        preamble.set(12, u32::try_from(keys.len()).unwrap_or(u32::MAX));
        let preamble = preamble.encode();
        encoder
            .out
            .write_all(&preamble)
            .map_err(Error::io("write", path))?;
        for key in keys {
            encoder.write(&key.to_le_bytes())?;
        }
        for length in lengths {
            encoder.write(&length.to_le_bytes())?;
        }
        Ok(encoder)
    }

    /// Writes the postings of a term, which comes after all terms written before.
    pub(super) fn push(&mut self, term: &[u8], postings: &EncodedPostings) -> Result<()> {
        let entry = TermEntry {
            count: postings.count,
            at: self.postings_len,
            list_len: postings.list.len(),
            positions_len: postings.positions.len(),
        };
        self.dictionary.push(term, &entry);
        self.postings_len += (entry.list_len + entry.positions_len) as u64;
        self.write(&postings.list)?;
        self.write(&postings.positions)
    }

    /// Writes the dictionary and the checksums.
    pub(super) fn finish(mut self) -> Result<W> {
        let (blocks, starts) = std::mem::take(&mut self.dictionary).finish();
        self.write(&blocks)?;
        self.write(&starts)?;
        if !self.block.is_empty() {
            self.end_block()?;
        }
        let write = || Error::io("write", &self.path);
        checksums::write_table(&mut self.out, &self.table).map_err(write())?;
        let mut end = FilePreamble::new(END_MAGIC, VERSION);
        let lens = [self.postings_len, blocks.len() as u64, starts.len() as u64];
        for (offset, len) in [16, 24, 32].into_iter().zip(lens) {
            end.set_u64(offset, len);
        }
        end.set_u64(40, self.terms);
        self.out.write_all(&end.encode()).map_err(write())?;
        Ok(self.out)
    }

    fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let room = BLOCK_LEN - self.block.len();
            let (current, later) = bytes.split_at(room.min(bytes.len()));
            self.block.extend(current);
            if self.block.len() == BLOCK_LEN {
                self.end_block()?;
            }
            bytes = later;
        }
        Ok(())
    }

    fn end_block(&mut self) -> Result<()> {
        self.table
            .extend(crc32fast::hash(&self.block).to_le_bytes());
        self.out
            .write_all(&self.block)
            .map_err(Error::io("write", &self.path))?;
        self.block.clear();
        Ok(())
    }
}

/// The bytes of a file of terms. A block of them is compared with its checksum when it is first read.
pub(super) struct TermFile {
    path: PathBuf,
    bytes: ByteStorage,
    checksums: Checksums,
    rows: u32,
    terms: u64,
    sections: Sections,
}

/// The positions of the sections, counted from the first.
struct Sections {
    lengths: usize,
    postings: usize,
    blocks: usize,
    starts: usize,
    end: usize,
}

impl TermFile {
    /// Opens a file. Mapped bytes are checked when they are used, bytes in memory at once.
    pub(super) fn open(path: &Path, storage: Storage) -> Result<Self> {
        let mut file = File::open(path).map_err(Error::io("open", path))?;
        let preamble = FilePreamble::read(&mut file, MAGIC, VERSION, path)?;
        let rows = preamble.get(12);
        let mut end = Vec::new();
        let seek_error = || Error::io("read", path);
        let len = file.metadata().map_err(seek_error())?.len();
        let truncated = |expected| {
            let found = len;
            Error::corrupt(path, Damage::Truncated { expected, found })
        };
        let trailer = FilePreamble::LEN as u64;
        let at = len
            .checked_sub(trailer)
            .ok_or_else(|| truncated(2 * trailer))?;
        file.seek(SeekFrom::Start(at)).map_err(seek_error())?;
        file.read_to_end(&mut end).map_err(seek_error())?;
        let end = FilePreamble::decode(&end, END_MAGIC, VERSION, path)
            .map_err(|_| Error::corrupt(path, Damage::Header))?;
        let sections =
            Sections::decode(rows, &end).ok_or_else(|| Error::corrupt(path, Damage::Header))?;
        let blocks = sections.end.div_ceil(BLOCK_LEN);
        let table = FilePreamble::LEN + sections.end;
        let expected = (table + checksums::table_len(blocks) + FilePreamble::LEN) as u64;
        check_len(&file, expected, path)?;
        let checksums = Checksums::read(&mut file, table as u64, blocks, path)?;
        let bytes = ByteStorage::open(&mut file, FilePreamble::LEN, sections.end, storage)
            .map_err(Error::io("read", path))?;
        let file = Self {
            path: path.to_owned(),
            bytes,
            checksums,
            rows,
            terms: end.get_u64(40),
            sections,
        };
        if file.bytes.is_owned() {
            file.verify()?;
        }
        Ok(file)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn rows(&self) -> u32 {
        self.rows
    }

    /// Returns the number of terms of all rows.
    pub(super) fn terms(&self) -> u64 {
        self.terms
    }

    /// Returns the checksum of the table of checksums, which tells one file from another.
    pub(super) fn checksum(&self) -> u32 {
        self.checksums.table_checksum()
    }

    /// Reads all bytes and compares them with their checksums.
    pub(super) fn verify(&self) -> Result<()> {
        for block in 0..self.checksums.blocks() {
            let range = self.block_range(block);
            let bytes = &self.bytes.as_slice()[range];
            if !self.checksums.matches_bytes(block, bytes) {
                return Err(self.damaged(block));
            }
        }
        Ok(())
    }

    /// Returns the key of a row.
    pub(super) fn key(&self, row: u32) -> Result<u64> {
        let bytes = self.word(0, row as usize)?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// Returns the numbers of terms of rows.
    pub(super) fn lengths(&self, rows: Range<u32>) -> Result<&[[u8; 4]]> {
        let at = |row: u32| self.sections.lengths + 4 * row as usize;
        let bytes = self.read(at(rows.start)..at(rows.end))?;
        Ok(bytes.as_chunks().0)
    }

    /// Returns a part of the section of postings.
    pub(super) fn postings(&self, at: u64, len: usize) -> Result<&[u8]> {
        let range = usize::try_from(at)
            .ok()
            .and_then(|at| at.checked_add(self.sections.postings))
            .and_then(|at| Some(at..at.checked_add(len)?))
            .filter(|range| range.end <= self.sections.blocks);
        self.read(range.ok_or_else(|| self.invalid())?)
    }

    /// Returns the number of blocks of the dictionary.
    pub(super) fn dictionary_blocks(&self) -> usize {
        (self.sections.end - self.sections.starts) / 8
    }

    /// Returns a block of the dictionary.
    pub(super) fn dictionary_block(&self, block: usize) -> Result<&[u8]> {
        let start = |block: usize| -> Result<usize> {
            if block == self.dictionary_blocks() {
                return Ok(self.sections.starts);
            }
            let at = u64::from_le_bytes(self.word(self.sections.starts, block)?);
            let at = usize::try_from(at).ok();
            at.and_then(|at| at.checked_add(self.sections.blocks))
                .filter(|at| *at <= self.sections.starts)
                .ok_or_else(|| self.invalid())
        };
        let (start, end) = (start(block)?, start(block + 1)?);
        if start > end {
            return Err(self.invalid());
        }
        self.read(start..end)
    }

    /// Returns the error for bytes that match their checksums and are not what this crate writes.
    pub(super) fn invalid(&self) -> Error {
        Error::corrupt(&self.path, Damage::Terms)
    }

    fn word(&self, section: usize, position: usize) -> Result<[u8; 8]> {
        let at = section + 8 * position;
        let bytes = self.read(at..at + 8)?;
        bytes.first_chunk().copied().ok_or_else(|| self.invalid())
    }

    /// Returns bytes after comparing their blocks with their checksums.
    fn read(&self, range: Range<usize>) -> Result<&[u8]> {
        let bytes = self.bytes.as_slice();
        let found = bytes.get(range.clone()).ok_or_else(|| self.invalid())?;
        for block in range.start / BLOCK_LEN..range.end.div_ceil(BLOCK_LEN) {
            if !self
                .checksums
                .is_intact_bytes(block, &bytes[self.block_range(block)])
            {
                return Err(self.damaged(block));
            }
        }
        Ok(found)
    }

    fn block_range(&self, block: usize) -> Range<usize> {
        block * BLOCK_LEN..self.sections.end.min((block + 1) * BLOCK_LEN)
    }

    fn damaged(&self, block: usize) -> Error {
        let range = self.block_range(block);
        let first = (FilePreamble::LEN + range.start) as u64;
        let last = (FilePreamble::LEN + range.end - 1) as u64;
        Error::corrupt(&self.path, Damage::Bytes { first, last })
    }
}

impl Sections {
    /// Returns the sections of a file of `rows` rows, or `None` if the lengths are too large.
    fn decode(rows: u32, end: &FilePreamble) -> Option<Self> {
        let len = |offset| usize::try_from(end.get_u64(offset)).ok();
        let lengths = 8 * rows as usize;
        let postings = lengths + 4 * rows as usize;
        let blocks = postings.checked_add(len(16)?)?;
        let starts = blocks.checked_add(len(24)?)?;
        let end = starts.checked_add(len(32)?)?;
        // The table of checksums follows.
        end.checked_add(end / 8)?;
        (end - starts).is_multiple_of(8).then_some(Self {
            lengths,
            postings,
            blocks,
            starts,
            end,
        })
    }
}
