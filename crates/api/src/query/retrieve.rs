//! The rows that answer a query: the nearest ones, those that share its words, or both.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use cognate_index::{Hit, RowId, SearchOptions, TextHit};
use ndarray::{Array1, ArrayView1};
use roaring::RoaringBitmap;

use crate::library::document::FIELD_WEIGHTS;
use crate::library::snapshot::Snapshot;
use crate::query::fusion::{POOL, fuse};
use crate::query::keyword_query::KeywordQuery;
use crate::query::mode::{Fusion, Mode};
use crate::query::scored_row::ScoredRow;
use crate::query::smoothing::{SMOOTHED, smooth};
use crate::{Error, Result};

/// How rows are ranked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ranking {
    pub(crate) mode: Mode,
    pub(crate) fusion: Fusion,
    /// The share of the cosine in a fused score, 0 to 1.
    pub(crate) vector_weight: f64,
    /// Whether scores are smoothed over neighbors.
    pub(crate) smooth: bool,
}

/// A query to rank rows by: what their cosines are measured with, and words.
pub(crate) trait RankingQuery {
    /// The words to search for.
    fn keywords(&self) -> &KeywordQuery;

    /// Returns the `n` rows with the highest cosines that may be hits and that have at least a cosine of
    /// `min_score`.
    fn nearest(
        &self,
        retriever: &Retriever<'_>,
        n: usize,
        min_score: Option<f32>,
    ) -> Result<Vec<Hit>>;

    /// Returns the cosines of those of `rows` that may be hits and that have at least a cosine of
    /// `min_score`, or `None` if the query has no vector. The cosine of a row has the same bits as in
    /// [`nearest`](Self::nearest).
    fn cosines(
        &self,
        retriever: &Retriever<'_>,
        rows: &RoaringBitmap,
        min_score: Option<f32>,
    ) -> Result<Option<HashMap<RowId, f32>>>;
}

/// One direction in which to search.
#[derive(Clone, Debug)]
pub(crate) struct Direction {
    /// The vector, or `None` for a text that was not embedded, because it is searched for by keywords
    /// alone.
    pub(crate) vector: Option<Array1<f32>>,
    pub(crate) keywords: KeywordQuery,
}

impl Direction {
    /// Returns the vector, or [`Error::NoEmbedder`] if there is none.
    pub(crate) fn vector(&self) -> Result<ArrayView1<'_, f32>> {
        let vector = self.vector.as_ref().ok_or(Error::NoEmbedder)?;
        Ok(vector.view())
    }
}

impl RankingQuery for Direction {
    fn keywords(&self) -> &KeywordQuery {
        &self.keywords
    }

    fn nearest(
        &self,
        retriever: &Retriever<'_>,
        n: usize,
        min_score: Option<f32>,
    ) -> Result<Vec<Hit>> {
        retriever.nearest(self.vector()?, n, min_score)
    }

    fn cosines(
        &self,
        retriever: &Retriever<'_>,
        rows: &RoaringBitmap,
        min_score: Option<f32>,
    ) -> Result<Option<HashMap<RowId, f32>>> {
        let cosines = |vector: &Array1<f32>| retriever.cosines(vector.view(), rows, min_score);
        self.vector.as_ref().map(cosines).transpose()
    }
}

/// Retrieves rows of one snapshot under the restrictions of one query.
pub(crate) struct Retriever<'a> {
    pub(crate) snapshot: Snapshot<'a>,
    /// The rows that pass the filter, or `None` if all do.
    pub(crate) allowed: Option<RoaringBitmap>,
    /// The rows of the query's own papers, which are not hits.
    pub(crate) excluded: RoaringBitmap,
    pub(crate) min_score: Option<f32>,
    pub(crate) ranking: Ranking,
    /// The nearest rows to the query's vector, if a batch of queries has found them already.
    pub(crate) known_nearest: Option<Vec<Hit>>,
    /// The vector whose nearest rows were searched last, without a minimum score, and these rows, all of
    /// which are allowed and not excluded.
    pub(crate) last_nearest: RefCell<Option<(Array1<f32>, Vec<Hit>)>>,
    /// The BM25 scores of the pool of the last hybrid ranking, best first.
    pub(crate) last_keyword_scores: RefCell<Vec<f64>>,
}

