//! `DELETE /api/v1/papers/{id}`: removes a paper.

use axum::Json;
use axum::extract::State;
use cognate::{Library, Lookup, Paper};
use serde::Serialize;
use utoipa::ToSchema;

use super::filters::LibraryParameter;
use crate::extract::{InPath, Parameters};
use crate::openapi::documents;
use crate::problem::{Kind, Problem, ProblemDocument};
use crate::server::Server;

/// What was removed, as `cognate remove --json` prints it.
#[derive(Serialize, ToSchema)]
pub(crate) struct RemovedDocument {
    /// The version of the form of all documents.
    #[schema(schema_with = documents::version)]
    version: u32,
    /// The number of papers that were removed.
    removed: usize,
    /// The number of papers that are left in the library.
    left: usize,
    /// The papers that were removed, which can be added again.
    #[schema(value_type = Vec<documents::PaperFields>)]
    papers: Vec<Paper>,
    /// The generation of the library after the change: the number of commits of papers and, after a period, the
    /// number of changes of lists.
    #[schema(example = "12.3")]
    generation: String,
}

/// Removes a paper from its library.
#[utoipa::path(
    delete,
    path = "/papers/{*id}",
    tag = "changes",
    params(
        ("id" = String, Path, description = "The id, the DOI or the arXiv identifier of the paper", example = "helix"),
        LibraryParameter,
    ),
    responses(
        (status = 200, description = "The paper that was removed", body = RemovedDocument),
        (status = 404, description = "No paper has the id, the DOI or the arXiv identifier", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Several papers have the DOI or the arXiv identifier", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove_paper(
    State(server): State<Server>,
    InPath(reference): InPath<String>,
    Parameters(parameters): Parameters<LibraryParameter>,
) -> Result<Json<RemovedDocument>, Problem> {
    server.check_write()?;
    let library = parameters.library.as_deref();
    let remove = move |library: &Library| {
        let paper = identified_paper(library, &reference)?;
        library.remove(&[&paper.id])?;
        Ok(RemovedDocument {
            version: documents::VERSION,
            removed: 1,
            left: library.len()?,
            papers: vec![paper],
            generation: library.generation()?.to_string(),
        })
    };
    server.call(library, remove).await.map(Json)
}

/// Returns the paper that `reference` names by its id, its DOI or its arXiv identifier. A title or the beginning
/// of an id does not suffice for a change.
pub(crate) fn identified_paper(library: &Library, reference: &str) -> Result<Paper, Problem> {
    match library.lookup(reference)? {
        Lookup::Found { paper, by, .. } if !by.is_identifier() => {
            let detail = format!(
                "`{reference}` is not an id, a DOI or an arXiv identifier; it is the {by} of `{}`",
                paper.id
            );
            Err(Problem::new(Kind::UnknownPaper, detail).with("nearest", vec![paper.id]))
        }
        lookup => Ok(lookup.into_paper(reference)?),
    }
}
