//! Writes the terms of rows to a file, merged from files and memory.

use std::io::Write;
use std::path::Path;

use super::builder::MemoryTerms;
use super::file::TermFileEncoder;
use super::postings::{Block, Kind, Postings, PostingsEncoder, positions_count};
use super::segment::{FoundTerm, TAG, TermReader, TermSegment};
use super::varint;
use crate::{Error, Result};

/// Rows whose terms are written.
pub(crate) struct MergedRows<'a> {
    pub(crate) terms: Terms<'a>,
    /// Returns the new number of a row, or `None` if it is left out. The order of rows does not change.
    pub(crate) new_row: Box<dyn Fn(u32) -> Option<u32> + 'a>,
}

/// Terms in a file or in memory.
#[derive(Clone, Copy)]
pub(crate) enum Terms<'a> {
    File(&'a TermSegment),
    Memory(&'a MemoryTerms),
}

impl Terms<'_> {
    /// Returns the number of rows.
    pub(crate) fn rows(&self) -> u32 {
        match self {
            Self::File(segment) => segment.rows(),
            Self::Memory(terms) => u32::try_from(terms.keys.len()).unwrap_or(u32::MAX),
        }
    }

    fn key(&self, row: u32) -> Result<u64> {
        match self {
            Self::File(segment) => segment.file.key(row),
            Self::Memory(terms) => Ok(terms.keys[row as usize]),
        }
    }

    fn length(&self, row: u32) -> Result<u32> {
        match self {
            Self::File(segment) => {
                let lengths = segment.file.lengths(row..row + 1)?;
                Ok(lengths
                    .first()
                    .map_or(0, |length| u32::from_le_bytes(*length)))
            }
            Self::Memory(terms) => Ok(terms.lengths[row as usize]),
        }
    }
}

/// Writes the terms of all rows that are not left out. The parts are in the order of their new rows.
///
/// # Complexity
///
/// Linear in the terms of the rows. The postings of one term and the dictionary are held in memory.
pub(crate) fn write_terms(
    out: &mut dyn Write,
    path: &Path,
    parts: &[MergedRows<'_>],
) -> Result<()> {
    let (mut keys, mut lengths) = (Vec::new(), Vec::new());
    for part in parts {
        for row in (0..part.terms.rows()).filter(|row| (part.new_row)(*row).is_some()) {
            keys.push(part.terms.key(row)?);
            lengths.push(part.terms.length(row)?);
        }
    }
    let mut file = TermFileEncoder::new(out, path, &keys, &lengths)?;
    let mut cursors = parts.iter().map(Cursor::new).collect::<Vec<_>>();
    for cursor in &mut cursors {
        cursor.advance()?;
    }
    let mut name = Vec::new();
    while let Some(first) = cursors.iter().filter_map(Cursor::name).min() {
        name.clear();
        name.extend(first);
        let kind = if name.first() == Some(&TAG) {
            Kind::Tag
        } else {
            Kind::Term
        };
        let mut encoder = PostingsEncoder::new(kind);
        for cursor in &mut cursors {
            if cursor.name() == Some(&name) {
                cursor.copy_postings(&mut encoder, &lengths, path)?;
                cursor.advance()?;
            }
        }
        let postings = encoder.finish();
        if postings.count > 0 {
            file.push(&name, &postings)?;
        }
    }
    file.finish().map(drop)
}

/// The next term of a part.
struct Cursor<'a> {
    part: &'a MergedRows<'a>,
    reader: Reader<'a>,
}

enum Reader<'a> {
    File {
        segment: &'a TermSegment,
        terms: TermReader<'a>,
        next: Option<FoundTerm>,
    },
    Memory {
        terms: &'a MemoryTerms,
        /// The position after the next term.
        position: usize,
    },
}

impl<'a> Cursor<'a> {
    fn new(part: &'a MergedRows<'a>) -> Self {
        let reader = match part.terms {
            Terms::File(segment) => Reader::File {
                segment,
                terms: segment.terms(),
                next: None,
            },
            Terms::Memory(terms) => Reader::Memory { terms, position: 0 },
        };
        Self { part, reader }
    }

    fn advance(&mut self) -> Result<()> {
        match &mut self.reader {
            Reader::File { terms, next, .. } => *next = terms.next()?,
            Reader::Memory { position, .. } => *position += 1,
        }
        Ok(())
    }

    /// Returns the name of the next term, or `None` after the last one.
    fn name(&self) -> Option<&[u8]> {
        match &self.reader {
            Reader::File { next, .. } => next.as_ref().map(|term| term.name.as_slice()),
            Reader::Memory { terms, position } => {
                let (name, _) = terms.terms.get(position.checked_sub(1)?)?;
                Some(name)
            }
        }
    }

    fn copy_postings(
        &self,
        encoder: &mut PostingsEncoder,
        lengths: &[u32],
        path: &Path,
    ) -> Result<()> {
        match &self.reader {
            Reader::File { segment, next, .. } => {
                let Some(term) = next else { return Ok(()) };
                let postings = segment.postings_with_positions(term)?;
                self.copy(&postings, encoder, lengths)
                    .ok_or_else(|| segment.file.invalid())
            }
            Reader::Memory { terms, position } => {
                let Some((name, encoded)) = terms.terms.get(position - 1) else {
                    return Ok(());
                };
                let kind = if name.first() == Some(&TAG) {
                    Kind::Tag
                } else {
                    Kind::Term
                };
                Postings::new(kind, encoded.count, &encoded.list, &encoded.positions)
                    .and_then(|postings| self.copy(&postings, encoder, lengths))
                    .ok_or_else(|| Error::corrupt(path, crate::Damage::Terms))
            }
        }
    }

    /// Copies the postings of rows that are not left out. Returns `None` if they cannot be decoded.
    fn copy(
        &self,
        postings: &Postings<'_>,
        encoder: &mut PostingsEncoder,
        lengths: &[u32],
    ) -> Option<()> {
        let mut positions = postings.positions;
        let mut block = Block::new();
        for number in 0..postings.blocks() {
            postings.decode(number, &mut block)?;
            for mut posting in (0..block.len).map(|i| block.posting(i)) {
                let count = match postings.kind() {
                    Kind::Term => positions_count(&posting),
                    Kind::Tag => 0,
                };
                let len = varint::len_of(positions, count)?;
                let (of_row, rest) = positions.split_at(len);
                positions = rest;
                if let Some(row) = (self.part.new_row)(posting.row) {
                    posting.row = row;
                    let length = lengths.get(row as usize)?;
                    encoder.push(posting, *length, of_row);
                }
            }
        }
        Some(())
    }
}
