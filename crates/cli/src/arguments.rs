//! Groups of arguments that several commands share, for `#[command(flatten)]`.
//!
//! The structs have no doc comments, because clap would use these as the help text of the command.

mod device;
mod filter;
mod hits;
mod library;
mod listing;
mod model;
mod output;
mod ranking;
mod rerank;
pub(crate) mod values;
mod verbosity;

pub(crate) use device::DeviceArguments;
pub(crate) use filter::FilterArguments;
pub(crate) use hits::HitArguments;
pub(crate) use library::{LibrariesArguments, LibraryArguments};
pub(crate) use listing::ListingArguments;
pub(crate) use model::{FetchArguments, ModelArguments, StoredModelArguments};
pub(crate) use output::{CellArguments, JsonArguments};
pub(crate) use ranking::RankingArguments;
pub(crate) use rerank::RerankArguments;
pub(crate) use verbosity::VerbosityArguments;
