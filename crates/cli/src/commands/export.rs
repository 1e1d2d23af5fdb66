use std::collections::HashSet;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use cognate::{ExportFormat, Library, Paper, PaperWriter};

use crate::arguments::{CellArguments, FilterArguments, LibraryArguments, ListingArguments};
use crate::atomic_file::{self, Existing};
use crate::failure::wrong_usage;
use crate::invocation::Invocation;
use crate::output::{count, note, one_of, paper_output};
use crate::{no_papers, paper_reference, unusable_files};

/// Export papers of a library for another program
///
/// All papers, the ones with the given ids, or the ones that pass the filters.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    /// Output format [default: by the output file, or jsonl]
    ///
    /// Without this option, the extension of the output file decides.
    #[arg(long)]
    format: Option<ExportFormat>,
    #[command(flatten)]
    cells: CellArguments,
    /// File to write [default: standard output, as is -]
    ///
    /// It may be a device or a pipe; a link is followed.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the output file if it exists
    #[arg(long, requires = "output")]
    force: bool,
    #[command(flatten)]
    listing: ListingArguments,
    /// Papers to export, in this order, by id, DOI, arXiv identifier, title or the beginning of an id; - reads
    /// them from standard input, one a line
    #[arg(
        value_name = "ID",
        conflicts_with_all = [ListingArguments::GROUP, FilterArguments::GROUP]
    )]
    ids: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let output = arguments.output.as_deref();
    let output = output.filter(|path| *path != Path::new("-"));
    let format = format(arguments.format, output)?;
    let library = invocation.open_library(&arguments.library)?;
    unusable_files::warn(&library)?;
    let Some(path) = output else {
        write(&library, arguments, format, paper_output(format))?;
        return Ok(());
    };
    let existing = Existing::with_force(arguments.force);
    let papers = atomic_file::write_if(path, existing, |file| {
        write(&library, arguments, format, BufWriter::new(file))
    })?;
    let papers = count(papers, "paper");
    note(&format!("wrote {papers} to `{}`", path.display()));
    Ok(())
}

/// Returns the format that is asked for, or else the one that the output suggests.
fn format(asked: Option<ExportFormat>, output: Option<&Path>) -> Result<ExportFormat> {
    let suggested = || match output {
        Some(path) if !atomic_file::is_stream(path) => {
            ExportFormat::by_extension(path).ok_or_else(|| unknown_extension(path))
        }
        _ => Ok(ExportFormat::JsonLines),
    };
    asked.map_or_else(suggested, Ok)
}

fn unknown_extension(path: &Path) -> anyhow::Error {
    let extensions = ExportFormat::ALL.iter().filter_map(|format| {
        let usual = format.extensions().first()?;
        Some(format!(".{usual}"))
    });
    let extensions: Vec<String> = extensions.collect();
    wrong_usage(&format!(
        "the name `{}` does not say the format, expected one that ends in {}; name another file, or \
         the format with --format",
        path.display(),
        one_of(&extensions)
    ))
}

/// Writes the selected papers and returns their number.
fn write(
    library: &Library,
    arguments: &Arguments,
    format: ExportFormat,
    to: impl Write,
) -> Result<usize> {
    let writer = PaperWriter::new(to, format);
    let mut writer = writer.guard_cells(!arguments.cells.raw_cells);
    let listing = arguments.listing.listing();
    let mut papers = 0;
    let mut write_one = |paper: &Paper| -> Result<()> {
        writer.write(paper)?;
        papers += 1;
        Ok(())
    };
    if arguments.ids.is_empty() {
        let mut outcome = Ok(());
        library.list(&listing, |paper| {
            outcome = write_one(&paper);
            match outcome {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        })?;
        outcome?;
    } else {
        let named = paper_reference::papers(library, &arguments.ids)?;
        let mut written = HashSet::new();
        for paper in named.iter().filter(|paper| written.insert(&paper.id)) {
            write_one(paper)?;
        }
    }
    writer.finish()?;
    let filter = arguments.listing.filter.filter();
    if papers == 0 && !filter.is_empty() {
        no_papers::explain_filter(library, &filter)?;
    }
    Ok(papers)
}
