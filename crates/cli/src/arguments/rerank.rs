use std::num::NonZeroUsize;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct RerankArguments {
    /// Rerank the first hits with a cross-encoder: a model on the Hugging Face Hub, or a folder
    #[arg(long, value_name = "NAME|DIR")]
    pub(crate) rerank: Option<String>,
    /// Number of hits that the cross-encoder reranks
    #[arg(long, value_name = "N", default_value = "50", requires = "rerank")]
    pub(crate) rerank_depth: NonZeroUsize,
}
