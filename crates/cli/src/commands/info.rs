use std::time::Instant;

use anyhow::Result;
use clap::Args;
use cognate::{Fault, LibraryInfo};
use serde::Serialize;

use crate::arguments::{JsonArguments, LibraryArguments};
use crate::invocation::Invocation;
use crate::json::Header;
use crate::output::{count, present_fields, thousands};
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
    let located = invocation.library(&arguments.library)?;
    let library = located.open()?;
    let info = library.info()?;
    let faults = unusable_files::warn(&library)?;
    let embedder = &info.embedder;
    if arguments.output.json {
        let header = Header::new("info", start.elapsed()).library(library.dir());
        return header.print(&InfoDocument {
            native: info.papers - info.mapped,
            info: &info,
            faults,
        });
    }
    located.note_how_found();
    let mut fields = vec![
        ("library", library.dir().display().to_string()),
        ("papers", thousands(info.papers)),
        (
            "model",
            format!(
                "{} ({}, {} dimensions)",
                embedder.model, embedder.precision, embedder.dim
            ),
        ),
    ];
    if info.mapped > 0 {
        let native = count(info.papers - info.mapped, "paper");
        let mapped = thousands(info.mapped);
        fields.push((
            "upgrade",
            format!(
                "{native} with vectors of the model, {mapped} with mapped ones; `cognate upgrade` \
                 continues"
            ),
        ));
    }
    let segments = count(info.segments, "segment");
    let deleted = count(info.deleted_rows, "row");
    fields.extend([
        ("fingerprint", embedder.fingerprint.clone()),
        ("vectors", format!("{segments}, {deleted} deleted")),
        ("size", indicatif::HumanBytes(info.bytes).to_string()),
    ]);
    present_fields(&fields)
}
