//! The scan: every allowed row against every query.
//!
//! Rows are cut into blocks, which threads take one by one; each keeps the best hits of the
//! blocks it took, and the threads' hits are merged. Queries come in groups: a block is read from
//! memory once for a group. A score depends on the two vectors alone, and the best hits on the
//! scores alone, so none of this shows in the result.

use std::ops::Range;

use cognate_kernels::Cpu;
use rayon::prelude::*;
use roaring::RoaringBitmap;

use crate::flat::Placed;
use crate::top_k::TopK;
use crate::{FlatIndex, Hit, SearchOptions};

/// The bytes of rows that a thread takes at a time, about.
const BLOCK_BYTES: usize = 1 << 20;

/// Rows whose scores are computed before they are looked at.
const STRIP_ROWS: usize = 64;

/// The queries of a group, at most, and the bytes they may have: they stay in the second-level
/// cache.
const GROUP_QUERIES: usize = 64;
const GROUP_BYTES: usize = 128 << 10;

/// Products below which starting threads takes longer than the work.
const SMALL_WORK: usize = 1 << 20;

/// The best hits of each query; `queries` is `[m, dim]`, unit vectors, and the options are checked.
pub(crate) fn scan(
    index: &FlatIndex,
    queries: &[f32],
    options: &SearchOptions<'_>,
) -> Vec<Vec<Hit>> {
    let dim = index.dim();
    let allowed = allowed(index, options.rows());
    let blocks = blocks(index, allowed.as_ref());
    let scan = Scan {
        index,
        allowed: allowed.as_ref(),
        blocks: &blocks,
        options,
    };
    let group = (GROUP_BYTES / (dim * size_of::<f32>())).clamp(1, GROUP_QUERIES) * dim;
    let rows: usize = blocks.iter().map(|block| block.rows.len()).sum();
    if rows.saturating_mul(queries.len()) <= SMALL_WORK {
        queries
            .chunks(group)
            .flat_map(|queries| scan.on_one_thread(queries))
            .collect()
    } else {
        let groups = queries.par_chunks(group).with_max_len(1);
        groups
            .flat_map_iter(|queries| scan.on_many_threads(queries))
            .collect()
    }
}

/// The rows to look at; none when that is all of them.
fn allowed(index: &FlatIndex, filter: Option<&RoaringBitmap>) -> Option<RoaringBitmap> {
    let deleted = index.deleted();
    match filter {
        Some(filter) => Some(filter - deleted),
        None if deleted.is_empty() => None,
        None => {
            let mut all = RoaringBitmap::new();
            if let Some(last) = index.rows().checked_sub(1) {
                all.insert_range(0..=u32::try_from(last).unwrap_or(u32::MAX));
            }
            Some(all - deleted)
        }
    }
}

/// Rows of one segment that a thread takes at once.
struct Block<'a> {
    placed: &'a Placed,
    /// Numbers in the index.
    rows: Range<u32>,
}

impl<'a> Block<'a> {
    /// The values of consecutive rows.
    fn values(&self, rows: Range<u32>, dim: usize) -> &'a [f32] {
        let offset = |row: u32| (row - self.placed.first) as usize * dim;
        &self.placed.segment.values()[offset(rows.start)..offset(rows.end)]
    }
}

/// The blocks that have allowed rows.
fn blocks<'a>(index: &'a FlatIndex, allowed: Option<&RoaringBitmap>) -> Vec<Block<'a>> {
    let block_rows = BLOCK_BYTES / (index.dim() * size_of::<f32>());
    let block_rows = u32::try_from(block_rows).unwrap_or(u32::MAX).max(16);
    let mut blocks = Vec::new();
    for placed in index.placed() {
        let end = placed.first + placed.segment.rows();
        let mut next = placed.first;
        while next < end {
            if let Some(allowed) = allowed {
                match allowed.range(next..end).next() {
                    Some(row) => next = row,
                    None => break,
                }
            }
            let rows = next..end.min(next.saturating_add(block_rows));
            next = rows.end;
            blocks.push(Block { placed, rows });
        }
    }
    blocks
}

/// What the groups of queries have in common.
struct Scan<'a> {
    index: &'a FlatIndex,
    allowed: Option<&'a RoaringBitmap>,
    blocks: &'a [Block<'a>],
    options: &'a SearchOptions<'a>,
}

/// What a thread knows about a group of queries.
struct State {
    best: Vec<TopK>,
    /// Scratch space for the scores of a strip, `[m, rows]`.
    scores: Vec<f32>,
}

