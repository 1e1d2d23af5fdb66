//! Scores of all pairs of rows, each computed once.
//!
//! A dot product has the same bits if its vectors are exchanged, because multiplication is commutative
//! and the order of summation depends on the dimensions alone. So a score serves the hits of both rows.

use std::mem;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cognate_kernels::Cpu;
use rayon::prelude::*;

use crate::scan::{MAX_SEQUENTIAL_WORK, max_queries, queries_per_chunk};
use crate::top_k::TopK;
use crate::{FlatIndex, Hit, Result, RowId, SearchOptions};

/// The number of rows in a strip. The scores of a strip are computed before they are compared with
/// the thresholds.
const STRIP_ROWS: usize = 64;

/// The number of scores that are compared with thresholds at a time.
const COMPARED: usize = 16;

/// The fewest rows of a group, however many dimensions they have.
const MIN_GROUP_ROWS: usize = 16;

/// The best hits of some rows of an index among the others of them.
pub(super) struct AllPairs<'a> {
    dim: usize,
    /// The row numbers, ascending. A row is named by its position here.
    rows: &'a [u32],
    /// The vector of each row.
    values: Vec<&'a [f32]>,
    /// The number of rows of a group, a power of two.
    group_rows: usize,
    /// The best hits of each row of each group.
    best: Vec<Mutex<Vec<TopK>>>,
}

/// Two groups of rows, by the first row of each. The first group is not after the second.
#[derive(Clone, Copy)]
struct Tile {
    first: usize,
    second: usize,
}

impl<'a> AllPairs<'a> {
    /// Prepares for the rows of an index.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Corrupt`](crate::Error::Corrupt) if a row is damaged.
    pub(super) fn new(
        index: &'a FlatIndex,
        rows: &'a [u32],
        options: &SearchOptions<'_>,
    ) -> Result<Self> {
        let dim = index.dim();
        let group_rows = 1 << max_queries(dim).max(MIN_GROUP_ROWS).ilog2();
        let new_best = |_: &u32| TopK::new(options.k(), options.threshold());
        let groups = rows.chunks(group_rows);
        let values = rows.iter().map(|row| index.values(*row));
        Ok(Self {
            dim,
            rows,
            values: values.collect::<Result<_>>()?,
            group_rows,
            best: groups
                .map(|group| Mutex::new(group.iter().map(new_best).collect()))
                .collect(),
        })
    }

    /// Scores `rows` with one another and with all later rows, and returns the hits of `rows`. All
    /// earlier rows were scored before. The range starts and ends with groups.
    pub(super) fn score(&mut self, rows: Range<usize>) -> Vec<(RowId, Vec<Hit>)> {
        let mut queries = Vec::with_capacity(rows.len() * self.dim);
        for values in &self.values[rows.clone()] {
            queries.extend_from_slice(values);
        }
        let tiles: Vec<Tile> = rows
            .clone()
            .step_by(self.group_rows)
            .flat_map(|first| {
                let seconds = (first..self.rows.len()).step_by(self.group_rows);
                seconds.map(move |second| Tile { first, second })
            })
            .collect();
        let new_scores = || vec![0.0; self.group_rows * STRIP_ROWS];
        let score = |scores: &mut Vec<f32>, tile: &Tile| {
            let group = self.group_from(tile.first).len();
            let queries = &queries[(tile.first - rows.start) * self.dim..][..group * self.dim];
            self.score_tile(queries, *tile, scores);
        };
        let work = rows.len() * (self.rows.len() - rows.start) * self.dim;
        if work <= MAX_SEQUENTIAL_WORK {
            let mut scores = new_scores();
            for tile in &tiles {
                score(&mut scores, tile);
            }
        } else {
            tiles.par_iter().for_each_init(new_scores, score);
        }
        let mut found = Vec::with_capacity(rows.len());
        let groups = rows.start / self.group_rows..rows.end.div_ceil(self.group_rows);
        for best in &mut self.best[groups] {
            let best = best.get_mut().unwrap_or_else(PoisonError::into_inner);
            found.extend(mem::take(best).into_iter().map(TopK::into_sorted));
        }
        let rows = self.rows[rows].iter().map(|row| RowId::new(*row));
        rows.zip(found).collect()
    }

