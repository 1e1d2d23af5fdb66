//! `/api/v1/papers/{id}`: one paper.

use axum::extract::State;
use cognate::{Error, Lookup, MatchedBy, Paper};
use serde::Serialize;
use utoipa::ToSchema;

use super::filters::LibraryParameter;
use super::problems::QueryProblems;
use super::ranking::check_text;
use crate::answer::{Answer, Commits, Question};
use crate::etag::KnownTags;
use crate::extract::{InPath, Parameters};
use crate::openapi::documents;
use crate::problem::Problem;
use crate::server::Server;

/// A paper with its other versions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaperDocument {
    /// The version of the form of all documents.
    #[schema(schema_with = documents::version)]
    version: u32,
    /// The name of the library.
    library: String,
    /// How the path names the paper, or null if it has its id: `doi`, `arxiv`, `title`, `id-ignoring-case` or
    /// `id-prefix`.
    #[schema(value_type = Option<String>)]
    matched_by: Option<MatchedBy>,
    /// All fields of the paper, and its other versions.
    #[schema(value_type = documents::ShownPaperFields)]
    paper: ShownPaper,
}

/// All fields of a paper, and its other versions.
#[derive(Debug, Serialize)]
struct ShownPaper {
    #[serde(flatten)]
    paper: Paper,
    versions: Vec<Paper>,
}

/// Returns a paper with all fields and its other versions, such as its preprint.
///
/// The path has the id of the paper, or its DOI, its arXiv identifier or its title. An id with slashes may be
/// written as it is, or with `%2F` for each slash.
#[utoipa::path(
    get,
    path = "/papers/{*id}",
    tag = "papers",
    params(
        ("id" = String, Path, description = "The id of the paper, or another name of it.", example = "p1"),
        LibraryParameter
    ),
    responses((status = 200, body = PaperDocument), QueryProblems)
)]
pub(crate) async fn paper(
    State(server): State<Server>,
    InPath(id): InPath<String>,
    known: KnownTags,
    Parameters(parameters): Parameters<LibraryParameter>,
) -> Result<Answer, Problem> {
    check_text("id", &id, server.options())?;
    let libraries: Vec<String> = parameters.library.into_iter().collect();
    let question = Question::new("papers", &libraries, &id, Some(known));
    question
        .answer(&server, move |commits| document(commits, &id))
        .await
}

fn document(commits: &Commits<'_>, id: &str) -> Result<PaperDocument, Problem> {
    let served = commits.first();
    let library = &served.library;
    let (paper, matched_by) = match library.lookup(id)? {
        Lookup::Found { paper, by, .. } => (paper, Some(by)),
        other => (other.into_paper(id)?, None),
    };
    let versions = match library.versions(&paper.id) {
        // Without readable vectors, versions are not recognized.
        Err(Error::Index { .. }) => Vec::new(),
        versions => versions?,
    };
    Ok(PaperDocument {
        version: documents::VERSION,
        library: served.name.clone(),
        matched_by,
        paper: ShownPaper { paper, versions },
    })
}
