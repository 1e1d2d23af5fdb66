//! The rows with the highest scores for a query.
//!
//! Rows are scored in windows of 4,096. The terms are ordered by an upper bound of what each can add to
//! the score of a row. Terms whose bounds add up to less than the k-th best score so far cannot bring a
//! row among the best on their own, so rows that have no other term are not looked at (`MaxScore`: Turtle
//! and Flood, "Query evaluation: strategies and optimizations", 1995). The scores of the others are
//! complete, so the best rows are exact.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use roaring::RoaringBitmap;

use super::bm25::{FixedScore, Scorer};
use super::postings::{Block, Posting, Postings};
use super::segment::TermSegment;
use crate::Result;

/// The number of rows that are scored together.
const WINDOW: u32 = 1 << 12;

/// The number of rows that one thread scores at a time.
const CHUNK: u32 = 1 << 16;

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

/// The lists of a segment.
pub(super) struct SegmentLists<'a> {
    pub(super) segment: &'a TermSegment,
    pub(super) row_offset: u32,
    pub(super) lists: Vec<List<'a>>,
}

/// A row with its score. A better one is greater: a higher score, or the same score and a lower row.
type Entry = (FixedScore, Reverse<u32>);

/// Returns the `k` rows with the highest scores, best first, ties in ascending row order. `allowed` has the
/// rows that may be returned, if not all, and `deleted` the rows that may not.
pub(super) fn best_rows(
    segments: &[SegmentLists<'_>],
    k: usize,
    allowed: Option<&RoaringBitmap>,
    deleted: &RoaringBitmap,
) -> Result<Vec<(u32, FixedScore)>> {
    let threshold = AtomicU64::new(0);
    let chunks: Vec<(&SegmentLists<'_>, Range<u32>)> = segments
        .iter()
        .filter(|at| !at.lists.is_empty())
        .flat_map(|at| {
            let rows = at.segment.rows();
            let starts = (0..rows).step_by(CHUNK as usize);
            starts.map(move |start| (at, start..rows.min(start.saturating_add(CHUNK))))
        })
        .collect();
    let search = |(at, rows): (&SegmentLists<'_>, Range<u32>)| {
        let mut chunk = ChunkSearch {
            at,
            k,
            allowed,
            deleted,
            threshold: &threshold,
            best: BinaryHeap::new(),
        };
        chunk.search(rows)?;
        Ok(chunk.best.into_vec())
    };
    let found: Vec<Vec<Reverse<Entry>>> = chunks
        .into_par_iter()
        .map(search)
        .collect::<Result<Vec<_>>>()?;
    let mut best: Vec<Entry> = found
        .into_iter()
        .flatten()
        .map(|Reverse(entry)| entry)
        .collect();
    best.sort_unstable_by(|a, b| b.cmp(a));
    best.truncate(k);
    Ok(best
        .into_iter()
        .map(|(score, Reverse(row))| (row, score))
        .collect())
}

/// The search of some rows of a segment.
struct ChunkSearch<'a> {
    at: &'a SegmentLists<'a>,
    k: usize,
    allowed: Option<&'a RoaringBitmap>,
    deleted: &'a RoaringBitmap,
    /// A score that `k` rows have at least, found by any thread.
    threshold: &'a AtomicU64,
    best: BinaryHeap<Reverse<Entry>>,
}

impl ChunkSearch<'_> {
    fn search(&mut self, rows: Range<u32>) -> Result<()> {
        let mut lists = Vec::with_capacity(self.at.lists.len());
        for list in &self.at.lists {
            lists.extend(Cursor::new(self.at.segment, list, &rows)?);
        }
        lists.sort_by_key(|list| list.bound);
        // The sum of the bounds of the first lists.
        let sums: Vec<FixedScore> = lists
            .iter()
            .scan(0, |sum: &mut FixedScore, list| {
                *sum = sum.saturating_add(list.bound);
                Some(*sum)
            })
            .collect();
        let mut scores = vec![0; WINDOW as usize];
        for start in rows.clone().step_by(WINDOW as usize) {
            let window = start..rows.end.min(start.saturating_add(WINDOW));
            if self.allows_none(&window) {
                continue;
            }
            let threshold = self.threshold.load(Ordering::Relaxed);
            let optional = sums.partition_point(|sum| *sum < threshold);
            if optional == lists.len() {
                // No row can reach the threshold any more, which never falls.
                return Ok(());
            }
            let (optional_lists, lists) = lists.split_at_mut(optional);
            let lengths = self.at.segment.file.lengths(window.clone())?;
            for list in lists {
                list.add_scores(&window, lengths, &mut scores)?;
            }
            self.take_best(&window, lengths, optional_lists, &sums, &mut scores)?;
        }
        Ok(())
    }

    /// Returns whether the filter excludes all rows of a window.
    fn allows_none(&self, window: &Range<u32>) -> bool {
        let rows = window.start + self.at.row_offset..window.end + self.at.row_offset;
        self.allowed
            .is_some_and(|allowed| allowed.range_cardinality(rows) == 0)
    }

    /// Completes the scores of the rows of a window that may be among the best, keeps these rows, and
    /// resets all scores.
    fn take_best(
        &mut self,
        window: &Range<u32>,
        lengths: &[[u8; 4]],
        optional: &mut [Cursor<'_>],
        sums: &[FixedScore],
        scores: &mut [FixedScore],
    ) -> Result<()> {
        let mut threshold = self.threshold.load(Ordering::Relaxed);
        let above = |position: usize| match position.checked_sub(1) {
            Some(last) => sums[last],
            None => 0,
        };
        'rows: for (row, score) in window.clone().zip(scores) {
            let mut score = std::mem::take(score);
            if score == 0 || score.saturating_add(above(optional.len())) < threshold {
                continue;
            }
            let number = row + self.at.row_offset;
            if self
                .allowed
                .is_some_and(|allowed| !allowed.contains(number))
                || self.deleted.contains(number)
            {
                continue;
            }
            for position in (0..optional.len()).rev() {
                if score.saturating_add(above(position + 1)) < threshold {
                    continue 'rows;
                }
                let length = lengths[(row - window.start) as usize];
                score += optional[position].score_of(row, u32::from_le_bytes(length))?;
            }
            if score < threshold {
                continue;
            }
            self.best.push(Reverse((score, Reverse(number))));
            if self.best.len() > self.k {
                self.best.pop();
            }
            if self.best.len() == self.k
                && let Some(Reverse((worst, _))) = self.best.peek()
            {
                self.threshold.fetch_max(*worst, Ordering::Relaxed);
                threshold = self.threshold.load(Ordering::Relaxed);
            }
        }
        Ok(())
    }
}

