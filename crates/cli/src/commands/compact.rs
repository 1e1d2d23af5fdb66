use std::path::Path;

use anyhow::Result;
use clap::Args;
use cognate::Library;
use serde::Serialize;

use crate::arguments::{JsonArguments, LibraryArguments};
use crate::invocation::Invocation;
use crate::output::{count, print_json, print_sentences};

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

#[derive(Debug, Serialize)]
struct CompactDocument<'a> {
    library: &'a Path,
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
    let report = library.compact()?;
    let after = library.info()?;
    let document = CompactDocument {
        library: dir,
        papers: after.papers,
        segments_before: report.segments_before,
        segments: report.segments,
        dropped: report.dropped,
        bytes_before: before.bytes,
        bytes: after.bytes,
    };
    if arguments.output.json {
        return print_json(&document);
    }
    print_sentences(&format!(
        "{} before, {} now; dropped {} that no paper uses\n",
        count(document.segments_before, "segment"),
        document.segments,
        count(document.dropped, "vector")
    ))
}
