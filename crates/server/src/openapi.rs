//! The description of the routes: `/openapi.json`, in OpenAPI 3.1.

mod complete;
pub(crate) mod documents;
pub(crate) mod named_values;

use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::server::Server;

#[derive(OpenApi)]
#[openapi(info(
    title = "Cognate",
    description = "Semantic search over libraries of research papers",
    license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
))]
struct Description;

/// Splits routes into a router and their description.
pub(crate) fn describe(routes: OpenApiRouter<Server>) -> (Router<Server>, Value) {
    let (router, description) = OpenApiRouter::with_openapi(Description::openapi())
        .merge(routes)
        .split_for_parts();
    let mut description = serde_json::to_value(description).unwrap_or_default();
    documents::complete(&mut description);
    complete::complete(&mut description);
    (router, description)
}

/// Returns the route of the description.
pub(crate) fn route(description: &Value) -> Router<Server> {
    let description = description.clone();
    Router::new().route(
        "/openapi.json",
        get(move || async move { Json(description) }),
    )
}
