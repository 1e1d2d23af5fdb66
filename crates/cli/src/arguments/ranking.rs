use clap::Args;
use cognate::{Fusion, Mode, Query};

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct RankingArguments {
    /// Search mode: vector (by meaning), keyword (by words, with BM25, without the model) or hybrid (both,
    /// fused)
    #[arg(long, default_value_t)]
    pub(crate) mode: Mode,
    /// With --mode hybrid: z-score (sum of standardized scores) or rrf (reciprocal rank fusion)
    #[arg(long)]
    fusion: Option<Fusion>,
}

impl RankingArguments {
    /// Applies these arguments to `query`.
    pub(crate) fn apply(self, query: Query) -> Query {
        let query = query.mode(self.mode);
        match self.fusion {
            Some(fusion) => query.fusion(fusion),
            None => query,
        }
    }
}
