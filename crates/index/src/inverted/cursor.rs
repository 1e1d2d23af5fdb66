//! A position in the list of the rows of a segment that have a phrase.

use std::ops::Range;

use cognate_kernels::Cpu;

use super::bm25::{FixedScore, Scorer};
use super::postings::{BLOCK, Block, Posting, Postings};
use super::segment::TermSegment;
use crate::Result;

/// The rows of a segment that have a phrase, and how they are scored.
pub(super) struct List<'a> {
    pub(super) rows: ListRows<'a>,
    pub(super) scorer: Scorer,
}

pub(super) enum ListRows<'a> {
    /// The rows that have a term, deleted ones included.
    Term(Postings<'a>),
    /// The rows that have several terms next to each other.
    Phrase(Vec<Posting>),
}

/// A position in a list.
pub(super) struct Cursor<'a> {
    segment: &'a TermSegment,
    list: &'a List<'a>,
    /// An upper bound of the score of any row of the chunk.
    bound: FixedScore,
    /// About the number of rows in the chunk, of each 2¹⁶ rows.
    density: u64,
    /// The number of the decoded block, or `None` before the first.
    number: Option<usize>,
    block: Box<Block>,
    /// The next row, in the block or in the list of a phrase.
    next: usize,
}

impl<'a> Cursor<'a> {
    /// Makes a cursor at the first of `rows`, or `None` if the list has none of them.
    pub(super) fn new(
        segment: &'a TermSegment,
        list: &'a List<'a>,
        rows: &Range<u32>,
    ) -> Result<Option<Self>> {
        let mut cursor = Self {
            segment,
            list,
            bound: 0,
            density: 0,
            number: None,
            block: Box::new(Block::new()),
            next: 0,
        };
        match &list.rows {
            ListRows::Phrase(found) => {
                cursor.next = found.partition_point(|posting| posting.row < rows.start);
                let end = found.partition_point(|posting| posting.row < rows.end);
                let within = &found[cursor.next..end];
                if within.is_empty() {
                    return Ok(None);
                }
                cursor.density = density(within.len(), rows);
                // Phrases are few, so their bounds need not be close.
                cursor.bound = list.scorer.bound([None, None], 0);
            }
            ListRows::Term(postings) => {
                let first = postings.block_of(0, rows.start);
                let mut number = first;
                while let Some(skip) = postings.skip(number) {
                    let bound = list.scorer.bound(skip.highest, skip.shortest);
                    cursor.bound = cursor.bound.max(bound);
                    number += 1;
                    if skip.last_row >= rows.end {
                        break;
                    }
                }
                let ends_before = number > 0
                    && postings
                        .skip(number - 1)
                        .is_some_and(|skip| skip.last_row >= rows.end);
                if !ends_before && number < postings.blocks() {
                    // The last rows have no bound; they are few.
                    let bound = cursor.bound_of_last_rows(postings, number, rows)?;
                    cursor.bound = cursor.bound.max(bound);
                }
                if cursor.bound == 0 {
                    return Ok(None);
                }
                cursor.density = density(BLOCK * (number - first).max(1), rows);
            }
        }
        Ok(Some(cursor))
    }

    /// Returns the highest score of the last rows of a list that are within `rows`, or 0.
    fn bound_of_last_rows(
        &mut self,
        postings: &Postings<'_>,
        number: usize,
        rows: &Range<u32>,
    ) -> Result<FixedScore> {
        self.segment.decode(postings, number, &mut self.block)?;
        let mut highest = 0;
        for i in 0..self.block.len {
            let posting = self.block.posting(i);
            if rows.contains(&posting.row) {
                let length = self.segment.file.lengths(posting.row..posting.row + 1)?;
                let length = length
                    .first()
                    .map_or(0, |length| u32::from_le_bytes(*length));
                highest = highest.max(self.list.scorer.score(posting.frequencies, length));
            }
        }
        // The cursor is still before the first block.
        self.block.len = 0;
        Ok(highest)
    }

