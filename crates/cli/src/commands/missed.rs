use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use cognate::{
    Citation, CitedPaper, Draft, Library, MissedHit, MissedOptions, MissedReport, Paper,
    PaperReader,
};
use serde::Serialize;

use crate::arguments::MissedArguments;
use crate::model;
use crate::output::{self, HitDocument, count, note, print, print_json};

/// Citations that are listed before the rest is only counted.
const LISTED: usize = 20;

pub(crate) fn run(arguments: &MissedArguments) -> Result<()> {
    let library = Library::open(&arguments.library.library)?;
    let draft = Draft::read(&arguments.draft)?;
    let references = match &arguments.references {
        Some(path) => read_references(path)?,
        None => Vec::new(),
    };
    let library = model::of_library(library, &arguments.model)?;

    let start = Instant::now();
    let options = MissedOptions::default().k(arguments.k);
    let report = library.missed(&draft, &references, &options)?;
    let took_ms = start.elapsed().as_secs_f64() * 1e3;
    if arguments.json {
        return print_json(&MissedDocument::new(arguments, &draft, &report, took_ms));
    }
    if report.hits.is_empty() {
        note("every paper of the library is cited");
    }
    print(&readable(&report))
}

fn read_references(path: &Path) -> Result<Vec<Paper>> {
    let references = PaperReader::open(path)?.collect::<Result<Vec<_>, _>>();
    references.with_context(|| format!("cannot read the references `{}`", path.display()))
}

fn readable(report: &MissedReport) -> String {
    let mut text = String::new();
    for missed in &report.hits {
        text.push_str(&output::hits(std::slice::from_ref(&missed.hit)));
        let sentence = output::one_line(&missed.sentence);
        let _ = writeln!(
            text,
            "            matches ({:.3}): “{sentence}”",
            missed.sentence_score
        );
    }
    let cited = report.found.len() + report.not_found.len();
    let _ = writeln!(
        text,
        "\n{} compared; {}, {} of them in the library",
        count(report.sentences, "sentence"),
        count(cited, "citation"),
        output::thousands(report.found.len())
    );
    if !report.not_found.is_empty() {
        let _ = writeln!(text, "cited, and not in the library:");
    }
    for citation in report.not_found.iter().take(LISTED) {
        let _ = writeln!(text, "  {}", output::one_line(&described(citation)));
    }
    if report.not_found.len() > LISTED {
        let more = output::thousands(report.not_found.len() - LISTED);
        let _ = writeln!(text, "  and {more} more; --json lists all");
    }
    text
}

/// The citation's name, and what is known of it beside that.
fn described(citation: &Citation) -> String {
    let label = citation.label();
    match &citation.text {
        Some(text) if text != label => format!("{label}: {text}"),
        _ => label.to_owned(),
    }
}

/// What the command prints with `--json`.
#[derive(Debug, Serialize)]
struct MissedDocument<'a> {
    draft: String,
    title: Option<&'a str>,
    sentences: usize,
    took_ms: f64,
    hits: Vec<MissedHitDocument<'a>>,
    cited: CitedDocument<'a>,
}

#[derive(Debug, Serialize)]
struct MissedHitDocument<'a> {
    #[serde(flatten)]
    hit: HitDocument<'a>,
    title_score: f32,
    sentence: &'a str,
    sentence_score: f32,
}

#[derive(Debug, Serialize)]
struct CitedDocument<'a> {
    found: Vec<FoundDocument<'a>>,
    not_found: Vec<NotFoundDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct FoundDocument<'a> {
    citation: &'a str,
    id: &'a str,
}

#[derive(Debug, Serialize)]
struct NotFoundDocument<'a> {
    citation: &'a str,
    key: Option<&'a str>,
    doi: Option<&'a str>,
    arxiv: Option<&'a str>,
    text: Option<&'a str>,
}

impl<'a> MissedDocument<'a> {
    fn new(
        arguments: &MissedArguments,
        draft: &'a Draft,
        report: &'a MissedReport,
        took_ms: f64,
    ) -> Self {
        let hit = |missed: &'a MissedHit| MissedHitDocument {
            hit: HitDocument::new(&missed.hit),
            title_score: missed.title_score,
            sentence: &missed.sentence,
            sentence_score: missed.sentence_score,
        };
        let found = |cited: &'a CitedPaper| FoundDocument {
            citation: &cited.citation,
            id: &cited.id,
        };
        let not_found = |citation: &'a Citation| NotFoundDocument {
            citation: citation.label(),
            key: citation.key.as_deref(),
            doi: citation.doi.as_deref(),
            arxiv: citation.arxiv.as_deref(),
            text: citation.text.as_deref(),
        };
        Self {
            draft: arguments.draft.display().to_string(),
            title: draft.title(),
            sentences: report.sentences,
            took_ms,
            hits: report.hits.iter().map(hit).collect(),
            cited: CitedDocument {
                found: report.found.iter().map(found).collect(),
                not_found: report.not_found.iter().map(not_found).collect(),
            },
        }
    }
}
