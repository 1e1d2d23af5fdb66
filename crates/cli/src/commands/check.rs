use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;
use cognate::{Fault, Library};
use serde::Serialize;

use crate::arguments::{JsonArguments, LibraryArguments, StoredModelArguments};
use crate::damage;
use crate::failure::message;
use crate::invocation::Invocation;
use crate::json::Header;
use crate::model;
use crate::output::{count, note, print_sentences};

/// Verify that a library is not damaged
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    /// Rebuild derived data (terms, quantized codes, the distribution of cosines) from papers and vectors,
    /// remove a damaged map, and embed papers again whose vectors are lost
    #[arg(long)]
    repair: bool,
    #[command(flatten)]
    model: StoredModelArguments,
    #[command(flatten)]
    output: JsonArguments,
}

/// The content of the JSON document of the command.
#[derive(Debug, Serialize)]
struct CheckDocument {
    papers: usize,
    vectors: usize,
    repaired: usize,
    faults: Vec<FaultDocument>,
}

#[derive(Debug, Serialize)]
struct FaultDocument {
    fault: String,
    repairable: bool,
    in_vectors: bool,
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let dir = &invocation.library_dir(&arguments.library)?;
    let start = Instant::now();
    let repaired = if arguments.repair {
        repair(dir, &arguments.model)?
    } else {
        0
    };
    let report = Library::check(dir)?;
    let document = CheckDocument {
        papers: report.papers,
        vectors: report.vectors,
        repaired,
        faults: report.faults.into_iter().map(FaultDocument::from).collect(),
    };
    if arguments.output.json {
        let header = Header::new("check", start.elapsed()).library(dir);
        header.print(&document)?;
    } else {
        print_text(&document)?;
    }
    match document.faults.len() {
        0 => Ok(()),
        faults => bail!("{} in `{}`", count(faults, "fault"), dir.display()),
    }
}

/// Rebuilds what can be rebuilt. The model is loaded only if vectors are lost.
fn repair(dir: &Path, arguments: &StoredModelArguments) -> Result<usize> {
    let faults = Library::check(dir)?.faults;
    if !faults.iter().any(|fault| fault.is_in_vectors) {
        return Ok(Library::repair(dir)?);
    }
    let library = model::attach(Library::open(dir)?, arguments)?;
    note("embedding the papers again whose vectors are lost");
    let go_on = &mut |_| ControlFlow::Continue(());
    Ok(library.repair_vectors(go_on)?)
}

impl From<Fault> for FaultDocument {
    fn from(fault: Fault) -> Self {
        Self {
            repairable: fault.is_repairable,
            in_vectors: fault.is_in_vectors,
            fault: message(&fault.error.into()),
        }
    }
}

fn print_text(document: &CheckDocument) -> Result<()> {
    if document.repaired > 0 {
        let rebuilt = count(document.repaired, "damaged piece");
        print_sentences(&format!("rebuilt {rebuilt} of the library\n"))?;
    }
    for fault in &document.faults {
        let advice = damage::advice(fault.repairable, fault.in_vectors);
        note(&format!("{}; {advice}", fault.fault));
    }
    if document.faults.is_empty() {
        print_sentences(&format!(
            "{} and {} are intact\n",
            count(document.papers, "paper"),
            count(document.vectors, "vector")
        ))?;
    }
    Ok(())
}
