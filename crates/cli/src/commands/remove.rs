use std::collections::BTreeSet;
use std::time::Instant;

use anyhow::Result;
use clap::Args;

use crate::arguments::{JsonArguments, LibraryArguments};
use crate::invocation::Invocation;
use crate::json::{Header, RemoveDocument};
use crate::output::{count, print};

/// Remove papers from a library
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    #[command(flatten)]
    output: JsonArguments,
    /// Ids of the papers
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let library = invocation.open_library(&arguments.library)?;
    let start = Instant::now();
    let before = library.len()?;
    let papers = if arguments.output.json {
        let ids: BTreeSet<&String> = arguments.ids.iter().collect();
        let papers = ids.into_iter().filter_map(|id| library.get(id).transpose());
        papers.collect::<Result<_, _>>()?
    } else {
        Vec::new()
    };
    library.remove(&arguments.ids)?;
    let left = library.len()?;
    let removed = before.saturating_sub(left);
    if arguments.output.json {
        let header = Header::new("remove", start.elapsed()).library(library.dir());
        return header.print(&RemoveDocument {
            dry_run: false,
            removed,
            left,
            papers: &papers,
        });
    }
    print(&format!(
        "removed {}, {} left\n",
        count(removed, "paper"),
        count(left, "paper")
    ))
}
