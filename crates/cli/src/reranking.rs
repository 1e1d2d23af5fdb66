use anyhow::Result;
use cognate::{Device, Library, PaperHit, Precision, Query, Reranker};

use crate::arguments::RerankArguments;
use crate::model;

/// A search whose first hits are reranked by a cross-encoder.
#[derive(Debug)]
pub(crate) struct Reranking {
    reranker: &'static Reranker,
    /// The number of hits to rerank.
    depth: usize,
}

/// Loads the cross-encoder of `--rerank`, or returns `None` if the option is absent. Without
/// `--rerank-precision`, it runs in the precision of the library, `stored`, if a CPU supports that.
pub(crate) fn load_reranker(
    arguments: &RerankArguments,
    stored: Precision,
) -> Result<Option<&'static Reranker>> {
    let precision = match arguments.rerank_precision {
        Some(precision) => precision,
        None => model::supported_precision(Device::Cpu, stored),
    };
    let load = |name: &String| model::load_reranker(name, precision);
    arguments.rerank.as_ref().map(load).transpose()
}

impl Reranking {
    /// Loads the cross-encoder like [`load_reranker`].
    pub(crate) fn load(arguments: &RerankArguments, stored: Precision) -> Result<Option<Self>> {
        let reranker = load_reranker(arguments, stored)?;
        Ok(reranker.map(|reranker| Self {
            reranker,
            depth: arguments.rerank_depth,
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
        let wanted = k.unwrap_or(Query::DEFAULT_K);
        let mut hits = library.search(&query.k(wanted.max(self.depth)))?;
        let beyond_depth = hits.split_off(self.depth.min(hits.len()));
        let mut hits = library.rerank(text, hits, self.reranker)?;
        hits.extend(beyond_depth);
        hits.truncate(wanted);
        Ok(hits)
    }
}
