//! The rows with the highest scores for a query.
//!
//! Rows are scored in windows of 4,096. The terms are ordered by an upper bound of what each can add to
//! the score of a row. Terms whose bounds add up to less than the k-th best score so far cannot bring a
//! row among the best on their own, so rows that have no other term are not looked at (`MaxScore`: Turtle
//! and Flood, "Query evaluation: strategies and optimizations", 1995). The scores of the others are
//! complete, so the best rows are exact.
//!
//! The rows that have any of the other terms are candidates. The terms with low bounds are then added, the
//! highest bound first, until the candidates are done: to all rows of the window while there are many
//! candidates, to each candidate once there are few. After each term, candidates that the remaining bounds
//! cannot bring among the best are dropped.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use cognate_kernels::Cpu;
use rayon::prelude::*;
use roaring::RoaringBitmap;

use super::bm25::FixedScore;
use super::cursor::{Cursor, List};
use super::segment::TermSegment;
use crate::Result;

/// The number of rows that are scored together.
const WINDOW: u32 = 1 << 12;

/// The number of rows that one thread scores at a time.
const CHUNK: u32 = 1 << 16;

/// The time to look up the score of one row in a list, in units of the time to score one of many rows.
const LOOKUP_COST: usize = 4;

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
    if k == 0 {
        return Ok(Vec::new());
    }
    let chunks: Vec<(&SegmentLists<'_>, Range<u32>)> = segments
        .iter()
        .filter(|at| !at.lists.is_empty())
        .flat_map(|at| {
            let rows = at.segment.rows();
            let starts = (0..rows).step_by(CHUNK as usize);
            starts.map(move |start| (at, start..rows.min(start.saturating_add(CHUNK))))
        })
        .collect();
    let search = Search {
        k,
        allowed,
        deleted,
        best: Mutex::default(),
        threshold: AtomicU64::new(0),
    };
    chunks
        .into_par_iter()
        .try_for_each_init(Scratch::default, |scratch, (at, rows)| {
            search.search_chunk(at, rows, scratch)
        })?;
    let best = search.best.into_inner();
    // The order of the heap is reversed.
    let best = best
        .unwrap_or_else(PoisonError::into_inner)
        .into_sorted_vec();
    let best = best.into_iter();
    Ok(best
        .map(|Reverse((score, Reverse(row)))| (row, score))
        .collect())
}

/// What all threads share.
struct Search<'a> {
    k: usize,
    allowed: Option<&'a RoaringBitmap>,
    deleted: &'a RoaringBitmap,
    /// The best rows of all windows so far, at most `k`, the worst on top.
    best: Mutex<BinaryHeap<Reverse<Entry>>>,
    /// The score of the worst of `k` best rows, or 0 while there are fewer. It never falls.
    threshold: AtomicU64,
}

/// Memory for the rows of a window.
#[derive(Default)]
struct Scratch {
    /// The score of each row so far. All are 0 between two windows.
    scores: Vec<FixedScore>,
    /// The positions in the window of the rows that may be among the best, in ascending order.
    candidates: Vec<u32>,
}

