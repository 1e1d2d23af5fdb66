use std::fmt::Write as _;

use cognate::{FacetCount, Filter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mcp::line::one_line;
use crate::mcp::tool::{Context, Description, Effect, Tool};
use crate::problem::Problem;

#[derive(Debug, Deserialize, JsonSchema)]
struct Arguments {}

/// What an agent should know of a library.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::mcp) struct InfoDocument {
    /// The name of the library
    name: String,
    /// The number of papers
    papers: usize,
    /// The model that compares meanings
    model: String,
    /// The lists of papers, for the arguments `list` and `not_list`
    lists: Vec<ListDocument>,
    /// The earliest year of a paper
    #[serde(skip_serializing_if = "Option::is_none")]
    first_year: Option<i32>,
    /// The latest year of a paper
    #[serde(skip_serializing_if = "Option::is_none")]
    last_year: Option<i32>,
    /// The venues with the most papers
    venues: Vec<String>,
    /// The categories with the most papers
    categories: Vec<String>,
    /// The names of all libraries, for the argument `library`
    libraries: Vec<String>,
    /// Whether tools may change the library
    writable: bool,
    /// The version of the program
    program: String,
}

/// A list and its number of papers.
#[derive(Debug, Serialize, JsonSchema)]
struct ListDocument {
    /// The name
    name: String,
    /// The number of papers
    papers: usize,
}

/// The number of venues and of categories.
const FACETS: usize = 10;

pub(super) fn tool() -> Tool {
    let description = Description {
        name: "library_info",
        title: "Library info",
        purpose: "Describe the library: its number of papers, its lists and its model, and the names of \
                  other libraries. Use it to learn what is there, and which names the arguments `library` \
                  and `list` may have.",
        effect: Effect::Reads,
    };
    Tool::new(&description, |context, Arguments {}| {
        let document = document(context)?;
        Ok((text(&document), document))
    })
}

/// Describes the library.
///
/// # Errors
///
/// Returns a problem if it cannot be read.
pub(in crate::mcp) fn document(context: &Context<'_>) -> Result<InfoDocument, Problem> {
    let library = context.library;
    let info = library.info()?;
    let lists = library.lists()?.into_iter().map(|list| ListDocument {
        name: list.name,
        papers: list.papers,
    });
    let facets = library.facets(&Filter::default(), FACETS)?;
    let names = |counts: Vec<FacetCount>| -> Vec<String> {
        let names = counts.into_iter().map(|count| one_line(&count.name));
        names.collect()
    };
    let libraries = context.server.libraries().iter();
    let (first, last) = (facets.years.first(), facets.years.last());
    Ok(InfoDocument {
        name: context.name.to_owned(),
        papers: info.papers,
        model: format!("{} ({})", info.embedder.model, info.embedder.precision),
        lists: lists.collect(),
        first_year: first.map(|(year, _)| *year),
        last_year: last.map(|(year, _)| *year),
        venues: names(facets.venues),
        categories: names(facets.categories),
        libraries: libraries.map(|library| library.name.clone()).collect(),
        writable: context.server.options().allow_write,
        program: format!("cognate {}", env!("CARGO_PKG_VERSION")),
    })
}

fn text(document: &InfoDocument) -> String {
    let mut text = format!(
        "Library `{}`: {} papers, model {}\n",
        document.name, document.papers, document.model
    );
    if let (Some(first), Some(last)) = (document.first_year, document.last_year) {
        let _ = writeln!(text, "Years: {first} to {last}");
    }
    for (title, names) in [
        ("Venues with the most papers", &document.venues),
        ("Categories with the most papers", &document.categories),
    ] {
        if !names.is_empty() {
            let _ = writeln!(text, "{title}: {}", names.join(", "));
        }
    }
    let lists = document.lists.iter();
    let lists: Vec<String> = lists
        .map(|list| format!("{} ({})", one_line(&list.name), list.papers))
        .collect();
    let _ = writeln!(text, "Lists, with their papers: {}", lists.join(", "));
    if document.libraries.len() > 1 {
        let _ = writeln!(text, "All libraries: {}", document.libraries.join(", "));
    }
    let writable = if document.writable { "may" } else { "may not" };
    let _ = writeln!(text, "Tools {writable} change it. {}", document.program);
    text
}