    /// Returns an upper bound of the score of any row of the chunk.
    pub(super) fn bound(&self) -> FixedScore {
        self.bound
    }

    /// Returns about how many of `rows` consecutive rows of the chunk the list has.
    pub(super) fn expected_rows(&self, rows: usize) -> usize {
        let expected = (self.density * rows as u64) >> 16;
        usize::try_from(expected).unwrap_or(usize::MAX)
    }

    /// Adds the scores of the rows of a window.
    pub(super) fn add_scores(
        &mut self,
        window: &Range<u32>,
        lengths: &[[u8; 4]],
        scores: &mut [FixedScore],
    ) -> Result<()> {
        let scorer = &self.list.scorer;
        match &self.list.rows {
            ListRows::Phrase(found) => {
                while let Some(posting) = found.get(self.next) {
                    if posting.row >= window.end {
                        break;
                    }
                    if posting.row >= window.start {
                        let position = (posting.row - window.start) as usize;
                        let length = u32::from_le_bytes(lengths[position]);
                        scores[position] += scorer.score(posting.frequencies, length);
                    }
                    self.next += 1;
                }
            }
            ListRows::Term(postings) => {
                while self.move_to(postings, window.start)? {
                    let rows = &self.block.rows()[self.next..];
                    let within = match rows.last() {
                        Some(last) if *last < window.end => rows.len(),
                        _ => rows.partition_point(|row| *row < window.end),
                    };
                    let end = self.next + within;
                    let [first, second] = &self.block.frequencies;
                    Cpu::detect().add_bm25(
                        &scorer.terms,
                        &rows[..within],
                        [&first[self.next..end], &second[self.next..end]],
                        window.start,
                        lengths,
                        scores,
                    );
                    self.next = end;
                    if self.next < self.block.len {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// Moves forward to the first row of at least `row`, if it is not there or beyond. Returns whether there
    /// is one.
    fn move_to(&mut self, postings: &Postings<'_>, row: u32) -> Result<bool> {
        loop {
            if self.next < self.block.len {
                if self.block.rows[self.next] >= row {
                    return Ok(true);
                }
                if self.block.rows[self.block.len - 1] >= row {
                    let rows = &self.block.rows()[self.next..];
                    self.next += rows.partition_point(|found| *found < row);
                    return Ok(true);
                }
            }
            let from = self.number.map_or(0, |number| number + 1);
            let number = postings.block_of(from, row);
            if number >= postings.blocks() {
                self.number = Some(postings.blocks());
                self.next = 0;
                self.block.len = 0;
                return Ok(false);
            }
            self.segment.decode(postings, number, &mut self.block)?;
            self.number = Some(number);
            self.next = 0;
            if self.block.rows().last().is_some_and(|last| *last >= row) {
                continue;
            }
            // The last rows may all be before `row`.
            self.next = self.block.len;
            if number + 1 >= postings.blocks() {
                return Ok(false);
            }
        }
    }

    /// Returns the score of a row, or 0 if the list does not have it. Moves forward only.
    pub(super) fn score_of(&mut self, row: u32, length: u32) -> Result<FixedScore> {
        let found = match &self.list.rows {
            ListRows::Phrase(found) => {
                let later = &found[self.next..];
                self.next += later.partition_point(|posting| posting.row < row);
                found.get(self.next).copied()
            }
            ListRows::Term(postings) => self
                .move_to(postings, row)?
                .then(|| self.block.posting(self.next)),
        };
        let found = found.filter(|posting| posting.row == row);
        Ok(found.map_or(0, |posting| {
            self.list.scorer.score(posting.frequencies, length)
        }))
    }
}

/// Returns how many of each 2¹⁶ rows a list has that has `found` of `rows`.
fn density(found: usize, rows: &Range<u32>) -> u64 {
    ((found as u64) << 16) / (rows.len() as u64).max(1)
}
