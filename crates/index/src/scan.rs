//! The scan: every allowed row against every query.
//!
//! Rows are divided into blocks, which threads take one by one. The best hits of each block are merged
//! with the best hits of all earlier blocks. Queries are divided into groups; a block is read
//! from memory once for a group. A score depends only on the two vectors, and the best hits depend
//! only on the scores, so the result is independent of threads, blocks and groups.
//!
//! Where a segment has quantized codes, these are read first. Only rows whose bounds reach the
//! threshold, the worst score of the best hits so far, are read in f32; no other row can be a hit.
//! Threads share their thresholds. Where bounds prune too few rows to be worthwhile, the following
//! blocks are scanned exhaustively.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use cognate_kernels::LeadingCodes;
use rayon::prelude::*;

use crate::quantized::{BLOCK_ROWS, EncodedQueries};
use crate::top_k::TopK;
use crate::{FlatIndex, Hit, Result, SearchOptions};

mod allowed;
mod block;
mod exhaustive;
mod group;
mod pruned;
mod pruning;
mod thresholds;

use allowed::AllowedRows;
use block::{Block, blocks};
use exhaustive::ExhaustiveScan;
pub(crate) use exhaustive::queries_per_chunk;
use group::QueryGroup;
pub(crate) use group::{GROUP_QUERIES, max_queries};
use pruned::PrunedScan;

/// The smallest number of rows of a block that are scored in f32 while a query has no threshold yet.
/// They fill panels.
const MIN_FIRST_ROWS: u32 = 512;

/// The number of rows of a panel.
#[expect(clippy::cast_possible_truncation, reason = "a panel has 16 rows")]
const PANEL_ROWS: u32 = LeadingCodes::PANEL_ROWS as u32;

/// The quantized codes of a block are read if at least one in this many rows is allowed.
const MAX_SPARSITY: u64 = 16;

/// The number of products up to which a scan runs on one thread, because starting threads would take
/// longer.
pub(crate) const MAX_SEQUENTIAL_WORK: usize = 1 << 20;

/// Returns the best hits of each query. `queries` is `[m, dim]`, unit vectors; the options are
/// valid.
///
/// # Errors
///
/// Returns [`Error::Corrupt`](crate::Error::Corrupt) if a block of rows does not match its checksum.
pub(crate) fn scan(
    index: &FlatIndex,
    queries: &[f32],
    options: &SearchOptions<'_>,
) -> Result<Vec<Vec<Hit>>> {
    let allowed = AllowedRows::new(options.rows(), index.deleted());
    let blocks = blocks(index, &allowed);
    let scan = Scan {
        allowed: &allowed,
        blocks: &blocks,
        options,
    };
    let dim = index.dim();
    let rows: usize = blocks.iter().map(|block| block.rows.len()).sum();
    let is_small = rows.saturating_mul(queries.len()) <= MAX_SEQUENTIAL_WORK;
    let groups = queries.chunks(max_queries(dim) * dim).map(|queries| {
        let group = QueryGroup::new(index, queries);
        if is_small {
            scan.run_sequential(&group)
        } else {
            scan.run_parallel(&group)
        }
    });
    let hits: Vec<Vec<Vec<Hit>>> = groups.collect::<Result<_>>()?;
    Ok(hits.into_iter().flatten().collect())
}

/// The part of a scan that all groups of queries share.
struct Scan<'a> {
    allowed: &'a AllowedRows<'a>,
    blocks: &'a [Block<'a>],
    options: &'a SearchOptions<'a>,
}

/// The state of a thread for a group of queries.
struct ThreadState {
    best: Vec<TopK>,
    exhaustive: ExhaustiveScan,
    pruned: PrunedScan,
}

