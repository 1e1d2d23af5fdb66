mod details;

use std::time::Instant;

use anyhow::Result;
use clap::Args;
use cognate::{Error, Library, Paper};
use serde::Serialize;

use crate::arguments::{JsonArguments, LibraryArguments};
use crate::invocation::Invocation;
use crate::json::Header;
use crate::output::present;
use crate::page::Page;
use crate::screen::Screen;
use crate::{paper_reference, unusable_files};

/// Show papers with authors, identifiers, versions and abstract
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

/// The content of the JSON document of the command.
#[derive(Debug, Serialize)]
struct ShowDocument<'a> {
    papers: Vec<PaperDocument<'a>>,
}

/// All fields of a paper, and its other versions.
#[derive(Debug, Serialize)]
struct PaperDocument<'a> {
    #[serde(flatten)]
    paper: &'a Paper,
    versions: &'a [Paper],
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let library = invocation.open_library(&arguments.library)?;
    unusable_files::warn(&library)?;
    let start = Instant::now();
    let papers = paper_reference::papers(&library, &arguments.ids)?;
    let versions = papers.iter().map(|paper| versions(&library, paper));
    let versions = versions.collect::<Result<Vec<_>>>()?;
    let header = Header::new("show", start.elapsed()).library(library.dir());
    let papers = papers.iter().zip(&versions);
    if arguments.output.json {
        let papers = papers.map(|(paper, versions)| PaperDocument { paper, versions });
        return header.print(&ShowDocument {
            papers: papers.collect(),
        });
    }
    let add = |page: &mut Page| {
        for (at, (paper, versions)) in papers.clone().enumerate() {
            if at > 0 {
                page.blank();
                page.blank();
            }
            details::add(page, paper, versions);
        }
    };
    let text = || {
        let mut page = Page::new(Screen::FILE);
        add(&mut page);
        page.text().to_owned()
    };
    present(text, &add)
}

/// Returns the other versions of a paper; none if the vectors cannot be read, without which they are not
/// recognized.
fn versions(library: &Library, paper: &Paper) -> Result<Vec<Paper>> {
    match library.versions(&paper.id) {
        Err(Error::Index { .. }) => Ok(Vec::new()),
        versions => Ok(versions?),
    }
}
