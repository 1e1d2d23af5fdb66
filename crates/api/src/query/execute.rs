//! One query on one snapshot: from its options to its hits.

use std::sync::Arc;

use cognate_index::Hit;
use ndarray::{Array1, ArrayView1};

use crate::library::snapshot::Snapshot;
use crate::query::allowed_rows::allowed_rows;
use crate::query::directions::Directions;
use crate::query::excluded_words::rows_without;
use crate::query::fusion::POOL;
use crate::query::hit::{FoundBy, PaperHit, ScoreContext};
use crate::query::mode::Mode;
use crate::query::named_papers::NamedPapers;
use crate::query::retrieve::Retriever;
use crate::query::scored_row::ScoredRow;
use crate::query::smoothing::SMOOTHED;
use crate::query::version_groups::VersionGroups;
use crate::query::versions::VersionCandidate;
use crate::query::{Query, mmr};
use crate::{Paper, Result};

/// A query that is being answered.
pub(crate) struct QueryExecution<'a> {
    query: &'a Query,
    k: usize,
    retriever: Retriever<'a>,
    directions: Directions,
    named: NamedPapers,
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
        let allowed = allowed_rows(snapshot, &query.filter)?;
        let mut retriever = Retriever {
            allowed: rows_without(snapshot, &query.without_words, allowed)?,
            min_score: query.min_score,
            known_nearest,
            ..Retriever::unrestricted(*snapshot, query.ranking())
        };
        let directions = Directions::resolve(query, vector, &mut retriever)?;
        let named = NamedPapers::of(query, &retriever)?;
        Ok(Self {
            query,
            named,
            k: query
                .k
                .unwrap_or(Query::DEFAULT_K)
                .min(snapshot.index.len()),
            retriever,
            directions,
        })
    }

    /// Returns the hits in the order that the query asks for.
    pub(crate) fn hits(&self) -> Result<Vec<PaperHit>> {
        let mut hits = if self.query.every_version {
            let ranking = self.ranking(self.k)?;
            let snapshot = &self.retriever.snapshot;
            let hits = ranking
                .iter()
                .map(|scored| Ok(self.hit(scored, snapshot.paper_at(scored.row)?, Vec::new())));
            hits.collect::<Result<Vec<_>>>()?
        } else {
            self.group_versions()?
        };
        if self.query.score_context {
            self.add_score_context(&mut hits)?;
        }
        self.query.order.arrange(&mut hits);
        Ok(hits)
    }

    /// Returns the best groups of versions. The hit of a group is its best version, which lists the
    /// others that were found.
    fn group_versions(&self) -> Result<Vec<PaperHit>> {
        let snapshot = &self.retriever.snapshot;
        let mut n = self.k.saturating_mul(2);
        loop {
            let ranking = self.ranking(n)?;
            let mut groups = VersionGroups::default();
            for scored in &ranking {
                let candidate = VersionCandidate::new(snapshot.paper_at(scored.row)?);
                groups.add(snapshot, *scored, candidate)?;
            }
            let mut groups = groups.into_groups();
            // The versions of a paper are near each other, so twice `k` rows usually contain them.
            if groups.len() >= self.k || ranking.len() < n {
                groups.truncate(self.k);
                let hits = groups.into_iter().map(|group| {
                    let paper = Arc::unwrap_or_clone(group.best.paper);
                    self.hit(&group.scored, paper, group.others)
                });
                return Ok(hits.collect());
            }
            n = n.saturating_mul(2);
        }
    }

    /// Returns the best `n` rows, after those that the query names.
    fn ranking(&self, n: usize) -> Result<Vec<ScoredRow>> {
        let ranking = self.ranking_by_scores(n)?;
        match &self.directions {
            Directions::One(direction) => self.named.first(ranking, n, &self.retriever, direction),
            _ => Ok(ranking),
        }
    }

    /// Returns the best `n` rows, diversified if the query asks for it.
    fn ranking_by_scores(&self, n: usize) -> Result<Vec<ScoredRow>> {
        if self.query.diversity == 0.0 {
            return self.retrieve(n);
        }
        let pool = self.retrieve(n.max(POOL))?;
        let vectors = pool
            .iter()
            .map(|scored| self.retriever.snapshot.vector(scored.row));
        let vectors: Vec<ArrayView1<'_, f32>> = vectors.collect::<Result<_>>()?;
        let scores: Vec<f64> = pool.iter().map(ScoredRow::rank_score).collect();
        let chosen = mmr::choose(&scores, &vectors, self.query.diversity, n);
        Ok(chosen.into_iter().map(|position| pool[position]).collect())
    }

    fn retrieve(&self, n: usize) -> Result<Vec<ScoredRow>> {
        match &self.directions {
            Directions::One(direction) => self.retriever.best(direction, n),
            Directions::Interleaved(directions) => self.retriever.interleaved(directions, n),
            Directions::NearestExample(examples) => self.retriever.best(examples, n),
        }
    }

    /// Returns a hit whose rank and score context are still to be set.
    fn hit(&self, scored: &ScoredRow, paper: Paper, versions: Vec<Paper>) -> PaperHit {
        PaperHit {
            rank: 0,
            score: scored.score,
            keyword_score: scored.keyword_score,
            fused_score: scored.fused_score,
            score_context: None,
            rerank_score: None,
            named: self.named.contains(scored.row),
            paper,
            versions,
        }
    }

    /// Sets the score context of each hit.
    fn add_score_context(&self, hits: &mut [PaperHit]) -> Result<()> {
        let snapshot = &self.retriever.snapshot;
        let background = snapshot.background_similarity()?;
        // The nearest rows were retrieved already, unless the ranking is by keywords alone.
        let nearest = match &self.directions {
            Directions::One(direction) => {
                let depth = self.k.saturating_mul(2).max(POOL);
                Some(self.retriever.nearest(direction.vector()?, depth, None)?)
            }
            _ => None,
        };
        for hit in hits {
            let Some(score) = hit.score else { continue };
            let rank = |nearest: &Vec<Hit>| {
                let is_among = nearest.last().is_some_and(|last| score >= last.score);
                let rank = nearest.partition_point(|other| other.score >= score);
                is_among.then_some(rank)
            };
            let rank_by_cosine = nearest.as_ref().and_then(rank);
            hit.score_context = Some(ScoreContext::new(
                score,
                snapshot.index.len(),
                background.as_ref(),
                rank_by_cosine,
                self.found_by(rank_by_cosine, hit.keyword_score),
            ));
        }
        Ok(())
    }

    /// Returns how a hit with these ranks and scores was found.
    fn found_by(
        &self,
        rank_by_cosine: Option<usize>,
        keyword_score: Option<f64>,
    ) -> Option<FoundBy> {
        match (self.retriever.ranking.mode, &self.directions) {
            (Mode::Vector, _) => Some(FoundBy::Meaning),
            (Mode::Keyword, _) => Some(FoundBy::Words),
            (Mode::Hybrid, Directions::One(_)) => {
                let scores = self.retriever.last_keyword_scores.borrow();
                let first = self.k.max(Query::DEFAULT_K);
                let by_meaning = rank_by_cosine.is_some_and(|rank| rank <= first);
                let by_words = keyword_score
                    .is_some_and(|score| scores.partition_point(|other| *other >= score) <= first);
                Some(match (by_words, by_meaning) {
                    (true, false) => FoundBy::Words,
                    (false, true) => FoundBy::Meaning,
                    (true, true) | (false, false) => FoundBy::Both,
                })
            }
            (Mode::Hybrid, _) => None,
        }
    }
}

