use std::path::Path;

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use crate::arguments::{JsonArguments, LibraryArguments};
use crate::invocation::Invocation;
use crate::output::{count, print, print_json, thousands};
use crate::unusable_files;

/// Show the size and the model of a library
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    #[command(flatten)]
    output: JsonArguments,
}

#[derive(Debug, Serialize)]
struct InfoDocument<'a> {
    library: &'a Path,
    papers: usize,
    native: usize,
    mapped: usize,
    model: &'a str,
    precision: &'a str,
    fingerprint: &'a str,
    dim: usize,
    segments: usize,
    deleted_rows: usize,
    bytes: u64,
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let library = invocation.open_library(&arguments.library)?;
    let info = library.info()?;
    unusable_files::warn(&library)?;
    let embedder = &info.embedder;
    if arguments.output.json {
        return print_json(&InfoDocument {
            library: library.dir(),
            papers: info.papers,
            native: info.papers - info.mapped,
            mapped: info.mapped,
            model: &embedder.model,
            precision: &embedder.precision,
            fingerprint: &embedder.fingerprint,
            dim: embedder.dim,
            segments: info.segments,
            deleted_rows: info.deleted_rows,
            bytes: info.bytes,
        });
    }
    let upgrade = if info.mapped == 0 {
        String::new()
    } else {
        format!(
            "upgrade      {} with vectors of the model, {} with mapped ones; `cognate upgrade` \
             continues\n",
            count(info.papers - info.mapped, "paper"),
            thousands(info.mapped),
        )
    };
    print(&format!(
        "library      {}\npapers       {}\nmodel        {} ({}, {} dimensions)\n{upgrade}fingerprint  {}\n\
         vectors      {}, {} deleted\nsize         {}\n",
        library.dir().display(),
        thousands(info.papers),
        embedder.model,
        embedder.precision,
        embedder.dim,
        embedder.fingerprint,
        count(info.segments, "segment"),
        count(info.deleted_rows, "row"),
        indicatif::HumanBytes(info.bytes),
    ))
}
