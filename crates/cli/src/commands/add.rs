use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use cognate::{AddReport, Format};

use crate::arguments::{LibraryArguments, ModelArguments};
use crate::output::{count, print, thousands};
use crate::paper_files::PaperFiles;
use crate::{adding, truncation, writable_library};

/// Add papers to a library, creating it if needed
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    #[command(flatten)]
    model: ModelArguments,
    /// Skip invalid records instead of adding nothing
    #[arg(long)]
    skip_bad: bool,
    /// Format of the files [default: detected by content, then by file name]
    ///
    /// One of jsonl, csv, tsv, bibtex, ris, csl-json, arxiv-json, arxiv-atom, acl-xml, pubmed-xml,
    /// openalex, semantic-scholar and parquet.
    #[arg(long, value_name = "NAME")]
    format: Option<Format>,
    /// Files of papers: JSON Lines, CSV, TSV, BibTeX, RIS, CSL-JSON, Parquet, or metadata from arXiv,
    /// PubMed, OpenAlex, Semantic Scholar or the ACL Anthology; plain or compressed with gzip or
    /// zstd; - reads standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let dir = &arguments.library.dir;
    let found = writable_library::find(dir)?;
    let files = PaperFiles::check(&arguments.files, arguments.format, arguments.skip_bad)?;
    if files.len() == 0 {
        bail!("the input contains no papers, nothing was added");
    }
    let writable = writable_library::open_or_create(dir, found, &arguments.model)?;
    let (report, elapsed) = adding::add(&writable.library, &files)?;
    print(&summary(&report, elapsed, writable.max_tokens))
}

fn summary(report: &AddReport, elapsed: Duration, max_tokens: usize) -> String {
    let seconds = elapsed.as_secs_f64();
    let mut text = format!(
        "added {}, updated {}, unchanged {}; {} embedded in {seconds:.1} s\n",
        thousands(report.added),
        thousands(report.updated),
        thousands(report.unchanged),
        count(report.embedded, "text"),
    );
    if let Some(message) = truncation::message(&report.truncation, report.embedded, max_tokens) {
        text.push_str(&message);
        text.push('\n');
    }
    text
}
