//! `GET /api/v1/info`: the libraries of the server.

use axum::Json;
use axum::extract::State;
use cognate::{Error, Fault, LibraryInfo};
use serde::Serialize;
use utoipa::ToSchema;

use super::problems::QueryProblems;
use crate::openapi::documents;
use crate::problem::Problem;
use crate::server::Server;

/// The server and its libraries.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InfoDocument {
    /// The version of the form of all documents.
    #[schema(schema_with = documents::version)]
    version: u32,
    /// The version of the program.
    program: &'static str,
    /// Whether requests may change libraries.
    allow_write: bool,
    /// The largest number of papers that a request may ask for.
    max_k: usize,
    /// The largest size of the text of a query, in bytes.
    max_query_bytes: usize,
    /// The libraries, the one of requests that name none first.
    libraries: Vec<LibraryDocument>,
    /// The models that embed texts, the one of requests that name none first.
    models: Vec<ModelDocument>,
}

/// A library.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Library)]
pub(crate) struct LibraryDocument {
    /// The name by which requests ask for the library.
    name: String,
    /// The number of commits of papers and the number of changes of lists, such as `12.3`.
    generation: String,
    #[serde(flatten)]
    #[schema(value_type = LibraryInfoSchema)]
    info: LibraryInfo,
    /// The number of papers with vectors of the model itself.
    native: usize,
    /// Files of vectors and terms that are lost or truncated; empty if none is.
    #[schema(value_type = Vec<documents::FaultFields>)]
    faults: Vec<Fault>,
}

/// Counts and sizes of a library.
#[derive(ToSchema)]
#[schema(as = LibraryInfo)]
#[expect(dead_code, reason = "it describes the serialized form")]
pub(crate) struct LibraryInfoSchema {
    /// The number of papers.
    papers: usize,
    /// The model of the library.
    model: String,
    /// The numeric precision of the model, such as `f32`.
    precision: String,
    /// A value that differs for models that give different vectors.
    fingerprint: String,
    /// The number of values of a vector.
    dim: usize,
    /// The number of papers with vectors that were mapped from a former model; `cognate upgrade` embeds them.
    mapped: usize,
    /// The number of files of vectors.
    segments: usize,
    /// The number of vectors that no paper uses; `cognate compact` drops them.
    deleted_rows: usize,
    /// The size of all files, in bytes.
    bytes: u64,
}

/// A model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Model)]
pub(crate) struct ModelDocument {
    /// The name by which requests ask for the model.
    name: String,
    /// The model.
    model: String,
    /// The numeric precision of the model, such as `f32`.
    precision: String,
    /// A value that differs for models that give different vectors.
    fingerprint: String,
    /// The number of values of a vector.
    dim: usize,
}

/// Describes the server: its version, its limits, its libraries and its models.
#[utoipa::path(
    get,
    path = "/info",
    tag = "libraries",
    responses((status = 200, body = InfoDocument), QueryProblems)
)]
pub(crate) async fn info(State(server): State<Server>) -> Result<Json<InfoDocument>, Problem> {
    let shared = server.clone();
    let describe = move || {
        let libraries = shared.libraries().iter().map(|served| {
            let library = &served.library;
            let info = library.info()?;
            Ok(LibraryDocument {
                name: served.name.clone(),
                generation: library.generation()?.to_string(),
                native: info.papers.saturating_sub(info.mapped),
                info,
                faults: library.unusable_files()?,
            })
        });
        Ok(libraries.collect::<Result<Vec<_>, Error>>()?)
    };
    let libraries = server.run(describe).await?;
    let models = server.models().iter().map(|model| {
        let info = model.embedder.info();
        ModelDocument {
            name: model.name.clone(),
            model: info.model,
            precision: info.precision,
            fingerprint: info.fingerprint,
            dim: info.dim,
        }
    });
    let options = server.options();
    Ok(Json(InfoDocument {
        version: documents::VERSION,
        program: env!("CARGO_PKG_VERSION"),
        allow_write: options.allow_write,
        max_k: options.max_k,
        max_query_bytes: options.max_query_bytes,
        libraries,
        models: models.collect(),
    }))
}