impl<'a> Retriever<'a> {
    /// Creates a retriever of all rows.
    pub(crate) fn unrestricted(snapshot: Snapshot<'a>, ranking: Ranking) -> Self {
        Self {
            snapshot,
            allowed: None,
            excluded: RoaringBitmap::new(),
            min_score: None,
            ranking,
            known_nearest: None,
            last_nearest: RefCell::default(),
            last_keyword_scores: RefCell::default(),
        }
    }

    /// Excludes a row from all hits.
    pub(crate) fn exclude(&mut self, row: RowId) {
        self.excluded.insert(row.get());
        self.last_nearest.take();
    }

    /// Returns the `n` best rows.
    pub(crate) fn best(&self, query: &impl RankingQuery, n: usize) -> Result<Vec<ScoredRow>> {
        let depth = if self.ranking.smooth {
            n.max(SMOOTHED)
        } else {
            n
        };
        let mut ranking = match self.ranking.mode {
            Mode::Vector => {
                let hits = query.nearest(self, depth, self.min_score)?;
                hits.iter().map(ScoredRow::from).collect()
            }
            Mode::Keyword => self.by_keyword(query, depth, self.min_score)?,
            Mode::Hybrid => self.hybrid(query, depth)?,
        };
        self.smooth(&mut ranking)?;
        ranking.truncate(n);
        Ok(ranking)
    }

    /// Smooths the scores of a ranking that has at least as many rows as are smoothed, or all.
    fn smooth(&self, ranking: &mut [ScoredRow]) -> Result<()> {
        if !self.ranking.smooth {
            return Ok(());
        }
        let pool = ranking.iter().take(SMOOTHED);
        let vectors = pool.map(|scored| self.snapshot.vector(scored.row));
        let vectors = vectors.collect::<Result<Vec<_>>>()?;
        smooth(ranking, &vectors);
        Ok(())
    }

    /// Returns the `n` nearest rows to a vector that have at least a cosine of `min_score`.
    pub(crate) fn nearest(
        &self,
        vector: ArrayView1<'_, f32>,
        n: usize,
        min_score: Option<f32>,
    ) -> Result<Vec<Hit>> {
        if let Some(nearest) = &self.known_nearest
            && (n <= nearest.len() || nearest.len() == self.snapshot.index.len())
        {
            return Ok(nearest[..n.min(nearest.len())].to_vec());
        }
        if let Some((last, hits)) = &*self.last_nearest.borrow()
            && min_score.is_none()
            && n <= hits.len()
            && last == vector
        {
            return Ok(hits[..n].to_vec());
        }
        // The top n is a prefix of the top n + m, so dropping excluded rows from a longer list is exact.
        let margin = usize::try_from(self.excluded.len()).unwrap_or(usize::MAX);
        let mut options = options(n.saturating_add(margin), min_score);
        if let Some(rows) = &self.allowed {
            options = options.filter(rows);
        }
        let mut hits = self.snapshot.search(vector, options)?;
        hits.retain(|hit| !self.excluded.contains(hit.row.get()));
        hits.truncate(n);
        if min_score.is_none() {
            *self.last_nearest.borrow_mut() = Some((vector.to_owned(), hits.clone()));
        }
        Ok(hits)
    }

    /// Returns the `n` rows with the highest BM25 scores for the words of a query, of which each has at
    /// least a cosine of `min_score`.
    fn by_keyword(
        &self,
        query: &impl RankingQuery,
        n: usize,
        min_score: Option<f32>,
    ) -> Result<Vec<ScoredRow>> {
        let mut depth = n;
        loop {
            let hits = self.keyword_hits(query.keywords(), depth)?;
            let is_complete = hits.len() < depth;
            let scored = self.with_cosines(query, hits, min_score)?;
            // Few of the best rows by words may have the minimum score.
            if scored.len() >= n || is_complete {
                return Ok(scored.into_iter().take(n).collect());
            }
            depth = depth.saturating_mul(4);
        }
    }

    /// Returns the `n` rows that may be hits and have the highest BM25 scores.
    fn keyword_hits(&self, keywords: &KeywordQuery, n: usize) -> Result<Vec<TextHit>> {
        let margin = usize::try_from(self.excluded.len()).unwrap_or(usize::MAX);
        let depth = n.saturating_add(margin);
        let hits = self
            .snapshot
            .keyword_hits(keywords, depth, self.allowed.as_ref())?;
        Ok(self.without_excluded(hits, n))
    }

    fn without_excluded(&self, mut hits: Vec<TextHit>, n: usize) -> Vec<TextHit> {
        hits.retain(|hit| !self.excluded.contains(hit.row.get()));
        hits.truncate(n);
        hits
    }

