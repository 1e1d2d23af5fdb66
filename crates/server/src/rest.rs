//! The routes below `/api/v1`: one module for each group of routes.

mod add_papers;
mod duplicates;
mod explain;
mod export;
mod facets;
mod filters;
mod hits;
mod info;
mod job_events;
mod jobs;
mod list_papers;
mod lists;
mod map;
mod missed;
mod paper;
mod paper_list;
mod problems;
mod ranking;
mod reasons;
mod references;
mod related;
mod remove_paper;
mod search;
mod suggest;
mod topics;

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
        .routes(routes!(job_events::job_events))
        .routes(routes!(paper_list::papers))
        .routes(routes!(lists::lists))
        .routes(routes!(
            paper_list::list,
            lists::create_list,
            lists::delete_list
        ))
        .routes(routes!(list_papers::add_to_list))
        .routes(routes!(
            list_papers::put_on_list,
            list_papers::take_from_list
        ))
        .routes(routes!(facets::facets))
        .routes(routes!(suggest::suggest))
        .routes(routes!(search::search, search::search_by_body))
        .routes(routes!(related::related, related::related_by_body))
        .routes(routes!(paper::paper))
        .routes(routes!(explain::explain))
        .routes(routes!(missed::missed))
        .routes(routes!(topics::topics))
        .routes(routes!(map::map, map::lay_out_map))
        .routes(routes!(map::points::map_points))
        .routes(routes!(
            map::papers::map_papers,
            map::papers::map_papers_by_body
        ))
        .routes(routes!(duplicates::duplicates))
        .routes(routes!(export::export));
    OpenApiRouter::new().nest("/api/v1", routes)
}
