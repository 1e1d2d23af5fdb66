use std::cmp::Ordering;

use cognate_model::Reranker;

use crate::error::BoxError;
use crate::{Error, Library, PaperHit, Result};

/// Scores how well documents answer a query, reading the two together.
///
/// [`Reranker`], a cross-encoder, is the usual one. Implement this to bring your own.
pub trait Rerank: Send + Sync {
    /// Scores each document, higher is better; score i for document i, a finite number. Scores
    /// need be comparable for one query only.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from scoring a document.
    fn scores(&self, query: &str, documents: &[&str]) -> Result<Vec<f32>, BoxError>;
}

impl Rerank for Reranker {
    fn scores(&self, query: &str, documents: &[&str]) -> Result<Vec<f32>, BoxError> {
        Ok(Self::scores(self, query, documents)?)
    }
}

impl Library {
    /// Puts hits in the order of a reranker's scores, best first, ties as they were.
    ///
    /// Every hit is scored by its [`text`](crate::Paper::text), which is all that is needed of a
    /// paper: the hits may come from any query, and `query` be another text than that of the search.
    /// Each keeps its other scores, has its new one in
    /// [`rerank_score`](PaperHit::rerank_score), and takes the rank of its new place. This takes a
    /// run of a model for each hit, so give it the first ones of a search, a few dozen.
    ///
    /// ```no_run
    /// use cognate::{Library, ModelSource, Query, Reranker, RerankerOptions};
    ///
    /// # let library = Library::open("papers")?;
    /// let model = ModelSource::from_env()?.resolve("cross-encoder/ms-marco-MiniLM-L6-v2")?;
    /// let reranker = Reranker::load(&model.open()?, RerankerOptions::default())?;
    /// let text = "how do cells divide";
    /// let hits = library.search(&Query::text(text).k(50))?;
    /// let hits = library.rerank(text, hits, &reranker)?;
    /// assert!(hits[0].rerank_score >= hits[1].rerank_score);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::EmptyQuery`] when the query is no text; [`Error::Rerank`] when the reranker fails;
    /// [`Error::RerankerShape`] and [`Error::RerankerScore`] when it does not give one number for
    /// each hit.
    ///
    /// # Complexity
    ///
    /// That of the reranker: linear in the hits.
    pub fn rerank(
        &self,
        query: &str,
        mut hits: Vec<PaperHit>,
        reranker: &dyn Rerank,
    ) -> Result<Vec<PaperHit>> {
        if query.trim().is_empty() {
            return Err(Error::EmptyQuery { expected: "a text" });
        }
        if hits.is_empty() {
            return Ok(hits);
        }
        let texts: Vec<_> = hits.iter().map(|hit| hit.paper.text()).collect();
        let texts: Vec<_> = texts.iter().map(String::as_str).collect();
        let scores = reranker
            .scores(query, &texts)
            .map_err(|source| Error::Rerank { source })?;
        if scores.len() != hits.len() {
            return Err(Error::RerankerShape {
                expected: hits.len(),
                found: scores.len(),
            });
        }
        let ranks: Vec<_> = hits.iter().map(|hit| hit.rank).collect();
        for (hit, score) in hits.iter_mut().zip(scores) {
            if !score.is_finite() {
                return Err(Error::RerankerScore {
                    id: hit.paper.id.clone(),
                    found: score,
                });
            }
            hit.rerank_score = Some(score);
        }
        // The sort is stable: equal scores keep their order.
        hits.sort_by(|a, b| {
            let order = b.rerank_score.partial_cmp(&a.rerank_score);
            order.unwrap_or(Ordering::Equal)
        });
        for (hit, rank) in hits.iter_mut().zip(ranks) {
            hit.rank = rank;
        }
        Ok(hits)
    }
}
