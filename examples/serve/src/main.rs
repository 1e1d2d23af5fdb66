//! Serves a library over HTTP, with axum.
//!
//! ```sh
//! cargo run --release --manifest-path examples/serve/Cargo.toml -- my-library
//! curl 'http://127.0.0.1:3000/search?q=planets+around+other+stars&k=3'
//! curl 'http://127.0.0.1:3000/papers/mayor1995jupiter/related'
//! curl --json '[{"id": "a", "title": "A planet around another star"}]' http://127.0.0.1:3000/papers
//! ```
//!
//! All calls of a library block, so each one runs on a thread that may block, and a semaphore keeps no
//! more of them running than there are cores. Readers and writers of the library need no lock.

mod api_error;

use std::error::Error;
use std::sync::Arc;
use std::thread::available_parallelism;

use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use cognate::{
    AddReport, DEFAULT_MODEL, Encoder, EncoderOptions, Filter, Library, ModelSource, Paper,
    PaperHit,
};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::api_error::ApiError;

/// What all requests share.
#[derive(Clone)]
struct Server {
    library: Arc<Library>,
    /// One permit for each call of the library that may run.
    running: Arc<Semaphore>,
}

impl Server {
    fn new(library: Library) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self {
            library: Arc::new(library),
            running: Arc::new(Semaphore::new(cores)),
        }
    }

    /// Runs a call of the library on a thread that may block.
    async fn call<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Library) -> cognate::Result<T> + Send + 'static,
    ) -> Result<Json<T>, ApiError> {
        let permit = Arc::clone(&self.running).acquire_owned().await?;
        let library = Arc::clone(&self.library);
        let task = tokio::task::spawn_blocking(move || {
            // The permit is returned when the call ends, even if nobody waits for it any more.
            let _permit = permit;
            act(&library)
        });
        Ok(Json(task.await??))
    }
}

#[derive(Deserialize)]
struct SearchParameters {
    q: String,
    k: Option<usize>,
    /// The first year of the papers to find.
    since: Option<i32>,
}

async fn search(
    State(server): State<Server>,
    Query(parameters): Query<SearchParameters>,
) -> Result<Json<Vec<PaperHit>>, ApiError> {
    let mut query = cognate::Query::text(parameters.q).score_context(true);
    if let Some(k) = parameters.k {
        query = query.k(k);
    }
    if let Some(year) = parameters.since {
        query = query.filter(Filter::default().years(year..));
    }
    server.call(move |library| library.search(&query)).await
}

async fn related(
    State(server): State<Server>,
    Path(id): Path<String>,
) -> Result<Json<Vec<PaperHit>>, ApiError> {
    let related = move |library: &Library| {
        // The paper may be named by its DOI or its arXiv identifier too.
        let paper = library.lookup(&id)?.into_paper(&id)?;
        library.search(&cognate::Query::paper(paper.id))
    };
    server.call(related).await
}

async fn add(
    State(server): State<Server>,
    Json(papers): Json<Vec<Paper>>,
) -> Result<Json<AddReport>, ApiError> {
    server.call(move |library| library.add(papers)).await
}

fn routes(library: Library) -> Router {
    Router::new()
        .route("/search", get(search))
        .route("/papers", post(add))
        .route("/papers/{id}/related", get(related))
        .with_state(Server::new(library))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args()
        .nth(1)
        .ok_or("expected the folder of a library")?;
    let checkpoint = ModelSource::from_env()?.resolve(DEFAULT_MODEL)?.open()?;
    let encoder = Encoder::load(&checkpoint, EncoderOptions::default())?;
    let library = Library::open_or_create(folder, encoder)?;
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("serving on http://{}", listener.local_addr()?);
    axum::serve(listener, routes(library)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use cognate::Checkpoint;
    use serde_json::{Value, json};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    /// Sends a request to the server at `port`, and returns the status and the JSON of the answer.
    async fn ask(port: u16, request: &str, body: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let length = body.len();
        let request = format!(
            "{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap())
    }

    #[tokio::test]
    async fn papers_are_added_found_and_asked_for_what_is_missing() {
        let checkpoint = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../crates/model/tests/fixtures/tiny-bert"
        );
        let checkpoint = Checkpoint::open(checkpoint).unwrap();
        let encoder = Encoder::load(&checkpoint, EncoderOptions::default().threads(2)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let library = Library::create(folder.path(), encoder).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async { axum::serve(listener, routes(library)).await });

        let papers = json!([
            {"id": "a", "title": "A planet around another star", "year": 1995, "doi": "10.1234/a"},
            {"id": "b", "title": "How a protein folds", "year": 2021},
        ]);
        let (status, report) = ask(port, "POST /papers", &papers.to_string()).await;
        assert_eq!((status, &report["added"]), (200, &json!(2)));

        let (status, hits) = ask(port, "GET /search?q=planet&k=1", "").await;
        assert_eq!((status, &hits[0]["id"]), (200, &json!("a")));
        assert_eq!(hits[0]["rank"], 1);
        let (status, hits) = ask(port, "GET /search?q=planet&since=2000", "").await;
        assert_eq!(status, 200, "{hits}");
        assert_eq!((&hits[0]["id"], &hits[1]), (&json!("b"), &Value::Null));
        let (status, hits) = ask(port, "GET /papers/a/related", "").await;
        assert_eq!((status, &hits[0]["id"]), (200, &json!("b")));
        let by_doi = ask(port, "GET /papers/10.1234%2FA/related", "").await;
        assert_eq!(by_doi, (200, hits));

        let (status, error) = ask(port, "GET /papers/c/related", "").await;
        assert_eq!(status, 404);
        let text = error["error"].as_str().unwrap();
        assert!(text.starts_with("no paper `c` in the library"), "{text}");
        let (status, _) = ask(port, "GET /search?q=planet&k=0", "").await;
        assert_eq!(status, 400);
        server.abort();
    }
}
