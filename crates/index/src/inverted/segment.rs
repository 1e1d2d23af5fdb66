//! The terms of one segment.

use std::cmp::Ordering;
use std::fmt;
use std::path::Path;

use super::dictionary::{BlockReader, MAX_TERM, TermEntry, first_term};
use super::file::TermFile;
use super::postings::{Block, Kind, Posting, Postings};
use crate::file_names::terms_path;
use crate::preamble::check_shape;
use crate::{Damage, Error, Result, Storage};

/// The first byte of the name of a term of a text in the dictionary.
pub(super) const TERM: u8 = b't';

/// The first byte of the name of a tag in the dictionary.
pub(super) const TAG: u8 = b'#';

/// The terms of the rows of a segment.
pub(crate) struct TermSegment {
    pub(super) file: TermFile,
}

/// A term of a segment with the place of its postings.
pub(super) struct FoundTerm {
    pub(super) name: Vec<u8>,
    pub(super) entry: TermEntry,
}

impl FoundTerm {
    pub(super) fn kind(&self) -> Kind {
        if self.name.first() == Some(&TAG) {
            Kind::Tag
        } else {
            Kind::Term
        }
    }
}

impl TermSegment {
    /// Opens a file of terms.
    pub(crate) fn open(path: &Path, storage: Storage) -> Result<Self> {
        let file = TermFile::open(path, storage)?;
        Ok(Self { file })
    }

    /// Opens the file of terms beside the segment file `segment`, which has `rows` rows, and compares it
    /// with the checksum in the manifest.
    pub(crate) fn open_beside(
        segment: &Path,
        rows: u32,
        checksum: u32,
        storage: Storage,
    ) -> Result<Self> {
        let path = terms_path(segment);
        let found = Self::open(&path, storage)?;
        check_shape((0, rows), (0, found.rows()), &path)?;
        if found.checksum() == checksum {
            Ok(found)
        } else {
            Err(Error::corrupt(&path, Damage::AnotherFile))
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    pub(crate) fn rows(&self) -> u32 {
        self.file.rows()
    }

    pub(crate) fn checksum(&self) -> u32 {
        self.file.checksum()
    }

    pub(crate) fn verify(&self) -> Result<()> {
        self.file.verify()
    }

    /// Returns the place of a term, or `None` if no row has it.
    pub(super) fn find(&self, name: &[u8]) -> Result<Option<FoundTerm>> {
        let Some(block) = self.block_of(name)? else {
            return Ok(None);
        };
        let mut reader = self.block(block)?;
        while let Some(entry) = self.next_term(&mut reader)? {
            match reader.term().cmp(name) {
                Ordering::Less => {}
                Ordering::Equal => {
                    let name = name.to_vec();
                    return Ok(Some(FoundTerm { name, entry }));
                }
                Ordering::Greater => break,
            }
        }
        Ok(None)
    }

    /// Returns the last block of the dictionary whose first term is not after `name`, or `None` if all are
    /// after it.
    fn block_of(&self, name: &[u8]) -> Result<Option<usize>> {
        let (mut low, mut high) = (0, self.file.dictionary_blocks());
        while low < high {
            let middle = low.midpoint(high);
            let block = self.file.dictionary_block(middle)?;
            let first = first_term(block).ok_or_else(|| self.file.invalid())?;
            if first > name {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(low.checked_sub(1))
    }

    /// Calls `take` with the terms from `first` on, in ascending order, until it returns false.
    pub(super) fn for_each_from(
        &self,
        first: &[u8],
        mut take: impl FnMut(FoundTerm) -> bool,
    ) -> Result<()> {
        let start = self.block_of(first)?.unwrap_or(0);
        for block in start..self.file.dictionary_blocks() {
            let mut reader = self.block(block)?;
            while let Some(entry) = self.next_term(&mut reader)? {
                if reader.term() < first {
                    continue;
                }
                let name = reader.term().to_vec();
                if !take(FoundTerm { name, entry }) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Returns a reader of all terms in ascending order.
    pub(super) fn terms(&self) -> TermReader<'_> {
        TermReader {
            segment: self,
            block: 0,
            reader: None,
        }
    }

    /// Returns the postings of a term.
    pub(super) fn postings(&self, term: &FoundTerm) -> Result<Postings<'_>> {
        let TermEntry {
            count,
            at,
            list_len,
            ..
        } = term.entry;
        let list = self.file.postings(at, list_len)?;
        // Positions are read only if they are needed.
        Postings::new(term.kind(), count, list, &[]).ok_or_else(|| self.file.invalid())
    }

    /// Returns the postings of a term with the positions of the term in each row.
    pub(super) fn postings_with_positions(&self, term: &FoundTerm) -> Result<Postings<'_>> {
        let mut postings = self.postings(term)?;
        let at = term.entry.at + term.entry.list_len as u64;
        postings.positions = self.file.postings(at, term.entry.positions_len)?;
        Ok(postings)
    }

    /// Decodes a block of postings.
    pub(super) fn decode(
        &self,
        postings: &Postings<'_>,
        number: usize,
        block: &mut Block,
    ) -> Result<()> {
        let is_valid = postings.decode(number, block).is_some()
            && block.rows().last().is_none_or(|row| *row < self.rows());
        if is_valid {
            Ok(())
        } else {
            Err(self.file.invalid())
        }
    }

    /// Calls `take` with each posting of a term.
    pub(super) fn for_each_posting(
        &self,
        term: &FoundTerm,
        mut take: impl FnMut(Posting),
    ) -> Result<()> {
        let postings = self.postings(term)?;
        let mut block = Block::new();
        for number in 0..postings.blocks() {
            self.decode(&postings, number, &mut block)?;
            (0..block.len).for_each(|i| take(block.posting(i)));
        }
        Ok(())
    }

    fn block(&self, block: usize) -> Result<BlockReader<'_>> {
        let bytes = self.file.dictionary_block(block)?;
        BlockReader::new(bytes).ok_or_else(|| self.file.invalid())
    }

    fn next_term(&self, reader: &mut BlockReader<'_>) -> Result<Option<TermEntry>> {
        reader.next().map_err(|_| self.file.invalid())
    }
}

impl fmt::Debug for TermSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TermSegment")
            .field("path", &self.path())
            .field("rows", &self.rows())
            .finish_non_exhaustive()
    }
}

/// Reads the terms of a segment in ascending order.
pub(super) struct TermReader<'a> {
    segment: &'a TermSegment,
    block: usize,
    reader: Option<BlockReader<'a>>,
}

impl TermReader<'_> {
    pub(super) fn next(&mut self) -> Result<Option<FoundTerm>> {
        loop {
            if let Some(reader) = &mut self.reader
                && let Some(entry) = self.segment.next_term(reader)?
            {
                let name = reader.term().to_vec();
                return Ok(Some(FoundTerm { name, entry }));
            }
            if self.block == self.segment.file.dictionary_blocks() {
                return Ok(None);
            }
            self.reader = Some(self.segment.block(self.block)?);
            self.block += 1;
        }
    }
}

/// Returns the name of a term or a tag in the dictionary. Longer names than the dictionary takes are cut.
pub(super) fn dictionary_name(kind: Kind, term: &[u8]) -> Vec<u8> {
    let prefix = match kind {
        Kind::Term => TERM,
        Kind::Tag => TAG,
    };
    let term = &term[..term.len().min(MAX_TERM - 1)];
    [&[prefix], term].concat()
}
