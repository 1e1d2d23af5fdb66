//! The ranking of papers that a draft may have missed.

use std::collections::{BTreeMap, BTreeSet};

use cognate_index::{RowId, SearchOptions};
use ndarray::{Array1, Array2, Axis};
use roaring::RoaringBitmap;

use crate::library::snapshot::Snapshot;
use crate::query::fusion::{POOL, fuse};
use crate::query::keyword_query::KeywordQuery;
use crate::query::mode::Fusion;
use crate::query::scored_row::{ScoredRow, sort};
use crate::unit_vector::scale_to_unit;
use crate::{Error, Result};

/// The number of sentences of a draft whose cosines with a paper are averaged: the nearest ones.
const NEAREST_SENTENCES: usize = 5;

/// The number of candidates that are the nearest to one sentence.
const SENTENCE_POOL: usize = 100;

/// The number of candidates that are the nearest to the whole draft, to the cited papers, and to the
/// titles of the cited papers.
const DRAFT_POOL: usize = 1_000;

/// The weight of the title score relative to the score by vectors. It is above 1 because a mean cosine
/// over many titles is small. A larger weight would find fewer papers that share the subject but no
/// word.
const TITLE_WEIGHT: f32 = 2.0;

/// The share of the score by vectors and titles in the fused score; the draft's words have
/// the rest.
const VECTOR_WEIGHT: f64 = 0.8;

/// A paper with its scores.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) row: RowId,
    pub(super) score: f32,
    pub(super) title_score: f32,
    pub(super) keyword_score: Option<f64>,
    /// The score by which candidates are sorted.
    pub(super) fused_score: Option<f64>,
    /// The position of the sentence nearest to the paper.
    pub(super) sentence: usize,
    /// The cosine of the paper with that sentence.
    pub(super) sentence_score: f32,
}

impl Candidate {
    /// Returns the score by vectors and titles, which is fused with the one by keywords.
    fn similarity(&self) -> f32 {
        TITLE_WEIGHT.mul_add(self.title_score, self.score)
    }
}

/// Ranks the papers of a snapshot by their similarity to a draft and to the papers that it cites.
pub(super) struct Ranking<'a> {
    pub(super) snapshot: &'a Snapshot<'a>,
    /// The unit vectors of the sentences of the draft, `[n, dim]`.
    pub(super) sentences: &'a Array2<f32>,
    /// The direction of the mean of the cited papers, or `None` if there is none.
    pub(super) cited: Option<Array1<f32>>,
    /// The similarity of the title of each paper to the titles of the cited papers.
    pub(super) title_scores: BTreeMap<RowId, f32>,
    /// The words of the draft.
    pub(super) keywords: KeywordQuery,
}

