mod details;

use std::time::Instant;

use anyhow::Result;
use clap::Args;
use cognate::{Error, Library, Paper};
use serde::Serialize;

use crate::arguments::{JsonArguments, LibraryArguments};
use crate::invocation::Invocation;
use crate::output::{print, print_json};
use crate::paper_reference;

/// Show all that the library knows of papers: authors, identifiers, versions and abstract
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    #[command(flatten)]
    output: JsonArguments,
    /// Papers, each by its id, DOI, arXiv identifier or title, or by six or more characters at the
    /// beginning of its id; - reads them from standard input, one on each line
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
}

/// The JSON document of `show`.
#[derive(Debug, Serialize)]
struct ShowDocument<'a> {
    version: u32,
    command: &'static str,
    library: String,
    took_ms: f64,
    total: usize,
    papers: Vec<PaperDocument<'a>>,
}

/// All fields of a paper, and the ids of its other versions.
#[derive(Debug, Serialize)]
struct PaperDocument<'a> {
    #[serde(flatten)]
    paper: &'a Paper,
    versions: Vec<&'a str>,
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let library = invocation.open_library(&arguments.library)?;
    let start = Instant::now();
    let papers = paper_reference::papers(&library, &arguments.ids)?;
    let versions = papers.iter().map(|paper| versions(&library, paper));
    let versions = versions.collect::<Result<Vec<_>>>()?;
    let papers = papers.iter().zip(&versions);
    if !arguments.output.json {
        let width = details::width();
        let texts = papers.map(|(paper, versions)| details::text(paper, versions, width));
        return print(&texts.collect::<Vec<_>>().join("\n\n"));
    }
    let papers = papers.map(|(paper, versions)| PaperDocument {
        paper,
        versions: versions.iter().map(|paper| paper.id.as_str()).collect(),
    });
    let papers: Vec<_> = papers.collect();
    print_json(&ShowDocument {
        version: 1,
        command: "show",
        library: library.dir().display().to_string(),
        took_ms: (start.elapsed().as_secs_f64() * 1e6).round() / 1e3,
        total: papers.len(),
        papers,
    })
}

/// Returns the other versions of a paper; none if the vectors cannot be read, without which they are not
/// recognized.
fn versions(library: &Library, paper: &Paper) -> Result<Vec<Paper>> {
    match library.versions(&paper.id) {
        Err(Error::Index { .. }) => Ok(Vec::new()),
        versions => Ok(versions?),
    }
}
