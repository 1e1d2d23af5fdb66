//! The exhaustive scan: every allowed row is scored in f32.

use std::ops::Range;

use cognate_kernels::Cpu;

use super::allowed::AllowedRows;
use super::block::Block;
use crate::Result;
use crate::top_k::TopK;

/// The number of rows in a strip. The scores of a strip are computed before they are compared with
/// the thresholds.
const STRIP_ROWS: usize = 64;

/// The number of bytes of the queries that are scored against a strip at a time. They stay in the
/// second-level cache.
const STRIP_QUERY_BYTES: usize = 128 << 10;

/// Memory for the scores of a strip.
pub(super) struct ExhaustiveScan {
    /// `[m, STRIP_ROWS]`
    scores: Vec<f32>,
}

impl ExhaustiveScan {
    pub(super) fn new(m: usize) -> Self {
        Self {
            scores: vec![0.0; m * STRIP_ROWS],
        }
    }

    /// Scores the allowed ones of `rows` of a block against all queries, `[m, dim]`.
    pub(super) fn score(
        &mut self,
        queries: &[f32],
        block: &Block<'_>,
        rows: Range<u32>,
        allowed: &AllowedRows<'_>,
        best: &mut [TopK],
    ) -> Result<()> {
        if allowed.has_all(rows.clone()) {
            self.score_all(queries, block, rows, best)
        } else {
            let score = |strip: &[u32]| self.score_some(queries, block, strip, best);
            allowed.for_each_strip::<STRIP_ROWS, _>(rows, score)
        }
    }

    fn score_all(
        &mut self,
        queries: &[f32],
        block: &Block<'_>,
        rows: Range<u32>,
        best: &mut [TopK],
    ) -> Result<()> {
        let dim = queries.len() / best.len();
        let values = block.values(rows.clone())?;
        let strip_starts = rows.step_by(STRIP_ROWS);
        for (strip, start) in values.chunks(STRIP_ROWS * dim).zip(strip_starts) {
            let n = strip.len() / dim;
            let scores = &mut self.scores[..best.len() * n];
            let chunk = queries_per_chunk(dim);
            for (queries, scores) in queries
                .chunks(chunk * dim)
                .zip(scores.chunks_mut(chunk * n))
            {
                Cpu::detect().dot_block(queries, strip, dim, scores);
            }
            push(best, scores, start..);
        }
        Ok(())
    }

    /// Scores at most [`STRIP_ROWS`] rows.
    fn score_some(
        &mut self,
        queries: &[f32],
        block: &Block<'_>,
        strip: &[u32],
        best: &mut [TopK],
    ) -> Result<()> {
        let dim = queries.len() / best.len();
        let mut rows: [&[f32]; STRIP_ROWS] = [&[]; STRIP_ROWS];
        for (values, id) in rows.iter_mut().zip(strip) {
            *values = block.values(*id..*id + 1)?;
        }
        let rows = &rows[..strip.len()];
        let scores = &mut self.scores[..best.len() * rows.len()];
        let chunk = queries_per_chunk(dim);
        for (queries, scores) in queries
            .chunks(chunk * dim)
            .zip(scores.chunks_mut(chunk * rows.len()))
        {
            Cpu::detect().dot_gather(queries, rows, dim, scores);
        }
        push(best, scores, strip.iter().copied());
        Ok(())
    }
}

/// Returns the number of queries that are scored against a strip at a time.
pub(crate) fn queries_per_chunk(dim: usize) -> usize {
    (STRIP_QUERY_BYTES / (dim * size_of::<f32>())).max(1)
}

/// Pushes the scores of a strip, `[m, rows]`; `m` is at least 1.
fn push(best: &mut [TopK], scores: &[f32], rows: impl Iterator<Item = u32> + Clone) {
    let n = scores.len() / best.len();
    for (best, scores) in best.iter_mut().zip(scores.chunks_exact(n)) {
        for (row, score) in rows.clone().zip(scores) {
            best.push(row, *score);
        }
    }
}
