use std::path::Path;

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use crate::arguments::{JsonArguments, LibraryArguments};
use crate::invocation::Invocation;
use crate::output::{count, present_fields, print_json, thousands};

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
