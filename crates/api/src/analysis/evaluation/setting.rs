//! Search settings to measure, and the runs that they give.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::run::Run;
use crate::library::Library;
use crate::query::hit::PaperHit;
use crate::query::mode::Mode;
use crate::query::rerank::Rerank;
use crate::query::{Query, Target};
use crate::{Error, Progress, Result};

/// A way to search, with the name under which it is measured.
///
/// ```
/// use cognate::{Mode, SearchSetting};
///
/// let setting = SearchSetting::new("feedback", |query| query.mode(Mode::Hybrid).feedback(5));
/// assert_eq!(setting.name(), "feedback");
/// ```
#[derive(Clone)]
pub struct SearchSetting<'a> {
    name: String,
    configure: Arc<dyn Fn(Query) -> Query + Send + Sync + 'a>,
    reranking: Option<Reranking<'a>>,
}

#[derive(Clone, Copy)]
struct Reranking<'a> {
    reranker: &'a dyn Rerank,
    /// The number of hits to rerank.
    depth: usize,
}

/// The number of hits of a query that a run keeps, which is the largest cutoff of the metrics.
pub(crate) const DEPTH: usize = 100;

/// The number of hits that are retrieved. It is larger than [`DEPTH`], so that papers with the same
/// score around the cutoff are all known and their ids decide.
const RETRIEVED: usize = 120;

/// The number of queries that are answered together.
const BATCH: usize = 256;

impl<'a> SearchSetting<'a> {
    /// Creates a setting. `configure` sets the options of a query by text or by paper; the number of
    /// hits and the treatment of versions are set by the evaluation.
    pub fn new(
        name: impl Into<String>,
        configure: impl Fn(Query) -> Query + Send + Sync + 'a,
    ) -> Self {
        Self {
            name: name.into(),
            configure: Arc::new(configure),
            reranking: None,
        }
    }

    /// Returns the setting that only sets the mode, named for it.
    pub fn mode(mode: Mode) -> Self {
        Self::new(mode.name(), move |query| query.mode(mode))
    }

    /// Sets a reranker for the first `depth` hits of a query by text or by paper, which reads the text of
    /// the query or of its paper. Default: none.
    #[must_use]
    pub fn rerank(mut self, reranker: &'a dyn Rerank, depth: usize) -> Self {
        self.reranking = Some(Reranking { reranker, depth });
        self
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns `query` with the options of this setting, for a library of `papers` papers.
    pub(crate) fn configure(&self, query: Query, papers: usize) -> Query {
        let depth = self.reranking.map_or(0, |reranking| reranking.depth);
        (self.configure)(query)
            .k(RETRIEVED.max(depth).min(papers))
            // Versions are separate hits, because each may be relevant by itself.
            .every_version(true)
    }

    /// Adds the hits of a configured query to a run under the id `id`, reranked if the setting says so.
    pub(crate) fn insert_hits(
        &self,
        library: &Library,
        (id, query): (&str, &Query),
        mut hits: Vec<PaperHit>,
        run: &mut Run,
    ) -> Result<()> {
        if let Some(reranking) = self.reranking {
            let text = match &query.target {
                Target::Text(text) => text.clone(),
                Target::Papers(ids) => texts_of(library, ids)?,
                Target::Vector(_) => String::new(),
            };
            let beyond_depth = hits.split_off(reranking.depth.min(hits.len()));
            hits = library.rerank(&text, hits, reranking.reranker)?;
            hits.extend(beyond_depth);
        }
        let scores = ranking_scores(&hits);
        for (hit, score) in hits.into_iter().zip(scores) {
            run.insert(id, hit.paper.id, score);
        }
        Ok(())
    }
}

impl fmt::Debug for SearchSetting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SearchSetting")
            .field("name", &self.name)
            .field("reranks", &self.reranking.is_some())
            .finish_non_exhaustive()
    }
}