    /// Adds cosines to hits by keyword, if the query has a vector, and leaves out those with a cosine
    /// below `min_score`.
    fn with_cosines(
        &self,
        query: &impl RankingQuery,
        hits: Vec<TextHit>,
        min_score: Option<f32>,
    ) -> Result<Vec<ScoredRow>> {
        let rows: RoaringBitmap = hits.iter().map(|hit| hit.row.get()).collect();
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let cosines = query.cosines(self, &rows, min_score)?;
        let scored = hits.into_iter().filter_map(|hit| {
            let score = match &cosines {
                Some(cosines) => Some(*cosines.get(&hit.row)?),
                None => None,
            };
            Some(ScoredRow {
                row: hit.row,
                score,
                keyword_score: Some(hit.score),
                fused_score: None,
            })
        });
        Ok(scored.collect())
    }

    /// Returns the cosines to a vector of those of `rows` that have at least a cosine of `min_score`.
    pub(crate) fn cosines(
        &self,
        vector: ArrayView1<'_, f32>,
        rows: &RoaringBitmap,
        min_score: Option<f32>,
    ) -> Result<HashMap<RowId, f32>> {
        let count = usize::try_from(rows.len()).unwrap_or(usize::MAX);
        let options = options(count, min_score).filter(rows);
        let hits = self.snapshot.search(vector, options)?;
        Ok(hits.iter().map(|hit| (hit.row, hit.score)).collect())
    }

    /// Returns the `n` best rows of the rankings by cosine and by BM25, fused.
    ///
    /// The minimum score removes rows from the ranking and changes no score: the two rankings that are
    /// fused do not depend on it.
    fn hybrid(&self, query: &impl RankingQuery, n: usize) -> Result<Vec<ScoredRow>> {
        let (nearest, by_keyword) = self.nearest_and_by_keyword(query, n.max(POOL))?;
        let nearest: Vec<ScoredRow> = nearest.iter().map(ScoredRow::from).collect();
        self.last_keyword_scores
            .replace(by_keyword.iter().map(|hit| hit.score).collect());
        let by_keyword = self.with_cosines(query, by_keyword, None)?;
        let Ranking {
            fusion,
            vector_weight,
            ..
        } = self.ranking;
        let mut fused = fuse(fusion, vector_weight, &nearest, &by_keyword);
        if let Some(min_score) = self.min_score {
            fused.retain(|scored| scored.cosine() >= min_score);
        }
        fused.truncate(n);
        Ok(fused)
    }

    /// Returns the `n` rows with the highest cosines and those with the highest BM25 scores, which are
    /// searched for at the same time.
    fn nearest_and_by_keyword(
        &self,
        query: &impl RankingQuery,
        n: usize,
    ) -> Result<(Vec<Hit>, Vec<TextHit>)> {
        let margin = usize::try_from(self.excluded.len()).unwrap_or(usize::MAX);
        let (terms, allowed) = (self.snapshot.terms, self.allowed.as_ref());
        let phrases = query.keywords().phrases();
        let mut by_keyword = Ok(Vec::new());
        let nearest = rayon::in_place_scope(|scope| {
            scope.spawn(|_| {
                by_keyword = terms.search(phrases, FIELD_WEIGHTS, POOL + margin, allowed);
            });
            query.nearest(self, n, None)
        })?;
        let by_keyword = by_keyword.map_err(Error::index(self.snapshot.dir))?;
        Ok((nearest, self.without_excluded(by_keyword, POOL)))
    }

    /// Returns the best row in the first direction, in the second and so on, then the second best row
    /// in each, up to `n` rows.
    pub(crate) fn interleaved(&self, directions: &[Direction], n: usize) -> Result<Vec<ScoredRow>> {
        let lists = directions.iter().map(|direction| self.best(direction, n));
        let lists = lists.collect::<Result<Vec<_>>>()?;
        let mut seen = HashSet::new();
        let mut merged = Vec::new();
        for rank in 0..n {
            let hits = lists.iter().filter_map(|list| list.get(rank));
            merged.extend(hits.filter(|scored| seen.insert(scored.row)).copied());
        }
        merged.truncate(n);
        Ok(merged)
    }
}

fn options<'o>(k: usize, min_score: Option<f32>) -> SearchOptions<'o> {
    let options = SearchOptions::new(k);
    match min_score {
        Some(score) => options.min_score(score),
        None => options,
    }
}

#[cfg(test)]
mod tests;
