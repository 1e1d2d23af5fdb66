//! The routes below `/api/v1`: one module for each group of routes.

mod add_papers;
mod info;
mod job_events;
mod jobs;
mod remove_paper;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::server::Server;

/// Returns all routes below `/api/v1`, with their descriptions.
pub(crate) fn routes() -> OpenApiRouter<Server> {
    let routes = OpenApiRouter::new()
        .routes(routes!(info::info))
        .routes(routes!(add_papers::add_papers))
        .routes(routes!(remove_paper::remove_paper))
        .routes(routes!(jobs::jobs))
        .routes(routes!(jobs::job, jobs::cancel_job))
        .routes(routes!(job_events::job_events));
    OpenApiRouter::new().nest("/api/v1", routes)
}
