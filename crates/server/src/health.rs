//! `/health/live` and `/health/ready`, for supervisors and load balancers.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use cognate::Library;
use serde_json::{Value, json};

use crate::problem::{Kind, Problem};
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
        for one in server.libraries() {
            // An opened library can be read on although its folder has gone, until it needs another file.
            if !Library::exists(one.library.dir()) {
                let detail = format!("the folder of the library `{}` has gone", one.name);
                return Err(Problem::new(Kind::Damaged, detail));
            }
            one.library.len()?;
        }
        let (libraries, models) = (server.libraries().len(), server.models().len());
        Ok(json!({ "status": "ready", "libraries": libraries, "models": models }))
    };
    let read = tokio::task::spawn_blocking(read).await;
    read.map_err(|_| Problem::internal())?.map(Json)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use cognate_testing::LetterPairs;
    use tower::ServiceExt as _;

    use super::*;
    use crate::options::ServerOptions;
    use crate::served::ServedLibrary;

    #[tokio::test]
    async fn a_server_that_stops_is_not_ready() {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::create(dir.path().join("papers"), LetterPairs::default()).unwrap();
        let libraries = vec![ServedLibrary::new("papers", library)];
        let server = Server::new(libraries, Vec::new(), ServerOptions::default()).unwrap();
        let router = server.router();
        let status = async || {
            let request = Request::get("/health/ready").header("host", "localhost");
            let request = request.body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap().status()
        };
        assert_eq!(status().await, 200);
        server.stopping().cancel();
        assert_eq!(status().await, 503);
    }
}
