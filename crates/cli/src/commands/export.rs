use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use cognate::{ExportFormat, Library, PaperWriter};

use crate::arguments::{CellArguments, LibraryArguments};
use crate::atomic_file;
use crate::invocation::Invocation;
use crate::output::{count, note, paper_output};
use crate::unusable_files;

/// Export all papers of a library for another program
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    /// Output format: json, jsonl, csv, bibtex, ris, csl-json or markdown
    #[arg(long, default_value_t = ExportFormat::JsonLines)]
    format: ExportFormat,
    #[command(flatten)]
    cells: CellArguments,
    /// File to write, or a device or pipe; a link is followed [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let library = invocation.open_library(&arguments.library)?;
    unusable_files::warn(&library)?;
    let Some(path) = &arguments.output else {
        return write(&library, arguments, paper_output(arguments.format)).map(drop);
    };
    let papers = atomic_file::write(path, |file| {
        write(&library, arguments, BufWriter::new(file))
    })?;
    let papers = count(papers, "paper");
    note(&format!("wrote {papers} to `{}`", path.display()));
    Ok(())
}

/// Writes all papers and returns their number.
fn write(library: &Library, arguments: &Arguments, to: impl Write) -> Result<usize> {
    let writer = PaperWriter::new(to, arguments.format);
    let mut writer = writer.guard_cells(!arguments.cells.raw_cells);
    let mut written = 0;
    let mut outcome = Ok(());
    library.for_each(|paper| {
        outcome = writer.write(&paper);
        written += usize::from(outcome.is_ok());
        if outcome.is_ok() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    outcome.and_then(|()| writer.finish().map(drop))?;
    Ok(written)
}