impl Scan<'_> {
    fn start(&self, queries: &[f32]) -> State {
        let m = queries.len() / self.index.dim();
        let best = (0..m)
            .map(|_| TopK::new(self.options.k(), self.options.floor()))
            .collect();
        State {
            best,
            scores: vec![0.0; m * STRIP_ROWS],
        }
    }

    fn on_one_thread(&self, queries: &[f32]) -> Vec<Vec<Hit>> {
        let start = self.start(queries);
        let end = self
            .blocks
            .iter()
            .fold(start, |state, block| self.step(queries, state, block));
        end.best.into_iter().map(TopK::into_sorted).collect()
    }

    fn on_many_threads(&self, queries: &[f32]) -> Vec<Vec<Hit>> {
        let best = self
            .blocks
            .par_iter()
            .fold(
                || self.start(queries),
                |state, block| self.step(queries, state, block),
            )
            .map(|state| state.best)
            .reduce_with(|a, b| a.into_iter().zip(b).map(|(a, b)| a.merge(b)).collect())
            .unwrap_or_else(|| self.start(queries).best);
        best.into_iter().map(TopK::into_sorted).collect()
    }

    /// Takes in a block.
    fn step(&self, queries: &[f32], mut state: State, block: &Block<'_>) -> State {
        match self.allowed {
            None => self.all_rows(queries, &mut state, block),
            Some(allowed) => self.some_rows(queries, &mut state, block, allowed),
        }
        state
    }

    fn all_rows(&self, queries: &[f32], state: &mut State, block: &Block<'_>) {
        let dim = self.index.dim();
        let values = block.values(block.rows.clone(), dim);
        let firsts = block.rows.clone().step_by(STRIP_ROWS);
        for (strip, first) in values.chunks(STRIP_ROWS * dim).zip(firsts) {
            let scores = &mut state.scores[..state.best.len() * (strip.len() / dim)];
            Cpu::detect().dot_block(queries, strip, dim, scores);
            push(&mut state.best, scores, first..);
        }
    }

    fn some_rows(
        &self,
        queries: &[f32],
        state: &mut State,
        block: &Block<'_>,
        allowed: &RoaringBitmap,
    ) {
        let dim = self.index.dim();
        let mut ids = allowed.range(block.rows.clone());
        let mut strip = [0; STRIP_ROWS];
        loop {
            let strip = &*ids.next_many(&mut strip);
            if strip.is_empty() {
                break;
            }
            let mut rows: [&[f32]; STRIP_ROWS] = [&[]; STRIP_ROWS];
            for (values, id) in rows.iter_mut().zip(strip) {
                *values = block.values(*id..*id + 1, dim);
            }
            let scores = &mut state.scores[..state.best.len() * strip.len()];
            Cpu::detect().dot_gather(queries, &rows[..strip.len()], dim, scores);
            push(&mut state.best, scores, strip.iter().copied());
        }
    }
}

/// Takes in the scores of a strip, `[m, rows]`; there is at least one query.
fn push(best: &mut [TopK], scores: &[f32], rows: impl Iterator<Item = u32> + Clone) {
    let n = scores.len() / best.len();
    for (best, scores) in best.iter_mut().zip(scores.chunks_exact(n)) {
        for (row, score) in rows.clone().zip(scores) {
            best.push(row, *score);
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::IndexBuilder;

    #[test]
    fn blocks_hold_every_allowed_row_once_and_in_order() {
        // 4096 dimensions: 64 rows to a block.
        let mut builder = IndexBuilder::new(4096).unwrap();
        builder.append(Array2::ones((200, 4096)).view()).unwrap();
        let index = builder
            .build()
            .appended(Array2::ones((90, 4096)).view())
            .unwrap();
        assert_eq!(index.segments(), 2);
        let filters = [
            None,
            Some((0..290).collect()),
            Some(RoaringBitmap::new()),
            Some([0, 63, 64, 199, 200, 289, 290, 1000].into()),
            Some((100..120).chain(280..400).collect()),
        ];
        for filter in filters {
            let blocks = blocks(&index, filter.as_ref());
            let is_allowed = |row: &u32| filter.as_ref().is_none_or(|filter| filter.contains(*row));
            let found = blocks
                .iter()
                .flat_map(|block| block.rows.clone())
                .filter(is_allowed);
            assert!(found.eq((0..290).filter(is_allowed)));
            for block in &blocks {
                assert!(is_allowed(&block.rows.start) && block.rows.len() <= 64);
                let end = block.placed.first + block.placed.segment.rows();
                assert!(block.placed.first <= block.rows.start && block.rows.end <= end);
            }
        }
    }
}