/// Returns the number of nearest rows that a query needs first.
pub(crate) fn retrieval_depth(query: &Query) -> usize {
    let k = query.k.unwrap_or(Query::DEFAULT_K);
    let hits = if query.every_version {
        k
    } else {
        k.saturating_mul(2)
    };
    let ranking = query.ranking();
    let pool = if ranking.mode == Mode::Hybrid || query.diversity > 0.0 {
        POOL
    } else if ranking.smooth {
        SMOOTHED
    } else {
        0
    };
    hits.max(pool)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{library, random_texts};
    use crate::{Filter, Library, Paper};
    use ndarray::array;

    fn execute(library: &Library, query: &Query) -> Vec<PaperHit> {
        let vector = array![1.0, 0.0, 0.0];
        let hits = library
            .read(|snapshot| QueryExecution::new(snapshot, query, Some(&vector), None)?.hits());
        hits.unwrap()
    }

    fn ids(hits: &[PaperHit]) -> Vec<&str> {
        hits.iter().map(|hit| hit.paper.id.as_str()).collect()
    }

    fn query() -> Query {
        Query::vector([1.0, 0.0, 0.0])
    }

    #[test]
    fn versions_are_one_hit_unless_each_is_asked_for() {
        let (_dir, library) = library(&["1 0 0", "1 0.2 0", "1 0.4 0", "0 1 0"]);
        let version = |id: &str, text: &str| Paper::new(id).abstract_text(text).doi("10.1234/same");
        let versions = [version("a", "1 0.1 0"), version("b", "1 0.3 0")];
        library.add(versions).unwrap();
        let each = execute(&library, &query().every_version(true).k(4));
        assert_eq!(ids(&each), ["0", "a", "1", "b"]);
        for k in 1..=5 {
            let grouped = execute(&library, &query().k(k));
            assert_eq!(ids(&grouped), ["0", "a", "1", "2", "3"][..k]);
            let ranks: Vec<usize> = grouped.iter().map(|hit| hit.rank).collect();
            assert_eq!(ranks, (1..=k).collect::<Vec<_>>());
        }
        let grouped = execute(&library, &query().k(5));
        let versions: Vec<&str> = grouped[1].versions.iter().map(|p| p.id.as_str()).collect();
        assert_eq!(versions, ["b"]);
    }

    #[test]
    fn the_score_context_ranks_a_hit_among_the_papers_that_pass_the_filter() {
        let texts = random_texts(120);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (_dir, library) = library(&texts);
        // Every second paper passes the filter.
        for id in (0..120).step_by(2) {
            let paper = library.get(&id.to_string()).unwrap().unwrap();
            library.add([paper.year(2000)]).unwrap();
        }
        let some = query().filter(Filter::default().years(2000..));
        let some = execute(&library, &some.score_context(true).k(60));
        assert_eq!(some.len(), 60);
        for hit in &some {
            let context = hit.score_context.unwrap();
            let at_least = some.iter().filter(|other| other.score >= hit.score).count();
            assert_eq!(context.rank_by_cosine, Some(at_least));
            assert!((0.0..=100.0).contains(&context.percentile.unwrap()));
        }
        let percentiles = some.iter().map(|hit| hit.score_context.unwrap().percentile);
        assert!(percentiles.collect::<Vec<_>>().is_sorted_by(|a, b| a >= b));
        let without = execute(&library, &query().k(3));
        assert!(without.iter().all(|hit| hit.score_context.is_none()));
    }

    #[test]
    fn a_hit_tells_whether_words_or_meaning_found_it() {
        // One paper has the word and is near, nine are near, and nine have the word.
        let near = (1..10).map(|n| format!("1 0.0{n} 0"));
        let with_word = (1..10).map(|n| format!("graph 0 1 0.0{n}"));
        let texts = near.chain(with_word).chain(["graph 1 0 0".to_owned()]);
        let texts: Vec<String> = texts.collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (_dir, library) = library(&texts);
        let expected = |id: &str| match id.parse().unwrap() {
            0..9 => FoundBy::Meaning,
            9..18 => FoundBy::Words,
            _ => FoundBy::Both,
        };
        let found_by = |hit: &PaperHit| hit.score_context.unwrap().found_by.unwrap();
        let query = Query::text("graph").score_context(true).k(3);
        let fused = execute(&library, &query);
        assert_eq!(fused[0].paper.id, "18");
        for hit in &fused {
            assert_eq!(found_by(hit), expected(&hit.paper.id));
        }
        for (mode, by) in [
            (Mode::Vector, FoundBy::Meaning),
            (Mode::Keyword, FoundBy::Words),
        ] {
            let hits = execute(&library, &query.clone().mode(mode));
            assert_eq!(hits.len(), 3);
            assert!(hits.iter().all(|hit| found_by(hit) == by));
        }
    }

    #[test]
    fn diversity_chooses_among_a_pool_and_keeps_the_scores() {
        let texts = random_texts(80);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (_dir, library) = library(&texts);
        let by_score = execute(&library, &query().every_version(true).k(80));
        let diverse = execute(&library, &query().every_version(true).diversity(0.7).k(10));
        assert_eq!(diverse[0].paper, by_score[0].paper);
        assert_ne!(ids(&diverse), ids(&by_score[..10]));
        for hit in &diverse {
            let same = by_score.iter().find(|other| other.paper == hit.paper);
            assert_eq!(same.unwrap().score, hit.score);
        }
    }

    #[test]
    fn the_retrieval_depth_covers_what_the_query_needs() {
        let text = Query::text("a").k(7).every_version(true);
        assert_eq!(retrieval_depth(&text.clone().mode(Mode::Vector)), 7);
        assert_eq!(retrieval_depth(&text.clone().mode(Mode::Hybrid)), POOL);
        assert_eq!(retrieval_depth(&text.clone().k(POOL + 1)), POOL + 1);
        assert_eq!(
            retrieval_depth(&text.mode(Mode::Vector).smooth(true)),
            SMOOTHED
        );
        assert_eq!(retrieval_depth(&query().k(7)), 14);
        assert_eq!(retrieval_depth(&query().diversity(0.5).k(7)), POOL);
    }
}