/// A position in a list.
struct Cursor<'a> {
    segment: &'a TermSegment,
    list: &'a List<'a>,
    /// An upper bound of the score of any row of the chunk.
    bound: FixedScore,
    /// The number of the decoded block, or `None` before the first.
    number: Option<usize>,
    block: Block,
    /// The next row, in the block or in the list of a phrase.
    next: usize,
}

impl<'a> Cursor<'a> {
    /// Makes a cursor at the first of `rows`, or `None` if the list has none of them.
    fn new(
        segment: &'a TermSegment,
        list: &'a List<'a>,
        rows: &Range<u32>,
    ) -> Result<Option<Self>> {
        let mut cursor = Self {
            segment,
            list,
            bound: 0,
            number: None,
            block: Block::new(),
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

    /// Adds the scores of the rows of a window.
    fn add_scores(
        &mut self,
        window: &Range<u32>,
        lengths: &[[u8; 4]],
        scores: &mut [FixedScore],
    ) -> Result<()> {
        let scorer = &self.list.scorer;
        let mut add = |posting: Posting| {
            let position = (posting.row - window.start) as usize;
            let length = u32::from_le_bytes(lengths[position]);
            scores[position] += scorer.score(posting.frequencies, length);
        };
        match &self.list.rows {
            ListRows::Phrase(found) => {
                while let Some(posting) = found.get(self.next) {
                    if posting.row >= window.end {
                        break;
                    }
                    if posting.row >= window.start {
                        add(*posting);
                    }
                    self.next += 1;
                }
            }
            ListRows::Term(postings) => {
                if !self.move_to(postings, window.start)? {
                    return Ok(());
                }
                loop {
                    let rows = &self.block.rows()[self.next..];
                    let within = rows.partition_point(|row| *row < window.end);
                    for i in self.next..self.next + within {
                        add(self.block.posting(i));
                    }
                    self.next += within;
                    if self.next < self.block.len || !self.move_to(postings, window.start)? {
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
    fn score_of(&mut self, row: u32, length: u32) -> Result<FixedScore> {
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
