//! Whom the server answers: the checks that every request passes before its handler runs.
//!
//! A page of any web site can send requests to a server on the same machine. Two checks keep such pages from
//! reading and changing libraries: [`host`] refuses the names of others, to which a site could point its own
//! name (DNS rebinding), and [`origin`] refuses requests that pages of other origins send. [`token`] is
//! for servers that other machines can reach.

mod address;
mod host;
mod limits;
mod origin;
mod token;

use std::any::Any;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use tower_http::catch_panic::CatchPanicLayer;

pub(crate) use self::host::LocalAddress;
pub(crate) use self::token::Token;
use crate::compatible;
use crate::problem::{Kind, Problem};
use crate::request_log;
use crate::server::Server;
use crate::{Error, Result, web};

/// The route that needs no token, so that a supervisor can see that the process runs.
pub(crate) const LIVE: &str = "/health/live";

/// Puts the checks, the limits and the log around every route of `router`.
pub(crate) fn protect(router: Router, server: &Server) -> Router {
    // The layer that is added last sees a request first.
    let router = router
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(server.clone(), limits::apply))
        .layer(from_fn_with_state(server.clone(), check_token));
    let router = match origin::cors(&server.options().allowed_origins) {
        Some(cors) => router.layer(cors),
        None => router,
    };
    router
        .layer(from_fn_with_state(server.clone(), check_source))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(compatible::error_form))
        .layer(from_fn_with_state(server.clone(), request_log::record))
}

/// Returns an error if an option has an origin that no request can have.
pub(crate) fn check_origins(origins: &[String]) -> Result<()> {
    match origins.iter().find(|origin| !origin::is_valid(origin)) {
        Some(origin) => Err(Error::InvalidOrigin {
            found: origin.clone(),
        }),
        None => Ok(()),
    }
}

/// Checks where a request comes from and goes to.
async fn check_source(State(server): State<Server>, request: Request, next: Next) -> Response {
    let options = server.options();
    let checked = address::check(request.uri())
        .and_then(|()| limits::check_headers(request.headers()))
        .and_then(|()| host::check(&request, &options.allowed_hosts))
        .and_then(|host| origin::check(request.headers(), &host, &options.allowed_origins));
    let mut response = match checked {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("same-origin"),
    );
    response
}

/// Checks the token of a request, if the server has one.
async fn check_token(State(server): State<Server>, request: Request, next: Next) -> Response {
    let Some(token) = &server.options().token else {
        return next.run(request).await;
    };
    let path = request.uri().path();
    if path == LIVE || web::is_of_page(path) || token.is_in(request.headers()) {
        return next.run(request).await;
    }
    let problem = Problem::new(
        Kind::Unauthorized,
        "the server needs its token, as `Authorization: Bearer TOKEN`",
    );
    let mut response = problem.into_response();
    let scheme = HeaderValue::from_static("Bearer realm=\"cognate\"");
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, scheme);
    response
}

impl Server {
    /// Returns a problem if requests may not change libraries.
    pub(crate) fn check_write(&self) -> Result<(), Problem> {
        if self.options().allow_write {
            return Ok(());
        }
        Err(Problem::new(
            Kind::Forbidden,
            "the server does not allow changes; start it with `--allow-write` to allow them",
        ))
    }
}

/// Answers a request whose handler has panicked.
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("unknown"), "a request has panicked");
    Problem::internal().into_response()
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::routing::get;
    use cognate::Library;
    use cognate_testing::LetterPairs;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;
    use crate::options::ServerOptions;
    use crate::served::ServedLibrary;

    /// Returns the status and the body of the answer of a protected router.
    async fn answer(router: Router, options: ServerOptions) -> (StatusCode, String) {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::create(dir.path().join("papers"), LetterPairs::default()).unwrap();
        let libraries = vec![ServedLibrary::new("papers", library)];
        let server = Server::new(libraries, Vec::new(), options).unwrap();
        let request = Request::get("/").header(header::HOST, "localhost");
        let request = request.body(Body::empty()).unwrap();
        let response = protect(router, &server).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (parts.status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_answered_and_not_shown() {
        let panics = async || -> () { panic!("a secret") };
        let router = Router::new().route("/", get(panics));
        let (status, body) = answer(router, ServerOptions::default()).await;
        assert_eq!(status, 500);
        assert!(
            body.contains("/problems/internal") && !body.contains("secret"),
            "{body}"
        );
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_answered() {
        let router = Router::new().route("/", get(async || pending::<()>().await));
        let options = ServerOptions::default().timeout(Duration::from_millis(10));
        let (status, body) = answer(router, options).await;
        assert_eq!(status, 504);
        assert!(body.contains("/problems/took-too-long"), "{body}");
    }
}
