use std::time::Instant;

use anyhow::Result;
use clap::{Args, Subcommand};
use cognate::{Library, List};
use serde::Serialize;

use crate::arguments::{JsonArguments, LibraryArguments};
use crate::invocation::Invocation;
use crate::json::Header;
use crate::output::{count, one_line, present, print_sentences, thousands};
use crate::page::Page;
use crate::paper_reference;
use crate::styled::Styled;

/// List the lists of papers of a library, and change them
///
/// A list is a set of papers with a name, and with a note for each paper if you like. Every library has the lists
/// liked, disliked, read and hidden; others are made by putting a paper on them. `--list` and `--not-list` of other
/// commands select papers by their lists.
///
/// On a terminal, a table with the names and the numbers of papers; otherwise a line for each list, with the name and
/// the number, separated by a tab.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    #[command(flatten)]
    output: JsonArguments,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Put papers on a list, which is created if it does not exist
    Add {
        #[command(flatten)]
        common: CommonArguments,
        /// Note about the papers, which replaces an earlier one; an empty one removes it
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        /// Name of the list
        #[arg(value_name = "LIST")]
        name: String,
        /// Papers, each by its id, DOI, arXiv identifier or title; - reads them from standard input, one on each line
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Take papers from a list
    Remove {
        #[command(flatten)]
        common: CommonArguments,
        /// Name of the list
        #[arg(value_name = "LIST")]
        name: String,
        /// Papers, each by its id, DOI, arXiv identifier or title; - reads them from standard input, one on each line
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Create an empty list
    Create {
        #[command(flatten)]
        common: CommonArguments,
        /// Name of the list
        #[arg(value_name = "LIST")]
        name: String,
    },
    /// Delete a list with its notes; the papers stay in the library
    ///
    /// The lists that every library has stay and become empty.
    Delete {
        #[command(flatten)]
        common: CommonArguments,
        /// Name of the list
        #[arg(value_name = "LIST")]
        name: String,
    },
}

#[derive(Debug, Args)]
struct CommonArguments {
    #[command(flatten)]
    library: LibraryArguments,
    #[command(flatten)]
    output: JsonArguments,
}

/// The content of the JSON document of the command.
#[derive(Debug, Serialize)]
struct ListsDocument {
    /// The number of papers that were put on the list or taken from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<usize>,
    /// All lists, after the change.
    lists: Vec<List>,
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let Some(action) = &arguments.action else {
        let library = invocation.open_library(&arguments.library)?;
        let start = Instant::now();
        let lists = library.lists()?;
        if arguments.output.json {
            return print_document(&library, None, start);
        }
        return present(|| lists_text(&lists), |page| add_lists(page, &lists));
    };
    let common = action.common();
    let library = invocation.open_library(&common.library)?;
    let start = Instant::now();
    let (changed, sentence) = action.perform(&library)?;
    if common.output.json {
        return print_document(&library, changed, start);
    }
    print_sentences(&format!("{sentence}\n"))
}

impl Action {
    fn common(&self) -> &CommonArguments {
        match self {
            Self::Add { common, .. }
            | Self::Remove { common, .. }
            | Self::Create { common, .. }
            | Self::Delete { common, .. } => common,
        }
    }

    /// Changes the lists of a library. Returns the number of papers that were put on a list or taken from it, and a
    /// sentence for a person.
    fn perform(&self, library: &Library) -> Result<(Option<usize>, String)> {
        match self {
            Self::Add {
                note, name, ids, ..
            } => {
                let ids = paper_reference::ids(library, ids)?;
                let added = library.add_to_list(name, &ids, note.as_deref())?;
                let sentence = format!("put {} on `{}`", count(added, "paper"), one_line(name));
                Ok((Some(added), sentence))
            }
            Self::Remove { name, ids, .. } => {
                let ids = paper_reference::ids(library, ids)?;
                let removed = library.remove_from_list(name, &ids)?;
                let sentence =
                    format!("took {} from `{}`", count(removed, "paper"), one_line(name));
                Ok((Some(removed), sentence))
            }
            Self::Create { name, .. } => {
                library.create_list(name)?;
                Ok((None, format!("created `{}`", one_line(name))))
            }
            Self::Delete { name, .. } => {
                library.delete_list(name)?;
                let done = if List::is_built_in(name) {
                    "emptied"
                } else {
                    "deleted"
                };
                Ok((None, format!("{done} `{}`", one_line(name))))
            }
        }
    }
}

fn print_document(library: &Library, changed: Option<usize>, start: Instant) -> Result<()> {
    let lists = library.lists()?;
    let header = Header::new("lists", start.elapsed()).library(library.dir());
    header.print(&ListsDocument { changed, lists })
}

fn lists_text(lists: &[List]) -> String {
    let line = |list: &List| format!("{}\t{}\n", one_line(&list.name), list.papers);
    lists.iter().map(line).collect()
}

fn add_lists(page: &mut Page, lists: &[List]) {
    for list in lists {
        let papers = format!("{:>7}", thousands(list.papers));
        let name = Styled::new().bold(&one_line(&list.name));
        page.item(&Styled::new().plain(&papers), 9, &name);
    }
}
