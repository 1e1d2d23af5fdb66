use anyhow::Result;
use cognate::{Library, PaperHit, Query, Reranker};

use crate::arguments::RerankArguments;
use crate::model;

/// A search whose first hits a cross-encoder puts in order.
#[derive(Debug)]
pub(crate) struct Reranking {
    reranker: Reranker,
    /// The number of hits that it reads.
    depth: usize,
}

impl Reranking {
    /// Loads the cross-encoder, where one is asked for.
    pub(crate) fn load(arguments: &RerankArguments) -> Result<Option<Self>> {
        let Some(name) = &arguments.rerank else {
            return Ok(None);
        };
        Ok(Some(Self {
            reranker: model::load_reranker(name)?,
            depth: arguments.rerank_depth.get(),
        }))
    }

    /// The best `k` hits of `query`, which looks for `text`: those behind the depth stay as they are.
    pub(crate) fn search(
        &self,
        library: &Library,
        query: Query,
        text: &str,
        k: Option<usize>,
    ) -> Result<Vec<PaperHit>> {
        let papers = library.len()?;
        let wanted = k.unwrap_or(Query::DEFAULT_K);
        // A number that the library cannot answer is for the search to refuse.
        let query = if (1..=papers).contains(&wanted) || k.is_none() {
            query.k(wanted.max(self.depth).min(papers))
        } else {
            query
        };
        let mut hits = library.search(&query)?;
        let behind = hits.split_off(self.depth.min(hits.len()));
        let mut hits = library.rerank(text, hits, &self.reranker)?;
        hits.extend(behind);
        hits.truncate(wanted);
        Ok(hits)
    }
}
