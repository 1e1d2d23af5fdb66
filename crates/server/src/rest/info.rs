//! `GET /api/v1/info`: the libraries of the server.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::server::Server;

/// The libraries of the server.
#[derive(Serialize, ToSchema)]
pub(crate) struct InfoDocument {
    /// The version of the form of all documents.
    version: u32,
    /// The libraries, the one of requests that name none first.
    libraries: Vec<LibraryDocument>,
}

/// A library.
#[derive(Serialize, ToSchema)]
pub(crate) struct LibraryDocument {
    /// The name by which requests ask for the library.
    name: String,
    /// The number of papers.
    papers: usize,
}

/// Describes the libraries.
#[utoipa::path(
    get,
    path = "/info",
    tag = "libraries",
    responses(
        (status = 200, description = "The libraries", body = InfoDocument),
    )
)]
pub(crate) async fn info(State(server): State<Server>) -> Result<Json<InfoDocument>, Problem> {
    let mut libraries = Vec::new();
    for one in server.libraries() {
        let papers = server
            .call(Some(&one.name), |library| Ok(library.len()?))
            .await?;
        libraries.push(LibraryDocument {
            name: one.name.clone(),
            papers,
        });
    }
    Ok(Json(InfoDocument {
        version: 1,
        libraries,
    }))
}
