use std::ops::ControlFlow;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use cognate::Paper;
use serde::Serialize;

use crate::arguments::{JsonArguments, LibraryArguments, ListingArguments};
use crate::failure::NothingFound;
use crate::invocation::Invocation;
use crate::json::Header;
use crate::output::{count, note, thousands};
use crate::paper_list::PaperList;
use crate::screen::Screen;
use crate::{no_papers, unusable_files};

/// List the papers of a library
///
/// On a terminal, a table with the id, the year, the title and the authors. Otherwise a line for each paper,
/// without a header, with the id, the year, the title, the authors (separated by semicolons) and the venue,
/// separated by tabs. `cognate export` writes papers with all fields, for other programs.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    #[command(flatten)]
    listing: ListingArguments,
    /// Exit with status 1 if no paper is found [default: status 0]
    #[arg(long)]
    fail_empty: bool,
    #[command(flatten)]
    output: JsonArguments,
}

/// The content of the JSON document of the command.
#[derive(Debug, Serialize)]
struct ListDocument {
    papers: Vec<Paper>,
}

impl Arguments {
    /// Fails, without a message, if no paper was found and `--fail-empty` asks for that.
    fn check_found(&self, papers: usize) -> Result<()> {
        if self.fail_empty && papers == 0 {
            return Err(NothingFound.into());
        }
        Ok(())
    }
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let library = invocation.open_library(&arguments.library)?;
    unusable_files::warn(&library)?;
    let listing = arguments.listing.listing();
    if arguments.output.json {
        let start = Instant::now();
        let mut papers = Vec::new();
        library.list(&listing, |paper| {
            papers.push(paper);
            ControlFlow::Continue(())
        })?;
        let header = Header::new("list", start.elapsed()).library(library.dir());
        let found = papers.len();
        header.print(&ListDocument { papers })?;
        return arguments.check_found(found);
    }
    let (mut list, mut listed) = (PaperList::on_stdout(), 0_usize);
    let mut outcome = Ok(());
    let total = library.list(&listing, |paper| {
        listed += 1;
        outcome = list.add(&paper);
        match outcome {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    })?;
    outcome?;
    list.finish()?;
    if total == 0 {
        no_papers::explain_filter(&library, &arguments.listing.filter.filter())?;
    }
    if listed < total && Screen::of_stdout().is_some() {
        note(&format!(
            "{} of {}",
            thousands(listed),
            count(total, "paper")
        ));
    }
    arguments.check_found(total)
}
