//! Routes that clients of other embedding servers speak: of OpenAI below `/v1`, and of
//! text-embeddings-inference (TEI) at the root. Each group answers errors in the form of its own server.

mod embed;
mod error_form;
mod input;
mod models;
mod openai;
mod rerank;
mod tei;

use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::error_form::error_form;

use crate::server::Server;

/// Returns the compatible routes, with their descriptions.
pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(openai::embeddings))
        .routes(routes!(models::list))
        .routes(routes!(models::one))
        // A name with an owner, such as `sentence-transformers/all-MiniLM-L6-v2`.
        .route("/v1/models/{id}/{name}", get(models::owned))
        .routes(routes!(rerank::below_v1))
        .routes(routes!(rerank::rerank))
        .routes(routes!(tei::embed))
        .routes(routes!(tei::info))
}