impl Library {
    /// Answers queries in one setting, and returns the best 100 papers of each as a [`Run`], which
    /// [`Qrels::evaluate`](crate::Qrels::evaluate) measures. Each query has an id and a target, such as
    /// `("q1", Query::text("small-world networks"))`; its options are those of the setting.
    ///
    /// `progress` is called with the number of answered queries.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`search`](Self::search) and [`rerank`](Self::rerank), and
    /// [`Error::Cancelled`] if `progress` breaks.
    pub fn run(
        &self,
        setting: &SearchSetting<'_>,
        queries: &[(String, Query)],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Run> {
        let papers = self.len()?;
        let mut run = Run::default();
        let mut done = 0;
        for batch in queries.chunks(BATCH) {
            let configured = batch
                .iter()
                .map(|(_, query)| setting.configure(query.clone(), papers));
            let configured: Vec<Query> = configured.collect();
            let answers = self.search_batch(&configured)?;
            for (((id, _), query), hits) in batch.iter().zip(&configured).zip(answers) {
                setting.insert_hits(self, (id, query), hits, &mut run)?;
                done += 1;
                if progress(Progress::new(done, queries.len())).is_break() {
                    return Err(Error::Cancelled { committed: 0 });
                }
            }
        }
        run.truncate(DEPTH);
        Ok(run)
    }
}

/// Returns the texts of papers of a library, one after the other.
fn texts_of(library: &Library, ids: &[String]) -> Result<String> {
    let mut texts = Vec::new();
    for id in ids {
        texts.extend(library.get(id)?.map(|paper| paper.text()));
    }
    Ok(texts.join(" "))
}

/// Returns a score for each hit, in the order of the hits, such that hits that the search could not
/// tell apart have the same score.
///
/// It is the score by which the search ranks, unless the hits are in another order, because they were
/// diversified, reranked or interleaved. Then it is the reciprocal of the rank of the first of those
/// hits in a row that have the same scores.
fn ranking_scores(hits: &[PaperHit]) -> Vec<f64> {
    let scores: Vec<f64> = hits.iter().map(ranking_score).collect();
    let is_reranked = hits.iter().any(|hit| hit.rerank_score.is_some());
    if !is_reranked && scores.is_sorted_by(|a, b| a >= b) {
        return scores;
    }
    let mut scores = Vec::with_capacity(hits.len());
    let mut of_group = 0.0;
    for (position, hit) in hits.iter().enumerate() {
        if position == 0 || all_scores(hit) != all_scores(&hits[position - 1]) {
            of_group = 1.0 / f64::from(u32::try_from(position + 1).unwrap_or(u32::MAX));
        }
        scores.push(of_group);
    }
    scores
}

/// Returns the score by which a search ranks a hit.
fn ranking_score(hit: &PaperHit) -> f64 {
    hit.fused_score
        .or(hit.keyword_score)
        .or(hit.score.map(f64::from))
        .unwrap_or_default()
}

/// Returns the bits of all scores of a hit.
fn all_scores(hit: &PaperHit) -> (Option<u32>, [Option<u64>; 2], Option<u32>) {
    (
        hit.score.map(f32::to_bits),
        [hit.keyword_score, hit.fused_score].map(|score| score.map(f64::to_bits)),
        hit.rerank_score.map(f32::to_bits),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Paper;

    fn hit(score: f32, keyword_score: Option<f64>, fused_score: Option<f64>) -> PaperHit {
        PaperHit {
            rank: 0,
            score: Some(score),
            keyword_score,
            fused_score,
            score_context: None,
            rerank_score: None,
            named: false,
            paper: Paper::new("a"),
            versions: Vec::new(),
        }
    }

    #[test]
    fn hits_in_the_order_of_the_score_of_their_search_have_that_score() {
        let vector = [hit(0.5, None, None), hit(0.25, None, None)];
        assert_eq!(ranking_scores(&vector), [0.5, 0.25]);
        let keyword = [hit(0.25, Some(3.0), None), hit(0.5, Some(3.0), None)];
        assert_eq!(ranking_scores(&keyword), [3.0, 3.0]);
        let hybrid = [hit(0.25, None, Some(-1.0)), hit(0.5, Some(3.0), Some(-2.0))];
        assert_eq!(ranking_scores(&hybrid), [-1.0, -2.0]);
    }

    #[test]
    fn hits_in_another_order_have_scores_by_rank_and_equal_ones_share_it() {
        let mut hits = vec![
            hit(0.5, None, None),
            hit(0.75, None, None),
            hit(0.75, None, None),
            hit(0.25, None, None),
        ];
        assert_eq!(ranking_scores(&hits), [1.0, 0.5, 0.5, 0.25]);
        hits[1].rerank_score = Some(1.0);
        assert_eq!(ranking_scores(&hits), [1.0, 0.5, 1.0 / 3.0, 0.25]);
    }
}
