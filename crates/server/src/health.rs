//! `/health/live` and `/health/ready`, for supervisors and load balancers.

use axum::Json;
use axum::extract::State;
use cognate::Library;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::{Kind, Problem};
use crate::server::Server;

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(live))
        .routes(routes!(ready))
}

/// The health of the server.
#[derive(Serialize, ToSchema)]
pub(crate) struct LiveDocument {
    /// `live`.
    status: &'static str,
}

/// What the server is ready for.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReadyDocument {
    /// `ready`.
    status: &'static str,
    /// The number of libraries.
    libraries: usize,
    /// The number of models that embed texts.
    models: usize,
}

/// Answers as long as the process runs. Needs no token.
#[utoipa::path(
    get,
    path = "/health/live",
    tag = "server",
    responses((status = 200, description = "The server runs", body = LiveDocument))
)]
async fn live() -> Json<LiveDocument> {
    Json(LiveDocument { status: "live" })
}

/// Answers with a problem if a library cannot be read, or if the server is stopping.
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "server",
    responses((status = 200, description = "The server is ready", body = ReadyDocument))
)]
async fn ready(State(server): State<Server>) -> Result<Json<ReadyDocument>, Problem> {
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
        Ok(ReadyDocument {
            status: "ready",
            libraries: server.libraries().len(),
            models: server.models().len(),
        })
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
