//! The description of the routes: `/openapi.json`, in OpenAPI 3.1.

pub(crate) mod documents;

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
    rename_wildcards(&mut description);
    documents::complete(&mut description);
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

/// Writes a parameter that takes the rest of a path, such as `{*id}`, as `{id}`, which is how a description names
/// every parameter.
fn rename_wildcards(description: &mut Value) {
    if let Some(Value::Object(paths)) = description.get_mut("paths") {
        let renamed = std::mem::take(paths).into_iter();
        paths.extend(renamed.map(|(path, item)| (path.replace("{*", "{"), item)));
    }
}
