//! One query on one snapshot: from its options to its hits.

use cognate_index::{Hit, RowId, SearchOptions};
use ndarray::{Array1, ArrayView1};
use roaring::RoaringBitmap;

use crate::Result;
use crate::library::snapshot::Snapshot;
use crate::query::directions::Directions;
use crate::query::hit::{PaperHit, ScoreContext};
use crate::query::mode::Mode;
use crate::query::retrieve::{POOL, Retriever, ScoredRow};
use crate::query::versions::version_evidence;
use crate::query::{Query, Target, mmr};

/// A query that is being answered.
pub(crate) struct QueryExecution<'a> {
    query: &'a Query,
    k: usize,
    retriever: Retriever<'a>,
    directions: Directions,
}

impl<'a> QueryExecution<'a> {
    /// Prepares a query. `vector` is the vector of a query by text or by vector, and `known_nearest`
    /// the rows nearest to it, if they are known.
    pub(crate) fn new(
        snapshot: &Snapshot<'a>,
        query: &'a Query,
        vector: Option<&Array1<f32>>,
        known_nearest: Option<Vec<Hit>>,
    ) -> Result<Self> {
        let mut retriever = Retriever {
            snapshot: *snapshot,
            allowed: allowed_rows(snapshot, query)?,
            excluded: RoaringBitmap::new(),
            min_score: query.min_score,
            known_nearest,
        };
        let directions = Directions::resolve(query, vector, &mut retriever)?;
        Ok(Self {
            query,
            k: query
                .k
                .unwrap_or(Query::DEFAULT_K)
                .min(snapshot.index.len()),
            retriever,
            directions,
        })
    }

    /// Returns the hits, best first.
    pub(crate) fn hits(&self) -> Result<Vec<PaperHit>> {
        let mut hits = if self.query.every_version {
            let ranking = self.ranking(self.k)?;
            let hits = ranking.iter().map(|scored| self.hit(scored));
            hits.collect::<Result<Vec<_>>>()?
        } else {
            self.group_versions()?
        };
        for (rank, hit) in (1..).zip(&mut hits) {
            hit.rank = rank;
        }
        if self.query.score_context {
            self.add_score_context(&mut hits)?;
        }
        Ok(hits)
    }

    fn hit(&self, scored: &ScoredRow) -> Result<PaperHit> {
        Ok(PaperHit {
            rank: 0,
            score: scored.score,
            keyword_score: scored.keyword_score,
            score_context: None,
            rerank_score: None,
            paper: self.retriever.snapshot.papers.paper_at(scored.row)?,
            versions: Vec::new(),
        })
    }

    /// Returns the best groups of versions. The hit of a group is its best version, which lists the
    /// others that were found.
    fn group_versions(&self) -> Result<Vec<PaperHit>> {
        let snapshot = &self.retriever.snapshot;
        let mut n = self.k.saturating_mul(2);
        loop {
            let ranking = self.ranking(n)?;
            let mut groups: Vec<(RowId, PaperHit)> = Vec::new();
            for scored in &ranking {
                let hit = self.hit(scored)?;
                let vector = snapshot.vector(scored.row)?;
                let mut group_of = None;
                for (position, (row, best)) in groups.iter().enumerate() {
                    let cosine = vector.dot(&snapshot.vector(*row)?);
                    if version_evidence(&best.paper, &hit.paper, cosine).is_some() {
                        group_of = Some(position);
                        break;
                    }
                }
                match group_of {
                    Some(position) => groups[position].1.versions.push(hit.paper),
                    None => groups.push((scored.row, hit)),
                }
            }
            // The versions of a paper are near each other, so twice `k` rows usually contain them.
            if groups.len() >= self.k || ranking.len() < n {
                groups.truncate(self.k);
                return Ok(groups.into_iter().map(|(_, hit)| hit).collect());
            }
            n = n.saturating_mul(2);
        }
    }

    /// Returns the best `n` rows, diversified if the query asks for it.
    fn ranking(&self, n: usize) -> Result<Vec<ScoredRow>> {
        if self.query.diversity == 0.0 {
            return self.retrieve(n);
        }
        let pool = self.retrieve(n.max(POOL))?;
        let vectors = pool
            .iter()
            .map(|scored| self.retriever.snapshot.vector(scored.row));
        let vectors: Vec<ArrayView1<'_, f32>> = vectors.collect::<Result<_>>()?;
        let scores: Vec<f32> = pool.iter().map(|scored| scored.score).collect();
        let chosen = mmr::choose(&scores, &vectors, self.query.diversity, n);
        Ok(chosen.into_iter().map(|position| pool[position]).collect())
    }

    fn retrieve(&self, n: usize) -> Result<Vec<ScoredRow>> {
        let retriever = &self.retriever;
        match &self.directions {
            Directions::One(vector) => match (&self.query.target, self.query.effective_mode()) {
                (Target::Text(text), Mode::Keyword) => retriever.by_keyword(text, vector, n),
                (Target::Text(text), Mode::Hybrid) => retriever.hybrid(text, vector, n),
                _ => {
                    let hits = retriever.nearest(vector.view(), n)?;
                    Ok(hits.iter().map(ScoredRow::from).collect())
                }
            },
            Directions::Interleaved(vectors) => retriever.interleaved(vectors, n),
            Directions::NearestExample(wanted, unwanted) => {
                retriever.nearest_example(wanted, unwanted, n)
            }
        }
    }

    /// Sets the score context of each hit.
    fn add_score_context(&self, hits: &mut [PaperHit]) -> Result<()> {
        let snapshot = &self.retriever.snapshot;
        let background = snapshot.papers.background_similarity()?;
        let lowest = hits.iter().map(|hit| hit.score).min_by(f32::total_cmp);
        let at_least_lowest = match (&self.directions, lowest) {
            (Directions::One(vector), Some(lowest)) => {
                let options = SearchOptions::new(snapshot.index.len()).min_score(lowest);
                let mut hits = snapshot.search(vector.view(), options)?;
                hits.retain(|hit| !self.retriever.excluded.contains(hit.row.get()));
                Some(hits)
            }
            _ => None,
        };
        for hit in hits {
            let rank = |all: &Vec<Hit>| all.partition_point(|other| other.score >= hit.score);
            hit.score_context = Some(ScoreContext {
                percentile: background
                    .as_ref()
                    .and_then(|sampled| sampled.percentile(hit.score)),
                rank_by_cosine: at_least_lowest.as_ref().map(rank),
            });
        }
        Ok(())
    }
}

/// Returns the number of nearest rows that a query needs first.
pub(crate) fn retrieval_depth(query: &Query) -> usize {
    let k = query.k.unwrap_or(Query::DEFAULT_K);
    if query.effective_mode() == Mode::Hybrid || query.diversity > 0.0 {
        k.max(POOL)
    } else if query.every_version {
        k
    } else {
        k.saturating_mul(2)
    }
}

/// Returns the rows whose papers pass the query's filter, or `None` if it has none.
fn allowed_rows(snapshot: &Snapshot<'_>, query: &Query) -> Result<Option<RoaringBitmap>> {
    if query.filter.is_empty() {
        return Ok(None);
    }
    let mut rows = RoaringBitmap::new();
    snapshot.papers.for_each(|stored| {
        if query.filter.allows(&stored.paper) {
            rows.insert(stored.row.get());
        }
    })?;
    Ok(Some(rows))
}
