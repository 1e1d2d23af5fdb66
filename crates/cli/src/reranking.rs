use anyhow::Result;
use cognate::{Library, PaperHit, Query, Reranker};

use crate::arguments::RerankArguments;
use crate::model;

/// A search whose first hits are reranked by a cross-encoder.
#[derive(Debug)]
pub(crate) struct Reranking {
    reranker: Reranker,
    /// The number of hits to rerank.
    depth: usize,
}

impl Reranking {
    /// Loads the cross-encoder, or returns `None` if `--rerank` is absent.
    pub(crate) fn load(arguments: &RerankArguments) -> Result<Option<Self>> {
        let Some(name) = &arguments.rerank else {
            return Ok(None);
        };
        Ok(Some(Self {
            reranker: model::load_reranker(name)?,
            depth: arguments.rerank_depth.get(),
        }))
    }

    /// Returns the best `k` hits of `query`, which searches for `text`. Hits beyond the depth follow
    /// in their original order.
    pub(crate) fn search(
        &self,
        library: &Library,
        query: Query,
        text: &str,
        k: Option<usize>,
    ) -> Result<Vec<PaperHit>> {
        let papers = library.len()?;
        let wanted = k.unwrap_or(Query::DEFAULT_K);
        // The search itself rejects a `k` that is out of range.
        let query = if (1..=papers).contains(&wanted) || k.is_none() {
            query.k(wanted.max(self.depth).min(papers))
        } else {
            query
        };
        let mut hits = library.search(&query)?;
        let beyond_depth = hits.split_off(self.depth.min(hits.len()));
        let mut hits = library.rerank(text, hits, &self.reranker)?;
        hits.extend(beyond_depth);
        hits.truncate(wanted);
        Ok(hits)
    }
}
