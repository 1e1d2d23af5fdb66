//! Completions of the parts of addresses: ids of papers, by the beginning of a title or an id, and names of
//! libraries.

use cognate::{Lookup, SuggestionKind};
use percent_encoding::percent_decode_str;
use rmcp::model::{CompleteRequestParams, Reference};

use super::paper_uri;
use super::tool::{Context, LIBRARY};
use crate::problem::Problem;
use crate::server::Server;

/// The most completions of an answer.
const MOST: usize = 20;

/// What is to be completed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The name of a library.
    Library(String),
    /// A paper of a library.
    Paper {
        library: Option<String>,
        beginning: String,
    },
}

impl Wanted {
    /// Returns what a request wants, or `None` if nothing completes it.
    pub(super) fn of(request: &CompleteRequestParams) -> Option<Self> {
        if !matches!(request.r#ref, Reference::Resource(_)) {
            return None;
        }
        let value = percent_decode_str(&request.argument.value);
        let beginning = value.decode_utf8_lossy().into_owned();
        let context = request.context.as_ref();
        match request.argument.name.as_str() {
            LIBRARY => Some(Self::Library(beginning)),
            "id" => Some(Self::Paper {
                library: context
                    .and_then(|context| context.get_argument(LIBRARY))
                    .cloned(),
                beginning,
            }),
            _ => None,
        }
    }
}

/// Returns the names of libraries that begin with a text.
pub(super) fn libraries(server: &Server, beginning: &str) -> Vec<String> {
    let names = server.libraries().iter().map(|library| &library.name);
    let names = names.filter(|name| name.starts_with(beginning));
    names.take(MOST).cloned().collect()
}

/// Returns the percent-encoded ids of papers that a text names or whose titles it begins.
///
/// # Errors
///
/// Returns a problem if the library cannot be read.
pub(super) fn papers(context: &Context<'_>, beginning: &str) -> Result<Vec<String>, Problem> {
    if beginning.trim().is_empty() {
        return Ok(Vec::new());
    }
    let mut ids: Vec<String> = match context.library.lookup(beginning)? {
        Lookup::Exact(paper) | Lookup::Found { paper, .. } => vec![paper.id],
        Lookup::Ambiguous { papers, .. } => papers.into_iter().map(|paper| paper.id).collect(),
        Lookup::NotFound { nearest, .. } => {
            let nearest = nearest.into_iter();
            nearest.filter(|id| id.starts_with(beginning)).collect()
        }
        _ => Vec::new(),
    };
    let suggestions = context.library.suggest(beginning, MOST)?.into_iter();
    let papers = suggestions.filter(|one| one.kind == SuggestionKind::Paper);
    for id in papers.filter_map(|one| one.id) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids.truncate(MOST);
    Ok(ids.iter().map(|id| paper_uri::encoded(id)).collect())
}
