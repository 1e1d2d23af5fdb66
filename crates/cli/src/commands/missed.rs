mod references;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use cognate::{Citation, CitedPaper, Draft, DraftOptions, MissedHit, MissedOptions, MissedReport};
use serde::Serialize;

use crate::arguments::{JsonArguments, LibraryArguments, StoredModelArguments};
use crate::hits::{HitDocument, add_hit, add_remark, hit_text};
use crate::invocation::Invocation;
use crate::model;
use crate::output::{count, note, one_line, present, print_json, thousands, unbroken};
use crate::page::Page;
use crate::styled::Styled;

/// Find relevant papers of the library that a draft does not cite
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    #[command(flatten)]
    model: StoredModelArguments,
    /// Number of papers to print
    #[arg(short, value_name = "N", default_value_t = 20)]
    k: usize,
    /// Read files that the draft names from outside its folder too
    #[arg(long)]
    allow_outside: bool,
    /// Skip files of references that cannot be read; invalid references are skipped in any case
    #[arg(long)]
    skip_bad: bool,
    #[command(flatten)]
    output: JsonArguments,
    /// Draft, with the files it includes: LaTeX (.tex), Markdown, Quarto or R Markdown (.md, .qmd, .Rmd),
    /// Typst (.typ), Org (.org), reStructuredText (.rst), Word (.docx) or plain text (.txt)
    #[arg(value_name = "DRAFT")]
    draft: PathBuf,
    /// Bibliographies of the draft, with the citation keys as ids, besides those that the draft names
    #[arg(value_name = "REFERENCES")]
    references: Vec<PathBuf>,
}

/// The number of citations to list; further ones are only counted.
const MAX_LISTED: usize = 20;

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let library = invocation.open_library(&arguments.library)?;
    let draft_options = DraftOptions::default().allow_outside(arguments.allow_outside);
    let draft = Draft::read_with(&arguments.draft, draft_options)?;
    for line in draft.notes() {
        note(&unbroken(line));
    }
    let references = references::read(&arguments.references, &draft, arguments.skip_bad)?;
    let library = model::attach(library, &arguments.model)?;

    let start = Instant::now();
    let options = MissedOptions::default().k(arguments.k);
    let report = library.missed(&draft, &references, &options)?;
    let took_ms = start.elapsed().as_secs_f64() * 1e3;
    if arguments.output.json {
        return print_json(&MissedDocument::new(arguments, &draft, &report, took_ms));
    }
    if report.hits.is_empty() {
        note("the draft cites every paper of the library");
    }
    present(|| report_text(&report), |page| add_report(page, &report))
}

fn report_text(report: &MissedReport) -> String {
    let mut text = String::new();
    for missed in &report.hits {
        text.push_str(&hit_text(&missed.hit));
        let sentence = one_line(&missed.sentence);
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
        thousands(report.found.len())
    );
    if !report.not_found.is_empty() {
        let _ = writeln!(text, "cited but not in the library:");
    }
    for citation in report.not_found.iter().take(MAX_LISTED) {
        let _ = writeln!(text, "  {}", one_line(&citation_text(citation)));
    }
    if report.not_found.len() > MAX_LISTED {
        let more = thousands(report.not_found.len() - MAX_LISTED);
        let _ = writeln!(text, "  and {more} more; --json lists all");
    }
    text
}

/// Adds what [`report_text`] says to a page.
fn add_report(page: &mut Page, report: &MissedReport) {
    for missed in &report.hits {
        add_hit(page, &missed.hit);
        let score = format!("matches ({:.3}): ", missed.sentence_score);
        let sentence = format!("“{}”", one_line(&missed.sentence));
        add_remark(page, &Styled::new().dim(&score).plain(&sentence));
    }
    page.blank();
    let cited = report.found.len() + report.not_found.len();
    let counts = format!(
        "{} compared; {}, {} of them in the library",
        count(report.sentences, "sentence"),
        count(cited, "citation"),
        thousands(report.found.len())
    );
    page.paragraph(0, &Styled::new().plain(&counts));
    if !report.not_found.is_empty() {
        page.paragraph(0, &Styled::new().bold("cited but not in the library:"));
    }
    for citation in report.not_found.iter().take(MAX_LISTED) {
        page.entry(2, &Styled::new().dim(&one_line(&citation_text(citation))));
    }
    if report.not_found.len() > MAX_LISTED {
        let more = thousands(report.not_found.len() - MAX_LISTED);
        let more = format!("and {more} more; --json lists all");
        page.paragraph(2, &Styled::new().plain(&more));
    }
}

/// Formats a citation as its label and, if it differs, its text.
fn citation_text(citation: &Citation) -> String {
    let label = citation.label();
    match &citation.text {
        Some(text) if text != label => format!("{label}: {text}"),
        _ => label.to_owned(),
    }
}

/// The JSON document of the command.
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
        arguments: &Arguments,
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
