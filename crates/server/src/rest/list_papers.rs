//! `/api/v1/lists/{name}/papers`: putting papers on a list, and taking them from it.

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use cognate::Library;
use serde::Deserialize;
use utoipa::ToSchema;

use super::filters::LibraryParameter;
use super::lists::{Change, ListChange};
use super::problems::QueryProblems;
use super::remove_paper::identified_paper;
use crate::extract::{InPath, JsonBody, Parameters};
use crate::problem::{Kind, Problem};
use crate::server::Server;

/// The largest number of papers that one request puts on a list.
const MAX_IDS: usize = 10_000;

/// Papers to put on a list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PapersToList {
    /// The ids, DOIs or arXiv identifiers of the papers.
    #[schema(min_items = 1, max_items = 10_000)]
    ids: Vec<String>,
    /// A note that each of the papers gets on the list, in place of its former one; an empty note removes it.
    /// Without a note, notes stay as they are.
    #[serde(default)]
    #[schema(value_type = String, required = false)]
    note: Option<String>,
}

/// A note on a paper on a list.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoteBody {
    /// The note, in place of the former one; an empty note removes it. Without a note, a former one stays.
    #[serde(default)]
    #[schema(value_type = String, required = false)]
    note: Option<String>,
}

/// Puts several papers on a list, which is created if it does not exist. If one of the papers is unknown, none is
/// put on the list.
#[utoipa::path(
    post,
    path = "/lists/{name}/papers",
    tag = "lists",
    params(("name" = String, Path, description = "The name of the list", example = "liked"), LibraryParameter),
    request_body(content = PapersToList, description = "The papers, and a note on them", example = json!({"ids": ["p1", "p2"], "note": "for the introduction"})),
    responses(
        (status = 200, description = "The papers are on the list; `changed` counts those that were not before", body = ListChange),
        QueryProblems,
    )
)]
pub(crate) async fn add_to_list(
    State(server): State<Server>,
    InPath(list): InPath<String>,
    Parameters(parameters): Parameters<LibraryParameter>,
    JsonBody(body): JsonBody<PapersToList>,
) -> Result<Json<ListChange>, Problem> {
    server.check_write()?;
    let count = body.ids.len();
    if !(1..=MAX_IDS).contains(&count) {
        let detail = format!("`ids` has {count} items, expected 1 to {MAX_IDS}");
        return Err(Problem::new(Kind::InvalidOption, detail).with("parameter", "ids"));
    }
    put(&server, parameters, list, body.ids, body.note).await
}

/// Puts a paper on a list, which is created if it does not exist.
#[utoipa::path(
    put,
    path = "/lists/{name}/papers/{*id}",
    tag = "lists",
    params(
        ("name" = String, Path, description = "The name of the list", example = "liked"),
        ("id" = String, Path, description = "The id, the DOI or the arXiv identifier of the paper", example = "p1"),
        LibraryParameter,
    ),
    request_body(content = Option<NoteBody>, description = "A note on the paper; the body may be left out", example = json!({"note": "for the introduction"})),
    responses(
        (status = 200, description = "The paper is on the list; `changed` is 0 if it was before", body = ListChange),
        QueryProblems,
    )
)]
pub(crate) async fn put_on_list(
    State(server): State<Server>,
    InPath((list, id)): InPath<(String, String)>,
    Parameters(parameters): Parameters<LibraryParameter>,
    body: Bytes,
) -> Result<Json<ListChange>, Problem> {
    server.check_write()?;
    let body: Option<NoteBody> = if body.is_empty() {
        None
    } else {
        let read = serde_json::from_slice(&body);
        read.map_err(|error| Problem::new(Kind::InvalidRequest, format!("the body: {error}")))?
    };
    let note = body.and_then(|body| body.note);
    put(&server, parameters, list, vec![id], note).await
}

/// Takes a paper from a list. The paper stays in the library.
#[utoipa::path(
    delete,
    path = "/lists/{name}/papers/{*id}",
    tag = "lists",
    params(
        ("name" = String, Path, description = "The name of the list", example = "liked"),
        ("id" = String, Path, description = "The id, the DOI or the arXiv identifier of the paper", example = "p1"),
        LibraryParameter,
    ),
    responses(
        (status = 200, description = "The paper is not on the list; `changed` is 0 if it was not before", body = ListChange),
        QueryProblems,
    )
)]
pub(crate) async fn take_from_list(
    State(server): State<Server>,
    InPath((list, id)): InPath<(String, String)>,
    Parameters(parameters): Parameters<LibraryParameter>,
) -> Result<Json<ListChange>, Problem> {
    server.check_write()?;
    let change = Change::new(&server, parameters.library, list)?;
    let take = move |library: &Library, list: &str| {
        let paper = identified_paper(library, &id)?;
        Ok((library.remove_from_list(list, &[paper.id])?, ()))
    };
    let (document, ()) = change.run(&server, take).await?;
    Ok(Json(document))
}

async fn put(
    server: &Server,
    parameters: LibraryParameter,
    list: String,
    ids: Vec<String>,
    note: Option<String>,
) -> Result<Json<ListChange>, Problem> {
    let change = Change::new(server, parameters.library, list)?;
    let put = move |library: &Library, list: &str| {
        let papers = ids.iter().map(|id| identified_paper(library, id));
        let ids = papers.map(|paper| Ok(paper?.id));
        let ids: Vec<String> = ids.collect::<Result<_, Problem>>()?;
        let changed = library.add_to_list(list, &ids, note.as_deref())?;
        Ok((changed, ()))
    };
    let (document, ()) = change.run(server, put).await?;
    Ok(Json(document))
}
