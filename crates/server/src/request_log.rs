//! The log: one line for each request, when its answer has ended.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use tokio::task_local;

use crate::ended_body::{Count, EndedBody};
use crate::problem::Kind;
use crate::server::Server;

task_local! {
    /// What handlers note of the request that this task answers.
    static NOTES: Arc<Notes>;
}

/// What the log says of a request besides its route.
#[derive(Debug, Default)]
struct Notes {
    library: OnceLock<String>,
    query: OnceLock<String>,
}

/// Notes the library of the request that the current task answers. The name is one of the server's.
pub(crate) fn note_library(name: &str) {
    // Outside of a request there is nothing to note; of several libraries, the log has the first.
    let _ = NOTES.try_with(|notes| notes.library.set(name.to_owned()));
}

impl Server {
    /// Notes the text of the query of the current request, if texts of queries are logged.
    pub(crate) fn note_query(&self, text: &str) {
        if self.options().log_queries {
            let _ = NOTES.try_with(|notes| notes.query.set(text.to_owned()));
        }
    }
}

/// A request that is being answered. It is logged and counted when it is dropped: after the last byte of the
/// answer, or when the client has gone away.
struct Record {
    server: Server,
    start: Instant,
    method: &'static str,
    route: String,
    notes: Arc<Notes>,
    /// The status of the answer, or `None` if the client went away before there was one.
    status: Option<StatusCode>,
    problem: Option<&'static str>,
    bytes: usize,
}

/// Logs and counts a request.
pub(crate) async fn record(State(server): State<Server>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let notes = Arc::new(Notes::default());
    let mut record = Record {
        server,
        start: Instant::now(),
        method: method_name(request.method()),
        // A path without a route is a text of the client, which could have any value.
        route: route.map_or("unknown", MatchedPath::as_str).to_owned(),
        notes: Arc::clone(&notes),
        status: None,
        problem: None,
        bytes: 0,
    };
    let response = NOTES.scope(notes, next.run(request)).await;
    record.status = Some(response.status());
    let kind = response.extensions().get::<Kind>();
    record.problem = kind.map(|kind| kind.name());
    response.map(|body| Body::new(EndedBody::new(body, record)))
}

impl Count for Record {
    fn count(&mut self, bytes: usize) {
        self.bytes += bytes;
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let took = self.start.elapsed();
        let status = self.status.map_or(CLIENT_GONE, |status| status.as_u16());
        let metrics = self.server.metrics();
        metrics.count(self.method, &self.route, status, took);
        let milliseconds = took.as_secs_f64() * 1e3;
        tracing::info!(
            target: "cognate_server::request",
            method = %self.method,
            route = %self.route,
            status,
            ms = %format_args!("{milliseconds:.1}"),
            bytes = self.bytes,
            problem = self.problem,
            library = self.notes.library.get(),
            query = self.notes.query.get(),
        );
    }
}

/// The status in the log and the metrics of a request whose client went away before the answer, as in the log
/// of nginx.
const CLIENT_GONE: u16 = 499;

/// Returns the name of a method. Methods that no route has are one, because clients can invent them.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
