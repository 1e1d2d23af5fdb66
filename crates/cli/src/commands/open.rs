use anyhow::{Context as _, Result};
use clap::Args;

use crate::arguments::LibraryArguments;
use crate::invocation::Invocation;
use crate::output::{note, print};
use crate::paper_reference;
use crate::web_address::web_address;

/// Open the page of a paper in the browser
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    /// Print the address and open nothing
    #[arg(long)]
    print: bool,
    /// Paper, by its id, DOI, arXiv identifier or title, or by six or more characters at the beginning
    /// of its id
    #[arg(value_name = "ID")]
    id: String,
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let library = invocation.open_library(&arguments.library)?;
    let paper = paper_reference::paper(&library, &arguments.id)?;
    let url = web_address(&paper)?;
    if arguments.print {
        return print(&format!("{url}\n"));
    }
    // The address is one argument of the program that opens it, and no shell reads it.
    open::that_detached(&url).with_context(|| {
        format!("cannot open `{url}` in a browser; `cognate open --print` prints the address")
    })?;
    note(&format!("opening {url}"));
    Ok(())
}
