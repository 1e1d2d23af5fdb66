use std::path::Path;

use anyhow::{Result, bail};
use clap::Args;
use cognate::{Fault, Library};
use serde::Serialize;

use crate::arguments::{JsonArguments, LibraryArguments};
use crate::failure::message;
use crate::output::{count, note, print, print_json};

/// Verify that a library is not damaged
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    /// Rebuild derived data (the keyword index, quantized codes) from papers and vectors
    #[arg(long)]
    repair: bool,
    #[command(flatten)]
    output: JsonArguments,
}

#[derive(Debug, Serialize)]
struct CheckDocument<'a> {
    library: &'a Path,
    papers: usize,
    vectors: usize,
    repaired: usize,
    faults: Vec<FaultDocument>,
}

#[derive(Debug, Serialize)]
struct FaultDocument {
    fault: String,
    repairable: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let dir = &arguments.library.dir;
    let repaired = if arguments.repair {
        Library::repair(dir)?
    } else {
        0
    };
    let report = Library::check(dir)?;
    let document = CheckDocument {
        library: dir,
        papers: report.papers,
        vectors: report.vectors,
        repaired,
        faults: report.faults.into_iter().map(FaultDocument::from).collect(),
    };
    if arguments.output.json {
        print_json(&document)?;
    } else {
        print_text(&document)?;
    }
    match document.faults.len() {
        0 => Ok(()),
        faults => bail!("{} in `{}`", count(faults, "fault"), dir.display()),
    }
}

impl From<Fault> for FaultDocument {
    fn from(fault: Fault) -> Self {
        Self {
            repairable: fault.is_repairable,
            fault: message(&fault.error.into()),
        }
    }
}

fn print_text(document: &CheckDocument<'_>) -> Result<()> {
    if document.repaired > 0 {
        let rebuilt = count(document.repaired, "piece");
        print(&format!("rebuilt {rebuilt} of derived data\n"))?;
    }
    for FaultDocument { fault, repairable } in &document.faults {
        note(&if *repairable {
            format!(
                "{fault}; results stay correct but are slower, `cognate check --repair` rebuilds it"
            )
        } else {
            fault.clone()
        });
    }
    if document.faults.is_empty() {
        print(&format!(
            "{} and {} are intact\n",
            count(document.papers, "paper"),
            count(document.vectors, "vector")
        ))?;
    }
    Ok(())
}
