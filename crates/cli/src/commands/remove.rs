use std::collections::HashSet;
use std::io::BufWriter;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;
use cognate::{Error, ExportFormat, Library, Listing, Paper, PaperWriter};

use crate::arguments::{FilterArguments, JsonArguments, LibraryArguments};
use crate::atomic_file::{self, Existing};
use crate::failure::wrong_usage;
use crate::invocation::Invocation;
use crate::json::{Header, RemoveDocument};
use crate::output::{count, note, one_line, print_sentences, shortened, thousands, title};
use crate::paper_list::PaperList;
use crate::{no_papers, paper_reference, standard_input};

/// Remove papers from a library
///
/// The papers with the given ids, or all that pass the filters.
///
/// `--dry-run` shows what would be removed. With `--save FILE`, `cognate add FILE` brings the papers back.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    /// List the papers that would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
    /// First write the papers to a file of JSON Lines, from which `cognate add` brings them back
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Replace the file of --save if it exists
    #[arg(long, requires = "save")]
    force: bool,
    /// Remove the papers that pass the filters without asking
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    output: JsonArguments,
    #[command(flatten)]
    filter: FilterArguments,
    /// Ids, DOIs or arXiv identifiers of the papers, if no filter is given; - reads them from standard
    /// input, one a line
    #[arg(
        value_name = "ID",
        required_unless_present = FilterArguments::GROUP,
        conflicts_with = FilterArguments::GROUP
    )]
    ids: Vec<String>,
}

/// The number of papers whose titles are printed.
const NAMED: usize = 10;

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let library = invocation.open_library(&arguments.library)?;
    let by_filter = arguments.ids.is_empty();
    let ids = if by_filter {
        ids_by_filter(&library, arguments)?
    } else {
        named_ids(&library, &arguments.ids)?
    };
    if ids.is_empty() {
        no_papers::explain_filter(&library, &arguments.filter.filter())?;
    }
    if arguments.dry_run {
        return dry_run(&library, &ids, arguments.output.json);
    }
    if by_filter && !arguments.yes && !ids.is_empty() {
        confirm(&library, &ids)?;
    }
    let start = Instant::now();
    let removed = remove(&library, &ids, arguments)?;
    let took = start.elapsed();
    for paper in &removed.named {
        note(&format!("removed {paper}"));
    }
    if removed.papers > removed.named.len() {
        let more = removed.papers - removed.named.len();
        note(&format!("and {} more", thousands(more)));
    }
    if let (Some(file), 1..) = (&arguments.save, removed.papers) {
        let (file, library) = (file.display(), library.dir().display());
        note(&format!(
            "saved them in `{file}`; `cognate add --library {library} {file}` brings them back"
        ));
    }
    let left = library.len()?;
    if arguments.output.json {
        let header = Header::new("remove", took).library(library.dir());
        return header.print(&RemoveDocument {
            dry_run: false,
            removed: removed.papers,
            left,
            papers: &removed.listed,
        });
    }
    let removed = count(removed.papers, "paper");
    print_sentences(&format!(
        "removed {removed}, {} left\n",
        count(left, "paper")
    ))
}

/// Returns the ids of the papers that pass the filters.
fn ids_by_filter(library: &Library, arguments: &Arguments) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    let listing = Listing::default().filter(arguments.filter.filter());
    library.list(&listing, |paper| {
        ids.push(paper.id);
        ControlFlow::Continue(())
    })?;
    Ok(ids)
}

/// Returns the ids of the papers that are named, each once.
fn named_ids(library: &Library, names: &[String]) -> Result<Vec<String>> {
    let papers = paper_reference::identified_papers(library, names)?;
    let mut seen = HashSet::new();
    let ids = papers.into_iter().map(|paper| paper.id);
    Ok(ids.filter(|id| seen.insert(id.clone())).collect())
}

