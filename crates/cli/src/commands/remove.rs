use anyhow::Result;
use clap::Args;

use crate::arguments::LibraryArguments;
use crate::invocation::Invocation;
use crate::output::{count, print_sentences};

/// Remove papers from a library
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    /// Ids of the papers
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let library = invocation.open_library(&arguments.library)?;
    let before = library.len()?;
    library.remove(&arguments.ids)?;
    let left = library.len()?;
    let removed = count(before.saturating_sub(left), "paper");
    print_sentences(&format!(
        "removed {removed}, {} left\n",
        count(left, "paper")
    ))
}
