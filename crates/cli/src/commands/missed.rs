mod references;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use cognate::{Citation, Draft, DraftOptions, MissedOptions, MissedReport};
use serde::Serialize;

use crate::arguments::values::positive;
use crate::arguments::{FilterArguments, JsonArguments, LibraryArguments, StoredModelArguments};
use crate::hits::{add_hit, add_remark, hit_text};
use crate::invocation::Invocation;
use crate::json::Header;
use crate::output::{count, note, one_line, present, thousands, unbroken};
use crate::page::Page;
use crate::styled::Styled;
use crate::{model, no_papers};

/// Find relevant papers of the library that a draft does not cite
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    #[command(flatten)]
    model: StoredModelArguments,
    /// Number of papers to print
    #[arg(
        short,
        value_name = "N",
        default_value_t = 20,
        value_parser = positive,
        allow_negative_numbers = true
    )]
    k: usize,
    #[command(flatten)]
    filter: FilterArguments,
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
    let filter = arguments.filter.filter();
    let options = MissedOptions::default()
        .k(arguments.k)
        .filter(filter.clone());
    let report = library.missed(&draft, &references, &options)?;
    if arguments.output.json {
        let header = Header::new("missed", start.elapsed()).library(library.dir());
        return header.print(&MissedDocument {
            draft: arguments.draft.display().to_string(),
            title: draft.title(),
            report: &report,
        });
    }
    if report.hits.is_empty() {
        if filter.is_empty() || library.explain_no_papers(&filter)?.is_empty() {
            let passing = if filter.is_empty() {
                ""
            } else {
                " that passes the filters"
            };
            note(&format!(
                "the draft cites every paper of the library{passing}"
            ));
        } else {
            no_papers::explain_filter(&library, &filter)?;
        }
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

/// The content of the JSON document of the command.
#[derive(Debug, Serialize)]
struct MissedDocument<'a> {
    draft: String,
    title: Option<&'a str>,
    #[serde(flatten)]
    report: &'a MissedReport,
}