    /// Returns the rows of the group that starts with the row `first`.
    fn group_from(&self, first: usize) -> Range<usize> {
        first..self.rows.len().min(first + self.group_rows)
    }

    /// Scores the pairs of a tile. `queries` has the vectors of its first group, `[rows, dim]`.
    fn score_tile(&self, queries: &[f32], tile: Tile, scores: &mut [f32]) {
        let dim = self.dim;
        let group = self.group_from(tile.first);
        let mut strip = self.group_from(tile.second);
        while !strip.is_empty() {
            let rest = strip.end;
            strip.end = rest.min(strip.start + STRIP_ROWS);
            // In a tile of a group with itself, later rows come with later strips.
            let queries = &queries[..(strip.end.min(group.end) - group.start) * dim];
            let scores = &mut scores[..queries.len() / dim * strip.len()];
            let chunk = queries_per_chunk(dim);
            for (queries, scores) in queries
                .chunks(chunk * dim)
                .zip(scores.chunks_mut(chunk * strip.len()))
            {
                Cpu::detect().dot_gather(queries, &self.values[strip.clone()], dim, scores);
            }
            self.push_to_first(tile.first, strip.clone(), scores);
            self.push_to_second(tile.first, strip.clone(), scores);
            strip = strip.end..rest;
        }
    }

    /// Pushes the scores of a strip to the rows from `first` on. `scores` is `[rows, strip]`.
    fn push_to_first(&self, first: usize, strip: Range<usize>, scores: &[f32]) {
        let mut best = self.lock_group_of(first);
        let scores = scores.chunks_exact(strip.len());
        for ((row, best), scores) in (first..).zip(best.iter_mut()).zip(scores) {
            let later = later_rows(row, &strip);
            let scores = scores[later.start - strip.start..].chunks(COMPARED);
            for (rows, scores) in self.rows[later].chunks(COMPARED).zip(scores) {
                let threshold = best.threshold();
                // Few scores are, and without a branch for each the compiler uses vectors.
                let is_hit = |score: &f32| *score >= threshold;
                let any = scores.iter().fold(false, |any, score| any | is_hit(score));
                if any {
                    for (row, score) in rows.iter().zip(scores) {
                        best.push(*row, *score);
                    }
                }
            }
        }
    }

    /// Pushes the scores of a strip to the rows of the strip. `scores` is `[rows, strip]`, and its rows
    /// are those from `first` on.
    fn push_to_second(&self, first: usize, strip: Range<usize>, scores: &[f32]) {
        let mut best = self.lock_group_of(strip.start);
        let best = &mut best[strip.start % self.group_rows..][..strip.len()];
        let mut thresholds = [0.0; STRIP_ROWS];
        for (threshold, best) in thresholds.iter_mut().zip(best.iter()) {
            *threshold = best.threshold();
        }
        for (row, scores) in (first..).zip(scores.chunks_exact(strip.len())) {
            let later = later_rows(row, &strip).start - strip.start;
            let scores = scores[later..].chunks(COMPARED);
            let thresholds = thresholds[later..strip.len()].chunks_mut(COMPARED);
            let best = best[later..].chunks_mut(COMPARED);
            for ((scores, thresholds), best) in scores.zip(thresholds).zip(best) {
                let is_hit = |(score, threshold): (&f32, &f32)| score >= threshold;
                let pairs = scores.iter().zip(thresholds.iter());
                if pairs.fold(false, |any, pair| any | is_hit(pair)) {
                    for ((score, threshold), best) in scores.iter().zip(thresholds).zip(best) {
                        best.push(self.rows[row], *score);
                        *threshold = best.threshold();
                    }
                }
            }
        }
    }

    fn lock_group_of(&self, row: usize) -> MutexGuard<'_, Vec<TopK>> {
        let best = &self.best[row / self.group_rows];
        best.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the rows of a strip that are after `row`.
fn later_rows(row: usize, strip: &Range<usize>) -> Range<usize> {
    (row + 1).clamp(strip.start, strip.end)..strip.end
}
