use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use cognate::DuplicatePair;
use serde::Serialize;

use crate::arguments::values::{cosine, positive};
use crate::arguments::{JsonArguments, LibraryArguments};
use crate::invocation::Invocation;
use crate::json::Header;
use crate::output::{count, note, one_line, present, title};
use crate::page::Page;
use crate::progress::Progress;
use crate::styled::Styled;

/// Find papers that a library contains twice, or nearly so
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    /// Minimum cosine similarity of papers with nearly the same text, from -1 to 1
    #[arg(
        long,
        value_name = "COSINE",
        default_value_t = 0.95,
        value_parser = cosine,
        allow_negative_numbers = true
    )]
    threshold: f32,
    /// Number of pairs to print [default: all]
    #[arg(short, value_name = "N", value_parser = positive, allow_negative_numbers = true)]
    k: Option<usize>,
    #[command(flatten)]
    output: JsonArguments,
}

/// The content of the JSON document of the command.
#[derive(Debug, Serialize)]
struct DuplicatesDocument<'a> {
    threshold: f32,
    total: usize,
    pairs: &'a [DuplicatePair],
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let library = invocation.open_library(&arguments.library)?;
    let start = Instant::now();
    let mut progress = Progress::new(library.len()?, "papers");
    let pairs = library.duplicates_with(arguments.threshold, &mut |state| {
        progress.update(state.done);
        ControlFlow::Continue(())
    })?;
    drop(progress);
    let shown = &pairs[..arguments.k.unwrap_or(usize::MAX).min(pairs.len())];
    if arguments.output.json {
        let header = Header::new("duplicates", start.elapsed()).library(library.dir());
        return header.print(&DuplicatesDocument {
            threshold: arguments.threshold,
            total: pairs.len(),
            pairs: shown,
        });
    }
    if pairs.is_empty() {
        let threshold = arguments.threshold;
        note(&format!(
            "no duplicates: no papers share a DOI, an arXiv identifier or a title, or have a cosine of \
             at least {threshold}"
        ));
    } else if shown.len() < pairs.len() {
        let (shown, all) = (shown.len(), count(pairs.len(), "pair"));
        note(&format!("showing the {shown} most similar of {all}"));
    }
    present(|| pairs_text(shown), |page| add_pairs(page, shown))
}

/// Adds each pair to a page: its cosine and reason, then its papers.
fn add_pairs(page: &mut Page, pairs: &[DuplicatePair]) {
    for pair in pairs {
        let cosine = Styled::new().bold(&format!("{:.3}", pair.cosine));
        let reason = pair.reason.to_string();
        page.item(&cosine, 7, &Styled::new().bold(&reason));
        for paper in [&pair.first, &pair.second] {
            let mut line = Styled::new().plain(&title(&paper.title)).dim(" · ");
            if let Some(year) = paper.year {
                line = line.dim(&format!("{year} · "));
            }
            page.entry(7, &line.dim_whole(&one_line(&paper.id)));
        }
    }
}

/// Formats each pair as a line with cosine and reason, and a line for each paper with id, year and
/// title.
fn pairs_text(pairs: &[DuplicatePair]) -> String {
    let mut text = String::new();
    for pair in pairs {
        let _ = writeln!(text, "{:.3}  {}", pair.cosine, pair.reason);
        for paper in [&pair.first, &pair.second] {
            let year = paper
                .year
                .map(|year| format!("{year} · "))
                .unwrap_or_default();
            let (id, title) = (one_line(&paper.id), one_line(&paper.title));
            let _ = writeln!(text, "       {id} · {year}{title}");
        }
    }
    text
}
