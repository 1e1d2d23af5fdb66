use clap::Args;
use cognate::Precision;

use crate::arguments::values::positive;

#[derive(Debug, Args)]
pub(crate) struct RerankArguments {
    /// Rerank the first hits with a cross-encoder: a model on the Hugging Face Hub, or a folder
    #[arg(long, value_name = "NAME|DIR")]
    pub(crate) rerank: Option<String>,
    /// Number of hits that the cross-encoder reranks
    #[arg(
        long,
        value_name = "N",
        default_value = "50",
        requires = "rerank",
        value_parser = positive,
        allow_negative_numbers = true
    )]
    pub(crate) rerank_depth: usize,
    /// Numeric precision of the cross-encoder: f32 or int8 [default: int8 if the library's is int8, or
    /// else f32]
    #[arg(long, value_name = "PRECISION", requires = "rerank")]
    pub(crate) rerank_precision: Option<Precision>,
}
