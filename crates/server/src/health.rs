//! `/health/live` and `/health/ready`, for supervisors and load balancers.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::problem::Problem;
use crate::server::Server;
use crate::trust::LIVE;

/// Returns the routes.
pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route(LIVE, get(live))
        .route("/health/ready", get(ready))
}

/// Answers as long as the process runs.
async fn live() -> Json<Value> {
    Json(json!({ "status": "live" }))
}

/// Answers with a problem if a library cannot be read, or if the server is stopping.
async fn ready(State(server): State<Server>) -> Result<Json<Value>, Problem> {
    if server.stopping().is_cancelled() {
        return Err(Problem::stopping());
    }
    // A full queue is load, and not a fault, so this call does not wait there.
    let read = move || {
        let papers = server.papers()?;
        Ok(json!({ "status": "ready", "libraries": papers.len(), "models": server.models().len() }))
    };
    let read = tokio::task::spawn_blocking(read).await;
    read.map_err(|_| Problem::internal())?.map(Json)
}
