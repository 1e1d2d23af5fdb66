use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::Result;
use cognate::{DuplicatePair, DuplicateReason, Library, Paper};
use serde::Serialize;

use crate::arguments::DuplicatesArguments;
use crate::output::{count, note, one_line, print, print_json};
use crate::progress::Progress;

#[derive(Debug, Serialize)]
struct DuplicatesDocument<'a> {
    library: &'a Path,
    threshold: f32,
    total: usize,
    pairs: Vec<PairDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct PairDocument<'a> {
    cosine: f32,
    reason: &'static str,
    papers: [PaperDocument<'a>; 2],
}

#[derive(Debug, Serialize)]
struct PaperDocument<'a> {
    id: &'a str,
    title: &'a str,
    year: Option<i32>,
    venue: Option<&'a str>,
    doi: Option<&'a str>,
    arxiv: Option<&'a str>,
}

pub(crate) fn run(arguments: &DuplicatesArguments) -> Result<()> {
    let library = Library::open(&arguments.library.library)?;
    let mut progress = Progress::new(library.len()?, "papers");
    let pairs = library.duplicates_with(arguments.threshold, &mut |done, _| {
        progress.at(done);
        ControlFlow::Continue(())
    })?;
    drop(progress);
    let shown = &pairs[..arguments.k.unwrap_or(usize::MAX).min(pairs.len())];
    if arguments.json {
        return print_json(&DuplicatesDocument {
            library: library.dir(),
            threshold: arguments.threshold,
            total: pairs.len(),
            pairs: shown.iter().map(of_pair).collect(),
        });
    }
    if pairs.is_empty() {
        let threshold = arguments.threshold;
        note(&format!(
            "no two papers are one, or have a cosine of {threshold} or more"
        ));
    } else if shown.len() < pairs.len() {
        let (shown, all) = (shown.len(), count(pairs.len(), "pair"));
        note(&format!("the {shown} nearest of {all}"));
    }
    print(&for_reader(shown))
}

fn of_pair(pair: &DuplicatePair) -> PairDocument<'_> {
    PairDocument {
        cosine: pair.cosine,
        reason: match pair.reason {
            DuplicateReason::Doi => "doi",
            DuplicateReason::Arxiv => "arxiv",
            DuplicateReason::Title => "title",
            _ => "text",
        },
        papers: [&pair.first, &pair.second].map(of_paper),
    }
}

fn of_paper(paper: &Paper) -> PaperDocument<'_> {
    PaperDocument {
        id: &paper.id,
        title: &paper.title,
        year: paper.year,
        venue: paper.venue.as_deref(),
        doi: paper.doi.as_deref(),
        arxiv: paper.arxiv.as_deref(),
    }
}

/// A line that says how near and why, and one for each paper: id, year, title.
fn for_reader(pairs: &[DuplicatePair]) -> String {
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
