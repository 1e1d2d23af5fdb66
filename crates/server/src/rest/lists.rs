//! `/api/v1/lists`: the lists of a library.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cognate::{Library, List};
use serde::Serialize;
use utoipa::ToSchema;

use super::filters::LibraryParameter;
use super::problems::QueryProblems;
use crate::answer::{Answer, Commits, Question};
use crate::etag::KnownTags;
use crate::extract::{InPath, Parameters};
use crate::openapi::documents;
use crate::problem::{Kind, Problem, ProblemDocument};
use crate::server::Server;

/// The lists of a library.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListsDocument {
    /// The version of the form of all documents.
    #[schema(schema_with = documents::version)]
    version: u32,
    /// The name of the library.
    library: String,
    /// The lists: `liked`, `disliked`, `read` and `hidden`, which every library has, then the others by name.
    #[schema(value_type = Vec<ListSummary>)]
    lists: Vec<List>,
}

/// A list.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `cognate::List`")]
pub(crate) struct ListSummary {
    /// The name of the list.
    name: String,
    /// The number of papers on the list.
    papers: usize,
}

/// A change of the lists of a library.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListChange {
    /// The version of the form of all documents.
    #[schema(schema_with = documents::version)]
    version: u32,
    /// The name of the library.
    library: String,
    /// The name of the list.
    list: String,
    /// The number of papers that were put on the list or taken from it.
    changed: usize,
    /// The generation of the library after the change: the number of commits of papers and, after a period, the
    /// number of changes of lists.
    #[schema(example = "12.3")]
    generation: String,
}

/// Lists the lists of a library, with the number of papers on each.
#[utoipa::path(
    get,
    path = "/lists",
    tag = "lists",
    params(LibraryParameter),
    responses((status = 200, description = "The lists", body = ListsDocument), QueryProblems)
)]
pub(crate) async fn lists(
    State(server): State<Server>,
    known: KnownTags,
    Parameters(parameters): Parameters<LibraryParameter>,
) -> Result<Answer, Problem> {
    let libraries: Vec<String> = parameters.library.into_iter().collect();
    let question = Question::new("lists", &libraries, &(), Some(known));
    let document = |commits: &Commits<'_>| {
        let served = commits.first();
        Ok(ListsDocument {
            version: documents::VERSION,
            library: served.name.clone(),
            lists: served.library.lists()?,
        })
    };
    question.answer(&server, document).await
}

/// Creates a list, unless it exists.
#[utoipa::path(
    put,
    path = "/lists/{name}",
    tag = "lists",
    params(("name" = String, Path, description = "The name of the list: 1 to 100 bytes without commas and control characters, and without white space at its ends", example = "to read"), LibraryParameter),
    responses(
        (status = 200, description = "The list exists already", body = ListChange),
        (status = 201, description = "The list was created", body = ListChange),
        QueryProblems,
    )
)]
pub(crate) async fn create_list(
    State(server): State<Server>,
    InPath(list): InPath<String>,
    Parameters(parameters): Parameters<LibraryParameter>,
) -> Result<(StatusCode, Json<ListChange>), Problem> {
    server.check_write()?;
    let change = Change::new(&server, parameters.library, list)?;
    let create = |library: &Library, list: &str| {
        let exists = library.lists()?.iter().any(|one| one.name == list);
        library.create_list(list)?;
        Ok((0, exists))
    };
    let (document, exists) = change.run(&server, create).await?;
    let status = if exists {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok((status, Json(document)))
}

/// Deletes a list with its notes. The papers stay in the library. Lists that every library has cannot be deleted.
#[utoipa::path(
    delete,
    path = "/lists/{name}",
    tag = "lists",
    params(("name" = String, Path, description = "The name of the list", example = "to read"), LibraryParameter),
    responses(
        (status = 200, description = "The list was deleted", body = ListChange),
        (status = 409, description = "Every library has the list; take the papers from it instead", body = ProblemDocument, content_type = "application/problem+json"),
        QueryProblems,
    )
)]
pub(crate) async fn delete_list(
    State(server): State<Server>,
    InPath(list): InPath<String>,
    Parameters(parameters): Parameters<LibraryParameter>,
) -> Result<Json<ListChange>, Problem> {
    server.check_write()?;
    if List::is_built_in(&list) {
        let detail =
            format!("every library has the list `{list}`; take the papers from it instead");
        return Err(Problem::new(Kind::BuiltInList, detail));
    }
    let change = Change::new(&server, parameters.library, list)?;
    let delete = |library: &Library, list: &str| {
        let mut lists = library.lists()?.into_iter();
        let papers = lists
            .find(|one| one.name == list)
            .map_or(0, |list| list.papers);
        library.delete_list(list)?;
        Ok((papers, ()))
    };
    let (document, ()) = change.run(&server, delete).await?;
    Ok(Json(document))
}

/// A change of a list, which answers with the new generation of the library.
#[derive(Debug)]
pub(super) struct Change {
    library: String,
    list: String,
}

impl Change {
    pub(super) fn new(
        server: &Server,
        library: Option<String>,
        list: String,
    ) -> Result<Self, Problem> {
        let library = server.library(library.as_deref())?.name.clone();
        Ok(Self { library, list })
    }

    /// Makes the change. `act` returns the number of papers changed, and something else.
    pub(super) async fn run<T: Send + 'static>(
        self,
        server: &Server,
        act: impl FnOnce(&Library, &str) -> Result<(usize, T), Problem> + Send + 'static,
    ) -> Result<(ListChange, T), Problem> {
        let name = self.library.clone();
        let call = move |library: &Library| {
            let (changed, more) = act(library, &self.list)?;
            let document = ListChange {
                version: documents::VERSION,
                library: self.library,
                list: self.list,
                changed,
                generation: library.generation()?.to_string(),
            };
            Ok((document, more))
        };
        server.call(Some(&name), call).await
    }
}