impl Scan<'_> {
    fn new_state(&self, group: &QueryGroup<'_>) -> ThreadState {
        let best = (0..group.m)
            .map(|_| TopK::new(self.options.k(), self.options.threshold()))
            .collect();
        ThreadState {
            best,
            exhaustive: ExhaustiveScan::new(group.m),
            pruned: PrunedScan::default(),
        }
    }

    fn run_sequential(&self, group: &QueryGroup<'_>) -> Result<Vec<Vec<Hit>>> {
        let mut state = self.new_state(group);
        for block in self.blocks {
            self.score_block(group, &mut state, block)?;
        }
        Ok(sorted(state.best))
    }

    /// Scores blocks on all threads of the pool. After each block, a thread moves its hits to the common
    /// best hits, whose worst score is the threshold of all threads from then on. If each
    /// thread used the worst of its own hits, the threshold would be lower, the more so the more threads or
    /// searches share the pool.
    fn run_parallel(&self, group: &QueryGroup<'_>) -> Result<Vec<Vec<Hit>>> {
        let common = Mutex::new(self.new_state(group).best);
        self.blocks.par_iter().try_for_each_init(
            || self.new_state(group),
            |state, block| {
                self.score_block(group, state, block)?;
                let mut common = common.lock().unwrap_or_else(PoisonError::into_inner);
                for (own, common) in state.best.iter_mut().zip(common.iter_mut()) {
                    own.move_into(common);
                }
                group.thresholds.raise(&common);
                Ok(())
            },
        )?;
        let common = common.into_inner();
        Ok(sorted(common.unwrap_or_else(PoisonError::into_inner)))
    }

    fn score_block(
        &self,
        group: &QueryGroup<'_>,
        state: &mut ThreadState,
        block: &Block<'_>,
    ) -> Result<()> {
        if self.is_dense(block)
            && block.is_quantized()
            && group.pruning.is_worthwhile()
            && let Some(encoded) = group.encoded(block.segment_index)
            && let Some(panels) = block.panels()
        {
            self.score_with_pruning(group, state, block, encoded, panels)
        } else {
            self.score_exhaustively(group, state, block, block.rows.clone())
        }
    }

    /// Returns whether enough rows of a block are allowed that reading the codes of all is
    /// worthwhile.
    fn is_dense(&self, block: &Block<'_>) -> bool {
        let count = self.allowed.count(block.rows.clone());
        count * MAX_SPARSITY >= block.rows.len() as u64
    }

    fn score_exhaustively(
        &self,
        group: &QueryGroup<'_>,
        state: &mut ThreadState,
        block: &Block<'_>,
        rows: Range<u32>,
    ) -> Result<()> {
        let best = &mut state.best;
        state
            .exhaustive
            .score(group.queries, block, rows, self.allowed, best)
    }

    fn score_with_pruning(
        &self,
        group: &QueryGroup<'_>,
        state: &mut ThreadState,
        block: &Block<'_>,
        encoded: &EncodedQueries,
        panels: LeadingCodes<'_>,
    ) -> Result<()> {
        let mut start = block.rows.start;
        let mut thresholds = group.thresholds.with(&state.best);
        let is_unknown = thresholds.any(|threshold| threshold == f32::NEG_INFINITY);
        drop(thresholds);
        if is_unknown {
            let k = u32::try_from(self.options.k()).unwrap_or(u32::MAX);
            let first_rows = k.saturating_mul(2).clamp(MIN_FIRST_ROWS, BLOCK_ROWS);
            let first_rows = first_rows.next_multiple_of(PANEL_ROWS);
            start = start.saturating_add(first_rows).min(block.rows.end);
            self.score_exhaustively(group, state, block, block.rows.start..start)?;
        }
        group.thresholds.raise(&state.best);
        let ThreadState { best, pruned, .. } = state;
        let outcome = pruned.score(group, encoded, panels, block, start, self.allowed, best)?;
        group.pruning.record(group.m, outcome.pairs, outcome.scored);
        Ok(())
    }
}

fn sorted(best: Vec<TopK>) -> Vec<Vec<Hit>> {
    best.into_iter().map(TopK::into_sorted).collect()
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "counts are small")]
mod tests {
    use cognate_kernels::Cpu;
    use ndarray::Array2;
    use roaring::RoaringBitmap;

    use super::*;
    use crate::IndexBuilder;

    #[test]
    fn bounds_are_computed_less_often_if_they_prune_little() {
        const DIM: usize = 32;
        const ROWS: usize = 8 * BLOCK_ROWS as usize;
        // The variance is in few directions, and all rows have the same share of the last one.
        let mut rows = Array2::from_shape_fn((ROWS, DIM), |(i, j)| {
            let z = ((i * DIM + j + 1) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let z = (z ^ (z >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93) >> 40;
            (z as f32 / 8_388_608.0 - 1.0) / (1.0 + j as f32).sqrt()
        });
        for mut row in rows.outer_iter_mut() {
            row[DIM - 1] = 0.0;
            row[DIM - 1] = 0.3 * row.dot(&row).sqrt();
        }
        let mut builder = IndexBuilder::new(DIM).unwrap();
        builder.append(rows.view()).unwrap();
        let index = builder.build();
        let along = index.values(5).unwrap().to_vec();
        // A query in the shared direction has the same score for all rows.
        let mut across = vec![0.0; DIM];
        across[DIM - 1] = 1.0;
        for (query, is_pruned) in [(along, true), (across, false)] {
            let group = QueryGroup::new(&index, &query);
            assert!(group.encoded(0).is_some(), "rows are quantized");
            let allowed = AllowedRows::new(None, index.deleted());
            let blocks = blocks(&index, &allowed);
            let scan = Scan {
                allowed: &allowed,
                blocks: &blocks,
                options: &SearchOptions::new(10),
            };
            let hits = scan.run_sequential(&group).unwrap();
            // If bounds prune little, they are computed in three of the eight blocks: after the first
            // of them one block is read in f32, after the second two.
            assert_eq!(group.pruning.last_wait(), if is_pruned { 0 } else { 4 });
            // An exhaustive scan finds the same hits.
            let mut best = TopK::new(10, f32::NEG_INFINITY);
            for row in 0..index.rows {
                best.push(row, Cpu::detect().dot(&query, index.values(row).unwrap()));
            }
            assert_eq!(hits[0], best.into_sorted());
        }
    }

    #[test]
    fn queries_scored_in_chunks_have_the_hits_that_each_has_alone() {
        const DIM: usize = 2500;
        let chunk = queries_per_chunk(DIM);
        let value = |i: usize, j: usize| ((i * 31 + j * 17) % 101) as f32 - 50.0;
        let mut builder = IndexBuilder::new(DIM).unwrap();
        let rows = Array2::from_shape_fn((90, DIM), |(i, j)| value(i, j));
        builder.append(rows.view()).unwrap();
        let index = builder.build();
        let queries: Vec<f32> = (0..90)
            .flat_map(|row| index.values(row).unwrap().to_vec())
            .collect();
        assert!(chunk < 90 && 90 % chunk > 0, "{chunk}");
        let some: RoaringBitmap = (0..90).filter(|row| row % 3 > 0).collect();
        for options in [SearchOptions::new(5), SearchOptions::new(5).filter(&some)] {
            let all = scan(&index, &queries, &options).unwrap();
            for (query, hits) in queries.chunks(DIM).zip(all) {
                assert_eq!(scan(&index, query, &options).unwrap(), [hits]);
            }
        }
    }
}
