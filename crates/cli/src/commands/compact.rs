use std::time::Instant;

use anyhow::Result;
use clap::Args;
use cognate::Library;
use serde::Serialize;

use crate::arguments::{JsonArguments, LibraryArguments};
use crate::invocation::Invocation;
use crate::json::Header;
use crate::output::{count, print_sentences};

/// Vacuum a library and merge its vector segments
///
/// This reclaims the space of removed and replaced papers. Search results stay the same.
#[derive(Debug, Args)]
#[command(visible_alias = "merge")]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    #[command(flatten)]
    output: JsonArguments,
}

/// The content of the JSON document of the command.
#[derive(Debug, Serialize)]
struct CompactDocument {
    papers: usize,
    segments_before: usize,
    segments: usize,
    dropped: usize,
    bytes_before: u64,
    bytes: u64,
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let dir = &invocation.library_dir(&arguments.library)?;
    let library = Library::open(dir)?;
    let before = library.info()?;
    let start = Instant::now();
    let report = library.compact()?;
    let took = start.elapsed();
    let after = library.info()?;
    let document = CompactDocument {
        papers: after.papers,
        segments_before: report.segments_before,
        segments: report.segments,
        dropped: report.dropped,
        bytes_before: before.bytes,
        bytes: after.bytes,
    };
    if arguments.output.json {
        let header = Header::new("compact", took).library(dir);
        return header.print(&document);
    }
    print_sentences(&format!(
        "{} before, {} now; dropped {} that no paper uses\n",
        count(document.segments_before, "segment"),
        document.segments,
        count(document.dropped, "vector")
    ))
}
