use std::path::Path;

use anyhow::{Result, bail};
use cognate::{Fault, Library};
use serde::Serialize;

use crate::arguments::CheckArguments;
use crate::message;
use crate::output::{count, note, print, print_json};

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

pub(crate) fn run(arguments: &CheckArguments) -> Result<()> {
    let dir = &arguments.library.library;
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
        faults: report.faults.into_iter().map(of_fault).collect(),
    };
    if arguments.json {
        print_json(&document)?;
    } else {
        say(&document)?;
    }
    match document.faults.len() {
        0 => Ok(()),
        faults => bail!("{} in `{}`", count(faults, "fault"), dir.display()),
    }
}

fn of_fault(fault: Fault) -> FaultDocument {
    FaultDocument {
        repairable: fault.is_repairable,
        fault: message(&fault.error.into()),
    }
}

fn say(document: &CheckDocument<'_>) -> Result<()> {
    if document.repaired > 0 {
        let files = count(document.repaired, "compact form");
        print(&format!("made {files} of vectors again\n"))?;
    }
    for FaultDocument { fault, repairable } in &document.faults {
        note(&if *repairable {
            format!("{fault}; answers are right but come later, `cognate check --repair` mends it")
        } else {
            fault.clone()
        });
    }
    if document.faults.is_empty() {
        print(&format!(
            "{} and {} are as they were written\n",
            count(document.papers, "paper"),
            count(document.vectors, "vector")
        ))?;
    }
    Ok(())
}
