//! Tokens, hosts and origins, on every route.

use axum::body::Body;
use axum::http::{Method, Request, header};
use cognate_server::ServerOptions;
use cognate_testing::papers;
use serde_json::Value;

use crate::client::{Answer, TestServer};

const TOKEN: &str = "correct-horse-battery";

/// Routes that the description leaves out, and paths without a route.
const OTHERS: [&str; 9] = [
    "/openapi.json",
    "/metrics",
    "/health/ready",
    "/mcp",
    "/docs",
    "/problems/forbidden",
    "/v1/models",
    "/",
    "/nothing",
];

/// Returns every method and path of the server, with a value for each part of a path that has a name.
async fn routes(server: &TestServer, token: &str) -> Vec<(Method, String)> {
    let description = send(
        server,
        Method::GET,
        "/openapi.json",
        &[("authorization", token)],
    )
    .await;
    let description = description.json();
    let mut routes: Vec<(Method, String)> = OTHERS
        .iter()
        .flat_map(|path| [Method::GET, Method::POST].map(|method| (method, (*path).to_owned())))
        .collect();
    for (path, operations) in description["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            if let Ok(method) = method.to_uppercase().parse() {
                let path = path.replace(['{', '}'], "");
                routes.push((method, path));
            }
        }
    }
    assert!(routes.len() > OTHERS.len() * 2);
    routes
}

/// Returns the answer to a request with `headers`, of which `host` has a default.
async fn send(server: &TestServer, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header(header::HOST, "localhost");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server.send(request.body(Body::empty()).unwrap()).await
}

/// Asserts that an answer is a problem, or an error of a compatible route, which has another form.
#[track_caller]
fn assert_refused(answer: &Answer, path: &str, status: u16, kind: &str) {
    let is_compatible = path.starts_with("/v1/") || ["/embed", "/rerank", "/info"].contains(&path);
    if is_compatible {
        assert_eq!(answer.status.as_u16(), status, "{path}: {answer:?}");
        let error: Value = serde_json::from_slice(&answer.body).unwrap();
        assert!(!error["error"].is_null(), "{path}: {error}");
    } else {
        answer.problem(status, kind);
    }
}

#[tokio::test]
async fn every_route_needs_the_token() {
    let options = ServerOptions::default().token(TOKEN).allow_write(true);
    let server = TestServer::with_options(papers(1), options);
    let right = format!("Bearer {TOKEN}");
    let routes = routes(&server, &right).await;
    // The page is shown without a token, and asks its user for it.
    let without = ["/health/live", "/"];
    for (method, path) in routes
        .into_iter()
        .filter(|(_, path)| !without.contains(&path.as_str()))
    {
        let send = |headers| send(&server, method.clone(), &path, headers);
        for wrong in [
            &[][..],
            &[("authorization", "Bearer wrong")],
            &[("authorization", "Bearer correct h")],
            &[("authorization", "Basic correct")],
            &[("cookie", "token=correct")],
        ] {
            let answer = send(wrong).await;
            assert_refused(&answer, &path, 401, "unauthorized");
            assert_eq!(
                answer.headers[header::WWW_AUTHENTICATE],
                "Bearer realm=\"cognate\""
            );
        }
        let answer = send(&[("authorization", right.as_str())]).await;
        assert_ne!(answer.status, 401, "{method} {path}");
    }
    let path = format!("/api/v1/info?token={TOKEN}");
    let answer = send(&server, Method::GET, &path, &[]).await;
    answer.problem(401, "unauthorized");
}

#[tokio::test]
async fn of_all_routes_only_the_sign_of_life_needs_no_token() {
    let server = TestServer::with_options(papers(1), ServerOptions::default().token(TOKEN));
    assert_eq!(server.get("/health/live").await.json()["status"], "live");
    for path in [
        "/health/live/",
        "//health/live",
        "/health/live%2f",
        "/health/ready",
    ] {
        server.get(path).await.problem(401, "unauthorized");
    }
    let evil = [("host", "evil.example")];
    let answer = send(&server, Method::GET, "/health/live", &evil).await;
    answer.problem(403, "forbidden");
}

#[tokio::test]
async fn every_route_refuses_hosts_and_origins_of_others() {
    let server = TestServer::with_options(papers(1), ServerOptions::default().allow_write(true));
    for (method, path) in routes(&server, "").await {
        for headers in [
            // A name of somebody else's that leads to this machine.
            &[("host", "evil.example")][..],
            &[
                ("host", "evil.example:7625"),
                ("origin", "http://evil.example:7625"),
            ],
            &[("host", "localhost.evil.example")],
            &[("origin", "http://evil.example")],
            &[("origin", "null")],
            &[("origin", "http://localhost:1")],
            &[
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "no-cors"),
            ],
        ] {
            let answer = send(&server, method.clone(), &path, headers).await;
            assert_refused(&answer, &path, 403, "forbidden");
            let readable = header::ACCESS_CONTROL_ALLOW_ORIGIN;
            assert!(!answer.headers.contains_key(readable));
        }
    }
    let answer = send(&server, Method::GET, "/api/v1/info", &[("host", "")]).await;
    answer.problem(400, "invalid-request");
    server.get("/api/v1/info").await.json();
}

#[tokio::test]
async fn pages_of_an_allowed_origin_can_read_answers_and_no_others() {
    let options = ServerOptions::default()
        .token(TOKEN)
        .allowed_origin("https://example.org");
    let server = TestServer::with_options(papers(1), options);
    let right = format!("Bearer {TOKEN}");
    let ask = |origin| {
        [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            (
                "access-control-request-headers",
                "authorization, content-type",
            ),
        ]
    };
    let path = "/api/v1/info";
    let answer = send(&server, Method::OPTIONS, path, &ask("https://example.org")).await;
    assert!(answer.status.is_success(), "{answer:?}");
    let headers = &answer.headers;
    let allowed = headers[header::ACCESS_CONTROL_ALLOW_HEADERS].to_str();
    assert!(allowed.unwrap().contains("authorization"));
    let origin = header::ACCESS_CONTROL_ALLOW_ORIGIN;
    assert_eq!(headers[&origin], "https://example.org");
    assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
    send(&server, Method::OPTIONS, path, &ask("https://evil.example"))
        .await
        .problem(403, "forbidden");

    let own = ("origin", "https://example.org");
    let answer = send(
        &server,
        Method::GET,
        path,
        &[own, ("authorization", &right)],
    )
    .await;
    assert_eq!(answer.headers[&origin], "https://example.org");
    answer.json();
    // A page can read why it is refused.
    let answer = send(&server, Method::GET, path, &[own]).await;
    assert_eq!(answer.headers[&origin], "https://example.org");
    answer.problem(401, "unauthorized");
}

#[test]
fn an_origin_that_no_browser_sends_is_refused_at_the_start() {
    for origin in ["*", "null", "https://example.org/", "example.org"] {
        let options = ServerOptions::default().allowed_origin(origin);
        let error = crate::client::server_with(options).unwrap_err();
        let expected =
            "is not an origin, expected a scheme and a host, such as `https://example.org`";
        assert_eq!(error.to_string(), format!("`{origin}` {expected}"));
    }
}
