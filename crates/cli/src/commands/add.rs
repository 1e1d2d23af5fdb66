use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use cognate::Format;

use crate::adding::Added;
use crate::arguments::{JsonArguments, LibraryArguments, ModelArguments};
use crate::import_report::ImportReport;
use crate::invocation::Invocation;
use crate::json::{AddDocument, AddedFiles, Header};
use crate::output::{count, note, print_sentences, thousands};
use crate::paper_files::PaperFiles;
use crate::{adding, truncation, writable_library};

/// Add papers to a library, creating it if needed
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    #[command(flatten)]
    model: ModelArguments,
    /// Skip invalid records instead of adding nothing
    #[arg(long)]
    skip_bad: bool,
    /// Replace papers with the same id, with all fields
    ///
    /// Without this option, fields that a record lacks stay as they are in the library, and a record of
    /// another paper than the one with its id gets an id of its own. In JSON Lines with ids that are not mere
    /// numbers, only another DOI, arXiv identifier or PubMed identifier shows that a paper is another one.
    #[arg(long)]
    replace: bool,
    /// Write a report of what was left out or changed
    ///
    /// As JSON Lines: every record that was left out, changed, merged or replaced, and every field that is
    /// not read.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Format of the files [default: detected]
    ///
    /// Detected by content, then by file name. One of jsonl, csv, tsv, bibtex, ris, csl-json, csl-yaml, crossref, arxiv-json, arxiv-atom, acl-xml,
    /// pubmed-xml, nbib, web-of-science, endnote, endnote-xml, dblp-xml, oai-pmh, openalex,
    /// semantic-scholar, datacite, europe-pmc, inspire, ads, dblp-json, hugging-face, openreview and parquet.
    #[arg(long, value_name = "NAME")]
    format: Option<Format>,
    #[command(flatten)]
    output: JsonArguments,
    /// Files of papers, such as BibTeX, RIS, CSV or JSON Lines; - reads standard input
    ///
    /// JSON Lines, CSV, TSV, BibTeX, RIS, CSL-JSON, CSL-YAML, Parquet, EndNote, Web of Science, or metadata
    /// from catalogs such as arXiv, PubMed, Crossref, OpenAlex, Semantic Scholar, DBLP or the ACL Anthology;
    /// plain or compressed with gzip or zstd.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let dir = &invocation.library_dir(&arguments.library)?;
    let found = writable_library::find(dir)?;
    refuse_to_report_into_input(arguments)?;
    let mut report = ImportReport::new(arguments.report.as_deref())?;
    let files = PaperFiles::check(
        &arguments.files,
        arguments.format,
        arguments.skip_bad,
        &mut report,
    );
    let files = match files {
        Ok(files) => files,
        Err(error) => {
            report.finish()?;
            return Err(error);
        }
    };
    if files.len() == 0 {
        report.finish()?;
        match files.incomplete() {
            Some(error) => bail!("{error}; nothing was added"),
            None => bail!("the input contains no papers, nothing was added"),
        }
    }
    let created = found.is_none();
    let writable = writable_library::open_or_create(dir, found, &arguments.model)?;
    if created {
        note(&format!("made library `{}`", dir.display()));
    }
    let added = adding::add(
        &writable.library,
        &files,
        arguments.replace,
        report.is_wanted(),
    )?;
    adding::report_remarks(&added.report.remarks, &files, &mut report)?;
    report.finish()?;
    if arguments.output.json {
        let outcome = AddedFiles {
            created,
            invalid: files.invalid(),
            incomplete: files.incomplete(),
        };
        let embedder = writable.library.embedder_info();
        let header = Header::new("add", added.elapsed).library(dir);
        header.print(&AddDocument::new(&added.report, embedder, outcome))?;
    } else {
        print_sentences(&summary(&added, writable.max_tokens))?;
    }
    match files.incomplete() {
        Some(error) => bail!("{error}"),
        None => Ok(()),
    }
}

/// Fails if the report would replace a file of papers that is to be added.
fn refuse_to_report_into_input(arguments: &Arguments) -> Result<()> {
    let Some(report) = &arguments.report else {
        return Ok(());
    };
    let Ok(target) = report.canonicalize() else {
        return Ok(());
    };
    let is_target = |file: &&PathBuf| file.canonicalize().is_ok_and(|file| file == target);
    if let Some(file) = arguments.files.iter().find(is_target) {
        bail!(
            "--report would replace `{}`, which is a file of papers to add; name another file",
            file.display()
        );
    }
    Ok(())
}

fn summary(added: &Added, max_tokens: usize) -> String {
    let report = &added.report;
    let seconds = added.elapsed.as_secs_f64();
    let mut text = format!(
        "added {}, updated {}, unchanged {}; {} embedded in {seconds:.1} s\n",
        thousands(report.added),
        thousands(report.updated),
        thousands(report.unchanged),
        count(report.embedded, "text"),
    );
    if let Some(message) = truncation::message(&report.truncation, report.embedded, max_tokens) {
        text.push_str(&message);
        text.push('\n');
    }
    text
}