/// Lists the papers as `cognate list` does.
fn dry_run(library: &Library, ids: &[String], as_json: bool) -> Result<()> {
    if as_json {
        return dry_run_as_json(library, ids);
    }
    let mut list = PaperList::on_stdout();
    for id in ids {
        if let Some(paper) = library.get(id)? {
            list.add(&paper)?;
        }
    }
    list.finish()?;
    let left = library.len()?.saturating_sub(ids.len());
    note(&format!(
        "would remove {}, {} left; nothing was removed",
        count(ids.len(), "paper"),
        count(left, "paper")
    ));
    Ok(())
}

fn dry_run_as_json(library: &Library, ids: &[String]) -> Result<()> {
    let start = Instant::now();
    let papers = ids.iter().filter_map(|id| library.get(id).transpose());
    let papers: Vec<Paper> = papers.collect::<Result<_, _>>()?;
    let left = library.len()?.saturating_sub(papers.len());
    let header = Header::new("remove", start.elapsed()).library(library.dir());
    header.print(&RemoveDocument {
        dry_run: true,
        removed: papers.len(),
        left,
        papers: &papers,
    })
}

/// Asks whether to remove papers, of which some are named. Fails if the answer is not yes.
fn confirm(library: &Library, ids: &[String]) -> Result<()> {
    let papers = count(ids.len(), "paper");
    if !standard_input::can_ask() {
        return Err(wrong_usage(&format!(
            "the filters select {papers}, and there is no terminal to ask whether to remove them; use \
             --dry-run to list them and --yes to remove them"
        )));
    }
    for id in ids.iter().take(NAMED) {
        if let Some(paper) = library.get(id)? {
            note(&named(&paper));
        }
    }
    if ids.len() > NAMED {
        let more = thousands(ids.len() - NAMED);
        note(&format!("and {more} more; --dry-run lists all"));
    }
    if !standard_input::ask(&format!("Remove {papers}?"))? {
        bail!("not confirmed; nothing was removed");
    }
    Ok(())
}

/// What was removed.
#[derive(Debug, Default)]
struct Removed {
    papers: usize,
    /// The first papers.
    named: Vec<String>,
    /// All papers, for a document in JSON.
    listed: Vec<Paper>,
}

/// Removes papers, after they are saved if that is asked for.
fn remove(library: &Library, ids: &[String], arguments: &Arguments) -> Result<Removed> {
    let mut removed = Removed::default();
    if ids.is_empty() {
        return Ok(removed);
    }
    let mut outcome = Ok(());
    let done = library.remove_with(ids, |papers| {
        let mut named_papers = papers.inspect(|paper| {
            if let Ok(paper) = paper {
                removed.papers += 1;
                if removed.named.len() < NAMED {
                    removed.named.push(named(paper));
                }
                if arguments.output.json {
                    removed.listed.push(paper.clone());
                }
            }
        });
        outcome = match &arguments.save {
            Some(path) => save(path, arguments.force, &mut named_papers),
            None => named_papers
                .try_for_each(|paper| paper.map(drop))
                .map_err(Into::into),
        };
        match outcome {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    });
    match (outcome, done) {
        (Err(error), Err(Error::Cancelled { .. })) => Err(error),
        (_, done) => {
            done?;
            Ok(removed)
        }
    }
}

/// Writes papers as JSON Lines.
fn save(
    path: &Path,
    force: bool,
    papers: &mut dyn Iterator<Item = cognate::Result<Paper>>,
) -> Result<()> {
    atomic_file::write_if(path, Existing::with_force(force), |file| {
        let mut writer = PaperWriter::new(BufWriter::new(file), ExportFormat::JsonLines);
        for paper in papers {
            writer.write(&paper?)?;
        }
        writer.finish()?;
        Ok(())
    })
}

fn named(paper: &Paper) -> String {
    let id = one_line(&paper.id);
    format!("`{id}`: {}", shortened(&title(&paper.title)))
}
