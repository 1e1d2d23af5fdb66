//! Limits of the size and the time of requests.

use std::error::Error;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body_util::{LengthLimitError, Limited};
use hyper::body::{Body as _, Frame};
use tokio::time::timeout;
use tower_http::timeout::{TimeoutBody, TimeoutError};

use crate::options::ServerOptions;
use crate::problem::{Kind, Problem};
use crate::server::Server;

/// The largest size of all headers, in bytes.
const MAX_HEADER_BYTES: usize = 32 << 10;

/// Checks the size of the headers of a request.
pub(super) fn check_headers(headers: &HeaderMap) -> Result<(), Problem> {
    let size = |(name, value): (&header::HeaderName, &HeaderValue)| {
        name.as_str().len() + value.len() + ": \r\n".len()
    };
    let bytes: usize = headers.iter().map(size).sum();
    if bytes <= MAX_HEADER_BYTES {
        return Ok(());
    }
    Err(Problem::new(
        Kind::HeadersTooLarge,
        format!("the headers have {bytes} bytes, expected at most {MAX_HEADER_BYTES}"),
    ))
}

/// Runs a request within the limits of its body and its time.
pub(super) async fn apply(State(server): State<Server>, request: Request, next: Next) -> Response {
    let options = server.options();
    if let Some(declared) = request.body().size_hint().exact()
        && declared > options.max_body_bytes as u64
    {
        return closing(&too_large(options));
    }
    let reading = Arc::new(Reading::default());
    let request = request.map(|body| Body::new(LimitedBody::new(body, options, &reading)));
    let answer = timeout(options.timeout, next.run(request)).await;
    match (reading.failure.get(), answer) {
        // The handler has seen an error of the body, and does not know which.
        (Some(kind), Ok(response)) if !response.status().is_success() => {
            closing(&reading_problem(*kind, options))
        }
        (_, Ok(response)) => response,
        (_, Err(_)) if !reading.has_ended.load(Ordering::Relaxed) => {
            closing(&reading_problem(Kind::Timeout, options))
        }
        (_, Err(_)) => Problem::new(
            Kind::TookTooLong,
            format!("no answer within {:?}", options.timeout),
        )
        .into_response(),
    }
}

fn reading_problem(kind: Kind, options: &ServerOptions) -> Problem {
    match kind {
        Kind::TooLarge => too_large(options),
        kind => Problem::new(kind, "the body of the request did not arrive in time"),
    }
}

fn too_large(options: &ServerOptions) -> Problem {
    Problem::new(
        Kind::TooLarge,
        format!(
            "the body of the request is too large, expected at most {} bytes",
            options.max_body_bytes
        ),
    )
}

/// Returns an answer after which the connection is closed, because the rest of the body is not read.
fn closing(problem: &Problem) -> Response {
    let mut response = problem.clone().into_response();
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

/// How far the body of a request has been read.
#[derive(Debug, Default)]
struct Reading {
    /// The kind of problem that stopped reading.
    failure: OnceLock<Kind>,
    has_ended: AtomicBool,
}

/// The body of a request, with limits of its size and of the time between its parts.
struct LimitedBody {
    body: Pin<Box<Limited<TimeoutBody<Body>>>>,
    reading: Arc<Reading>,
}

impl LimitedBody {
    fn new(body: Body, options: &ServerOptions, reading: &Arc<Reading>) -> Self {
        reading
            .has_ended
            .store(body.is_end_stream(), Ordering::Relaxed);
        let body = TimeoutBody::new(options.body_timeout, body);
        Self {
            body: Box::pin(Limited::new(body, options.max_body_bytes)),
            reading: Arc::clone(reading),
        }
    }
}

impl hyper::body::Body for LimitedBody {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let polled = self.body.as_mut().poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Err(error))) => {
                if let Some(kind) = kind_of(error.as_ref()) {
                    // Only the first failure counts.
                    let _ = self.reading.failure.set(kind);
                }
            }
            Poll::Ready(None) => self.reading.has_ended.store(true, Ordering::Relaxed),
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.reading.has_ended.load(Ordering::Relaxed)
    }
}

/// Returns the kind of problem that an error of a body is, or `None` if the client has gone away.
fn kind_of(error: &(dyn Error + 'static)) -> Option<Kind> {
    if error.is::<LengthLimitError>() {
        return Some(Kind::TooLarge);
    }
    if error.is::<TimeoutError>() {
        return Some(Kind::Timeout);
    }
    kind_of(error.source()?)
}