impl Ranking<'_> {
    /// Returns the best `k` of the allowed rows, ties by ascending row.
    pub(super) fn best(&self, allowed: &RoaringBitmap, k: usize) -> Result<Vec<Candidate>> {
        if allowed.is_empty() {
            return Ok(Vec::new());
        }
        let by_keyword = self.by_keyword(allowed)?;
        let mut pool = self.pool(allowed, k)?;
        pool.extend(by_keyword.iter().map(|(row, _)| *row));
        let candidates = pool.into_iter().map(|row| Ok((row, self.candidate(row)?)));
        let mut candidates = candidates.collect::<Result<BTreeMap<RowId, Candidate>>>()?;
        let scored = |candidate: &Candidate, keyword_score| ScoredRow {
            row: candidate.row,
            score: Some(candidate.similarity()),
            keyword_score,
            fused_score: None,
        };
        let mut nearest: Vec<ScoredRow> = candidates
            .values()
            .map(|candidate| scored(candidate, None))
            .collect();
        sort(&mut nearest);
        let by_keyword: Vec<ScoredRow> = by_keyword
            .into_iter()
            .map(|(row, score)| scored(&candidates[&row], Some(score)))
            .collect();
        let mut fused = fuse(Fusion::ZScore, VECTOR_WEIGHT, &nearest, &by_keyword);
        fused.truncate(k);
        let hit = |scored: ScoredRow| {
            let mut candidate = candidates.remove(&scored.row)?;
            candidate.keyword_score = scored.keyword_score;
            candidate.fused_score = scored.fused_score;
            Some(candidate)
        };
        Ok(fused.into_iter().filter_map(hit).collect())
    }

    /// Returns the rows that share the most characteristic words of the draft, with their BM25 scores.
    fn by_keyword(&self, allowed: &RoaringBitmap) -> Result<Vec<(RowId, f64)>> {
        let hits = self
            .snapshot
            .keyword_hits(&self.keywords, POOL, Some(allowed))?;
        Ok(hits.into_iter().map(|hit| (hit.row, hit.score)).collect())
    }

    /// Returns the rows that are scored: at least `k`, or all if fewer are allowed.
    fn pool(&self, allowed: &RoaringBitmap, k: usize) -> Result<BTreeSet<RowId>> {
        let nearest = |k: usize| SearchOptions::new(k).filter(allowed);
        let mut pool = BTreeSet::new();
        let by_sentence = self
            .snapshot
            .index
            .search_batch(self.sentences.view(), nearest(SENTENCE_POOL))
            .map_err(Error::index(self.snapshot.dir))?;
        pool.extend(by_sentence.into_iter().flatten().map(|hit| hit.row));
        let mut draft = self.sentences.sum_axis(Axis(0));
        scale_to_unit(draft.view_mut());
        for vector in [Some(&draft), self.cited.as_ref()].into_iter().flatten() {
            // The vectors of the sentences may cancel one another out.
            if vector.iter().any(|&value| value != 0.0) {
                let hits = self
                    .snapshot
                    .search(vector.view(), nearest(DRAFT_POOL.max(k)))?;
                pool.extend(hits.into_iter().map(|hit| hit.row));
            }
        }
        let mut by_title: Vec<(RowId, f32)> = self
            .title_scores
            .iter()
            .filter(|&(row, &score)| score > 0.0 && allowed.contains(row.get()))
            .map(|(&row, &score)| (row, score))
            .collect();
        // The sort is stable, so ties stay in the order of the rows.
        by_title.sort_by(|a, b| b.1.total_cmp(&a.1));
        pool.extend(by_title.iter().take(DRAFT_POOL).map(|(row, _)| *row));
        Ok(pool)
    }

    fn candidate(&self, row: RowId) -> Result<Candidate> {
        let vector = self.snapshot.vector(row)?;
        let mut cosines: Vec<(usize, f32)> = self
            .sentences
            .dot(&vector)
            .into_iter()
            .map(|cosine| cosine.clamp(-1.0, 1.0))
            .enumerate()
            .collect();
        cosines.sort_by(|a, b| b.1.total_cmp(&a.1));
        let (sentence, sentence_score) = cosines.first().copied().unwrap_or_default();
        cosines.truncate(NEAREST_SENTENCES);
        let draft = mean(cosines.iter().map(|(_, cosine)| *cosine));
        let score = match &self.cited {
            Some(cited) => f32::midpoint(draft, cited.dot(&vector).clamp(-1.0, 1.0)),
            None => draft,
        };
        Ok(Candidate {
            row,
            score,
            title_score: self.title_scores.get(&row).copied().unwrap_or_default(),
            keyword_score: None,
            fused_score: None,
            sentence,
            sentence_score,
        })
    }
}

/// Returns the direction of the sum of the vectors in `rows`, or `None` if the sum is zero.
pub(super) fn sum_direction(
    snapshot: &Snapshot<'_>,
    rows: &BTreeSet<RowId>,
) -> Result<Option<Array1<f32>>> {
    let mut sum = Array1::zeros(snapshot.index.dim());
    for &row in rows {
        sum += &snapshot.vector(row)?;
    }
    scale_to_unit(sum.view_mut());
    Ok(Some(sum).filter(|sum| sum.iter().any(|&value| value != 0.0)))
}

/// Returns the mean of a few numbers, or 0 if there is none.
fn mean(values: impl ExactSizeIterator<Item = f32>) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "a handful of numbers")]
    let count = values.len().max(1) as f32;
    values.sum::<f32>() / count
}