impl Search<'_> {
    /// Searches some rows of a segment.
    fn search_chunk(
        &self,
        at: &SegmentLists<'_>,
        rows: Range<u32>,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let mut lists = Vec::with_capacity(at.lists.len());
        for list in &at.lists {
            lists.extend(Cursor::new(at.segment, list, &rows)?);
        }
        lists.sort_by_key(Cursor::bound);
        // The sum of the bounds of the lists before each one, and of all.
        let mut sums: Vec<FixedScore> = vec![0; lists.len() + 1];
        for (i, list) in lists.iter().enumerate() {
            sums[i + 1] = sums[i].saturating_add(list.bound());
        }
        for start in rows.clone().step_by(WINDOW as usize) {
            let window = start..rows.end.min(start.saturating_add(WINDOW));
            if self.allows_none(at, &window) {
                continue;
            }
            let threshold = self.threshold.load(Ordering::Relaxed);
            if sums[lists.len()] < threshold {
                // No row can reach the threshold any more.
                return Ok(());
            }
            self.search_window(at, &window, &mut lists, &sums, threshold, scratch)?;
        }
        Ok(())
    }

    /// Returns whether the filter excludes all rows of a window.
    fn allows_none(&self, at: &SegmentLists<'_>, window: &Range<u32>) -> bool {
        let rows = window.start + at.row_offset..window.end + at.row_offset;
        self.allowed
            .is_some_and(|allowed| allowed.range_cardinality(rows) == 0)
    }

    fn search_window(
        &self,
        at: &SegmentLists<'_>,
        window: &Range<u32>,
        lists: &mut [Cursor<'_>],
        sums: &[FixedScore],
        threshold: FixedScore,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let lengths = at.segment.file.lengths(window.clone())?;
        let Scratch { scores, candidates } = scratch;
        scores.resize(window.len(), 0);
        // The first lists cannot bring a row to the threshold on their own.
        let mut remaining = sums[1..].partition_point(|sum| *sum < threshold);
        for list in &mut lists[remaining..] {
            list.add_scores(window, lengths, scores)?;
        }
        // A row without a score has none of these phrases.
        let needed = |remaining: usize| threshold.saturating_sub(sums[remaining]).max(1);
        // A filter may leave few of the rows.
        while self.allowed.is_none() && remaining > 0 {
            let candidates = Cpu::detect().count_at_least(scores, needed(remaining));
            let list = &mut lists[remaining - 1];
            if is_cheaper_to_look_up(candidates, list, window) {
                break;
            }
            list.add_scores(window, lengths, scores)?;
            remaining -= 1;
        }
        candidates.clear();
        Cpu::detect().positions_at_least(scores, needed(remaining), candidates);
        let number = |position: u32| at.row_offset + window.start + position;
        candidates.retain(|position| {
            let number = number(*position);
            self.allowed.is_none_or(|allowed| allowed.contains(number))
                && !self.deleted.contains(number)
        });
        while remaining > 0 && !candidates.is_empty() {
            remaining -= 1;
            let list = &mut lists[remaining];
            if is_cheaper_to_look_up(candidates.len(), list, window) {
                for position in &*candidates {
                    let at = *position as usize;
                    let length = u32::from_le_bytes(lengths[at]);
                    scores[at] += list.score_of(window.start + position, length)?;
                }
            } else {
                list.add_scores(window, lengths, scores)?;
            }
            let needed = needed(remaining);
            candidates.retain(|position| scores[*position as usize] >= needed);
        }
        let found = candidates.iter();
        self.keep(found.map(|position| (scores[*position as usize], Reverse(number(*position)))));
        scores.fill(0);
        Ok(())
    }

    /// Keeps the best rows, and raises the threshold of all threads. If each thread kept the best rows that
    /// it found itself, the threshold would be lower.
    fn keep(&self, found: impl ExactSizeIterator<Item = Entry>) {
        if found.len() == 0 {
            return;
        }
        let mut best = self.best.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in found {
            if best.len() < self.k {
                best.push(Reverse(entry));
            } else if let Some(mut worst) = best.peek_mut()
                && worst.0 < entry
            {
                *worst = Reverse(entry);
            }
        }
        if best.len() == self.k
            && let Some(Reverse((worst, _))) = best.peek()
        {
            self.threshold.store(*worst, Ordering::Relaxed);
        }
    }
}

/// Returns whether looking up the scores of some candidates in a list takes less time than scoring all rows
/// of the list in a window.
fn is_cheaper_to_look_up(candidates: usize, list: &Cursor<'_>, window: &Range<u32>) -> bool {
    candidates.saturating_mul(LOOKUP_COST) < list.expected_rows(window.len())
}
