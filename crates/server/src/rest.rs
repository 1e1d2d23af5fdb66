//! The routes below `/api/v1`: one module for each group of routes.

mod info;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::server::Server;

/// Returns all routes below `/api/v1`, with their descriptions.
pub(crate) fn routes() -> OpenApiRouter<Server> {
    let routes = OpenApiRouter::new().routes(routes!(info::info));
    OpenApiRouter::new().nest("/api/v1", routes)
}
