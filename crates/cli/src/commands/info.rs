use std::time::Instant;

use anyhow::Result;
use clap::Args;
use cognate::{Fault, LibraryInfo};
use serde::Serialize;

use crate::arguments::{JsonArguments, LibraryArguments};
use crate::invocation::Invocation;
use crate::json::Header;
use crate::output::{count, print, thousands};
use crate::unusable_files;

/// Show the size and the model of a library
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    #[command(flatten)]
    output: JsonArguments,
}

/// The content of the JSON document of the command.
#[derive(Debug, Serialize)]
struct InfoDocument<'a> {
    #[serde(flatten)]
    info: &'a LibraryInfo,
    /// The number of papers with vectors of the model itself.
    native: usize,
    /// The files of vectors and terms that cannot be opened.
    faults: Vec<Fault>,
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let start = Instant::now();
    let library = invocation.open_library(&arguments.library)?;
    let info = library.info()?;
    unusable_files::warn(&library)?;
    let embedder = &info.embedder;
    if arguments.output.json {
        let header = Header::new("info", start.elapsed()).library(library.dir());
        return header.print(&InfoDocument {
            native: info.papers - info.mapped,
            info: &info,
            faults: library.unusable_files()?,
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
