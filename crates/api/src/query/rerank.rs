//! Reordering hits by the scores of a reranker.

use std::cmp::Ordering;
use std::sync::Arc;

use cognate_model::Reranker;

use crate::error::BoxError;
use crate::library::Library;
use crate::query::hit::PaperHit;
use crate::{Error, Result};

/// Scores how well documents answer a query by reading each together with the query.
///
/// [`Reranker`], a cross-encoder, is the usual implementation. Implement this trait to bring your own
/// model. A pointer to a reranker is a reranker.
pub trait Rerank: Send + Sync {
    /// Returns one finite score for each document, in the order of the documents, higher is better.
    /// Scores need to be comparable within one call only.
    ///
    /// # Errors
    ///
    /// Returns the error that keeps it from scoring a document.
    fn scores(&self, query: &str, documents: &[&str]) -> Result<Vec<f32>, BoxError>;
}

/// Implements [`Rerank`] for a pointer to a reranker, which may be a `dyn Rerank`.
macro_rules! rerank_through {
    ($($pointer:ty),+) => {$(
        impl<R: Rerank + ?Sized> Rerank for $pointer {
            fn scores(&self, query: &str, documents: &[&str]) -> Result<Vec<f32>, BoxError> {
                (**self).scores(query, documents)
            }
        }
    )+};
}

rerank_through!(&R, Box<R>, Arc<R>);

impl Rerank for Reranker {
    fn scores(&self, query: &str, documents: &[&str]) -> Result<Vec<f32>, BoxError> {
        Ok(Self::scores(self, query, documents)?)
    }
}

impl Library {
    /// Sorts hits by the scores of a reranker, best first; ties stay in their order. Hits that the query
    /// [names](PaperHit::named) stay before all others.
    ///
    /// The reranker reads the [`text`](crate::Paper::text) of each paper and nothing else, so the hits
    /// may come from any query, and `query` may differ from the text that was searched for. A hit keeps
    /// its other scores, gets the new one as its [`rerank_score`](PaperHit::rerank_score), and takes
    /// the rank of its new position. The model runs once for each hit, so pass only the first few dozen
    /// hits of a search.
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
    /// Returns [`Error::EmptyQuery`] if the query has no text, [`Error::Rerank`] if the reranker fails,
    /// and [`Error::RerankerShape`] or [`Error::RerankerScore`] if it does not return one finite number
    /// for each hit.
    ///
    /// # Complexity
    ///
    /// Linear in the hits; dominated by the model.
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
        order_by(&scores, &mut hits)?;
        Ok(hits)
    }
}

/// Sets the rerank score of each hit, and sorts the hits by it. The ranks stay where they are.
fn order_by(scores: &[f32], hits: &mut [PaperHit]) -> Result<()> {
    let ranks: Vec<_> = hits.iter().map(|hit| hit.rank).collect();
    for (hit, &score) in hits.iter_mut().zip(scores) {
        if !score.is_finite() {
            return Err(Error::RerankerScore {
                id: hit.paper.id.clone(),
                found: score,
            });
        }
        hit.rerank_score = Some(score);
    }
    // The sort is stable, so ties stay in their order.
    hits.sort_by(|a, b| {
        let order = b.rerank_score.partial_cmp(&a.rerank_score);
        let named_first = b.named.cmp(&a.named);
        named_first.then(order.unwrap_or(Ordering::Equal))
    });
    for (hit, rank) in hits.iter_mut().zip(ranks) {
        hit.rank = rank;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Paper;

    #[test]
    fn a_named_paper_stays_before_those_with_better_scores() {
        let hit = |rank, id: &str| PaperHit {
            rank,
            score: Some(0.5),
            keyword_score: None,
            fused_score: None,
            score_context: None,
            rerank_score: None,
            named: id == "named",
            paper: Paper::new(id),
            versions: Vec::new(),
        };
        let mut hits = [hit(1, "named"), hit(2, "a"), hit(3, "b")];
        order_by(&[0.1, 0.2, 0.3], &mut hits).unwrap();
        let found = hits.map(|hit| (hit.rank, hit.paper.id, hit.rerank_score));
        let expected = [(1, "named", 0.1), (2, "b", 0.3), (3, "a", 0.2)];
        assert_eq!(
            found,
            expected.map(|(rank, id, score)| (rank, id.to_owned(), Some(score)))
        );
    }
}
