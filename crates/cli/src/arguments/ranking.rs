use clap::Args;
use cognate::{Fusion, Mode, Query};

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct RankingArguments {
    /// Search by meaning, by words or by both
    ///
    /// Vector ranks by cosine, keyword by BM25 and without the model, and hybrid fuses both.
    #[arg(long, default_value_t)]
    pub(crate) mode: Mode,
    /// With --mode hybrid: sum of standardized scores (z-score) or reciprocal rank fusion (rrf)
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
