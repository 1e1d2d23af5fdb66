use anyhow::Result;
use clap::Args;
use cognate::{ExportFormat, HitOrder, PaperHit, Query};

use crate::arguments::filter::FilterArguments;
use crate::arguments::output::HitFormatArguments;
use crate::arguments::values::{cosine, positive, weight};
use crate::failure::NothingFound;

#[derive(Debug, Args)]
pub(crate) struct HitArguments {
    /// Number of papers to print [default: 10]
    ///
    /// At least 1; all papers if there are fewer.
    #[arg(short, value_name = "N", value_parser = positive, allow_negative_numbers = true)]
    pub(crate) k: Option<usize>,
    #[command(flatten)]
    filter: FilterArguments,
    /// Only papers with at least this cosine similarity, from -1 to 1
    #[arg(long, value_name = "SCORE", value_parser = cosine, allow_negative_numbers = true)]
    pub(crate) min_score: Option<f32>,
    /// Diversity weight of maximal marginal relevance, from 0 (off) to 1
    #[arg(
        long,
        value_name = "WEIGHT",
        default_value_t = 0.0,
        value_parser = weight,
        allow_negative_numbers = true
    )]
    diversity: f32,
    /// List the preprint and the publication of a paper as separate hits
    #[arg(long)]
    every_version: bool,
    /// Order of the papers, which are the best ones by relevance in any case
    ///
    /// By date, the latest publication comes first, and papers without a date last.
    #[arg(long, value_name = "ORDER", default_value_t)]
    pub(crate) sort: HitOrder,
    /// Exit with status 1 if no paper is found [default: status 0]
    #[arg(long)]
    fail_empty: bool,
    #[command(flatten)]
    output: HitFormatArguments,
}

impl HitArguments {
    /// Returns the format for other programs, or `None` if a person reads the hits.
    pub(crate) fn format(&self) -> Option<ExportFormat> {
        self.output.format()
    }

    /// Returns whether cells of CSV are written without an apostrophe before formulas.
    pub(crate) fn raw_cells(&self) -> bool {
        self.output.cells.raw_cells
    }

    /// Fails, without a message, if no paper was found and `--fail-empty` asks for that. Called when the
    /// answer is printed.
    pub(crate) fn check_found(&self, hits: &[PaperHit]) -> Result<()> {
        if self.fail_empty && hits.is_empty() {
            return Err(NothingFound.into());
        }
        Ok(())
    }

    /// Applies these arguments to `query`.
    pub(crate) fn apply(&self, mut query: Query) -> Query {
        query = query
            .filter(self.filter.filter())
            .diversity(self.diversity)
            .every_version(self.every_version)
            .score_context(true);
        if let Some(k) = self.k {
            query = query.k(k);
        }
        if let Some(score) = self.min_score {
            query = query.min_score(score);
        }
        query
    }
}
