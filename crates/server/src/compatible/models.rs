//! `GET /v1/models`: the models, in the form of OpenAI.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::error_form::OpenAiError;
use crate::extract::InPath;
use crate::problem::Problem;
use crate::server::Server;

/// The models of the server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelsDocument {
    /// Always `list`.
    object: &'static str,
    /// The models, the one of requests that name none first. Cross-encoders, which only rerank, follow.
    data: Vec<ModelDocument>,
}

/// A model.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelDocument {
    /// The name by which requests ask for the model.
    id: String,
    /// Always `model`.
    object: &'static str,
    /// Always 0: the server does not know when a model was made.
    created: u64,
    /// Always `cognate`.
    owned_by: &'static str,
}

impl ModelDocument {
    fn new(name: &str) -> Self {
        Self {
            id: name.to_owned(),
            object: "model",
            created: 0,
            owned_by: "cognate",
        }
    }
}

/// Lists the models.
#[utoipa::path(
    get,
    operation_id = "list_models",
    path = "/v1/models",
    tag = "compatible",
    responses((status = 200, body = ModelsDocument))
)]
pub(crate) async fn list(State(server): State<Server>) -> Json<ModelsDocument> {
    let models = server.models().iter().map(|model| &model.name);
    let rerankers = server.rerankers().iter().map(|reranker| &reranker.name);
    let names = models.chain(rerankers);
    Json(ModelsDocument {
        object: "list",
        data: names.map(|name| ModelDocument::new(name)).collect(),
    })
}

/// Describes a model.
#[utoipa::path(
    get,
    operation_id = "describe_model",
    path = "/v1/models/{id}",
    tag = "compatible",
    params(("id" = String, Path, description = "The name of the model; slashes may be left as they are", example = "all-MiniLM-L6-v2")),
    responses(
        (status = 200, body = ModelDocument),
        (status = 404, description = "There is no such model", body = OpenAiError),
    )
)]
pub(crate) async fn one(
    State(server): State<Server>,
    InPath(id): InPath<String>,
) -> Result<Json<ModelDocument>, Problem> {
    find(&server, &id)
}

/// Describes a model whose name has an owner.
pub(crate) async fn owned(
    State(server): State<Server>,
    InPath((owner, name)): InPath<(String, String)>,
) -> Result<Json<ModelDocument>, Problem> {
    find(&server, &format!("{owner}/{name}"))
}

fn find(server: &Server, name: &str) -> Result<Json<ModelDocument>, Problem> {
    let mut rerankers = server.rerankers().iter();
    if let Some(reranker) = rerankers.find(|one| one.has_name(name)) {
        return Ok(Json(ModelDocument::new(&reranker.name)));
    }
    let model = server.model(Some(name))?;
    Ok(Json(ModelDocument::new(&model.name)))
}
