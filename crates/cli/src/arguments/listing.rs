use clap::Args;
use cognate::{Listing, SortBy};

use crate::arguments::filter::FilterArguments;
use crate::arguments::values::positive;

#[derive(Debug, Args)]
pub(crate) struct ListingArguments {
    #[command(flatten)]
    pub(crate) filter: FilterArguments,
    /// Order of the papers
    ///
    /// Authors are compared by the family name of the first one. Papers without a value come last.
    #[arg(long, value_name = "ORDER", default_value_t)]
    sort: SortBy,
    /// Reverse the order
    #[arg(long)]
    reverse: bool,
    /// Largest number of papers [default: all]
    #[arg(
        short = 'k',
        long,
        value_name = "N",
        value_parser = positive,
        allow_negative_numbers = true
    )]
    limit: Option<usize>,
}

impl ListingArguments {
    /// The name of these arguments as a group of clap's, for rules on other arguments.
    pub(crate) const GROUP: &'static str = "ListingArguments";

    pub(crate) fn listing(&self) -> Listing {
        let listing = Listing::default()
            .filter(self.filter.filter())
            .sort_by(self.sort)
            .reverse(self.reverse);
        match self.limit {
            Some(limit) => listing.limit(limit),
            None => listing,
        }
    }
}
