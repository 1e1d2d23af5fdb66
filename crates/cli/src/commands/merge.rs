use std::path::Path;

use anyhow::Result;
use cognate::Library;
use serde::Serialize;

use crate::arguments::MergeArguments;
use crate::output::{count, print, print_json};

#[derive(Debug, Serialize)]
struct MergeDocument<'a> {
    library: &'a Path,
    papers: usize,
    segments_before: usize,
    segments: usize,
    dropped: usize,
    bytes_before: u64,
    bytes: u64,
}

pub(crate) fn run(arguments: &MergeArguments) -> Result<()> {
    let dir = &arguments.library.library;
    let library = Library::open(dir)?;
    let before = library.info()?;
    let report = library.merge()?;
    let after = library.info()?;
    let document = MergeDocument {
        library: dir,
        papers: after.papers,
        segments_before: report.segments_before,
        segments: report.segments,
        dropped: report.dropped,
        bytes_before: before.bytes,
        bytes: after.bytes,
    };
    if arguments.json {
        return print_json(&document);
    }
    print(&format!(
        "{} of vectors, {} before; dropped {} of no paper\n",
        count(document.segments, "file"),
        document.segments_before,
        count(document.dropped, "vector")
    ))
}
