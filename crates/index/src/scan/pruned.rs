//! The pruned scan: only rows whose bounds reach the threshold are scored in f32.

use std::ops::Range;

use cognate_kernels::{BoundTerms, Candidate, Cpu, LeadingCodes};

use super::allowed::AllowedRows;
use super::block::Block;
use super::group::QueryGroup;
use crate::Result;
use crate::quantized::EncodedQueries;
use crate::top_k::TopK;

/// The number of rows whose bounds are compared with the same thresholds.
const STEP_ROWS: u32 = 1024;

/// The number of candidates by which prefetching a row precedes scoring it.
const PREFETCH_DISTANCE: usize = 4;

/// The number of pairs of query and row in a block, and how many of them were scored in f32.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) pairs: usize,
    pub(super) scored: usize,
}

/// Memory for bounds and candidates.
#[derive(Default)]
pub(super) struct PrunedScan {
    bound_terms: Vec<BoundTerms>,
    /// The pairs of query and row whose bounds reach the threshold. Rows are counted from the first
    /// row of the step.
    candidates: Vec<Candidate>,
}

impl PrunedScan {
    /// Scores the allowed rows of a block from row `start` on whose bounds reach the thresholds.
    /// `start` is the first row of a panel.
    #[expect(clippy::too_many_arguments, reason = "each is used at every step")]
    pub(super) fn score(
        &mut self,
        group: &QueryGroup<'_>,
        encoded: &EncodedQueries,
        panels: LeadingCodes<'_>,
        block: &Block<'_>,
        start: u32,
        allowed: &AllowedRows<'_>,
        best: &mut [TopK],
    ) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        let mut start = start;
        while start < block.rows.end {
            let rows = start..block.rows.end.min(start + STEP_ROWS);
            start = rows.end;
            let in_block = rows.start - block.rows.start..rows.end - block.rows.start;
            let panels = panels.slice_rows(in_block.start as usize..in_block.end as usize);
            self.find_candidates(group, encoded, panels, block, &rows, allowed, best);
            outcome.pairs += rows.len() * group.m;
            outcome.scored += self.score_candidates(group, block, rows.start, best)?;
        }
        Ok(outcome)
    }

    /// Finds the pairs of query and allowed row whose bounds reach the thresholds.
    #[expect(clippy::too_many_arguments, reason = "each is used at every step")]
    fn find_candidates(
        &mut self,
        group: &QueryGroup<'_>,
        encoded: &EncodedQueries,
        panels: LeadingCodes<'_>,
        block: &Block<'_>,
        rows: &Range<u32>,
        allowed: &AllowedRows<'_>,
        best: &[TopK],
    ) {
        let Self {
            bound_terms,
            candidates,
        } = self;
        candidates.clear();
        let queries = encoded.leading(group.thresholds.with(best), bound_terms);
        Cpu::detect().first_pass(queries, panels, candidates);
        // The last panel may extend beyond the segment.
        let len = rows.end - rows.start;
        let is_allowed = |row| allowed.contains(rows.start + row);
        candidates.retain(|candidate| candidate.row < len && is_allowed(candidate.row));
        if let Some(residuals) = block.residuals(rows.clone(), candidates) {
            let queries = encoded.residual(group.thresholds.with(best), bound_terms);
            Cpu::detect().refine(queries, residuals, candidates);
        }
    }

    /// Scores the candidates of each query in f32, best bound first, until a bound is below the
    /// threshold. Candidate rows are counted from row `first`. Returns the number of scores.
    fn score_candidates(
        &mut self,
        group: &QueryGroup<'_>,
        block: &Block<'_>,
        first: u32,
        best: &mut [TopK],
    ) -> Result<usize> {
        let candidates = &mut self.candidates;
        candidates.sort_unstable_by(|a, b| {
            a.query
                .cmp(&b.query)
                .then_with(|| b.bound.total_cmp(&a.bound))
        });
        let dim = group.queries.len() / group.m;
        let mut scored = 0;
        for (i, candidate) in candidates.iter().enumerate() {
            // Most candidates are scored.
            if let Some(later) = candidates.get(i + PREFETCH_DISTANCE) {
                let row = first + later.row;
                Cpu::detect().prefetch(block.values(row..row + 1)?);
            }
            let (query, row) = (candidate.query as usize, first + candidate.row);
            let best = &mut best[query];
            if candidate.bound >= best.threshold() {
                let query = &group.queries[query * dim..][..dim];
                let score = Cpu::detect().dot(query, block.values(row..row + 1)?);
                best.push(row, score);
                scored += 1;
            }
        }
        group.thresholds.raise(best);
        Ok(scored)
    }
}
