//! Paths, parameters and methods that mean nothing, or try to mean something else.

use cognate_server::ServerOptions;

use crate::socket::RunningServer;

#[tokio::test]
async fn paths_lead_nowhere_else() {
    let server = RunningServer::start(ServerOptions::default()).await;
    for path in [
        "/api/v1/info/",
        "//api/v1/info",
        "/api//v1/info",
        "/api/v1/./info",
        "/api/v1/x/../info",
        "/api/v1/../../etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/api/v1/info%2f",
        "/API/V1/INFO",
        "/api/v1/info;x=1",
        "/api/v1/info%20",
        "/etc/passwd",
    ] {
        let answer = server.request(&format!("GET {path}"), "", "").await;
        answer.assert_problem(404, "unknown-route");
    }
    server.assert_serves().await;
}

#[tokio::test]
async fn addresses_that_are_not_utf8_or_have_nul_are_invalid() {
    let server = RunningServer::start(ServerOptions::default()).await;
    for path in [
        "/%ff",
        "/api/v1/info%00",
        "/api/v1/info?library=%00",
        "/api/v1/info?library=%ff%fe",
        "/api/v1/papers/%c3%28",
        "/api/v1/info?%ed%a0%80=1",
    ] {
        let answer = server.request(&format!("GET {path}"), "", "").await;
        answer.assert_problem(400, "invalid-request");
    }
    server.assert_serves().await;
}

#[tokio::test]
async fn addresses_and_headers_that_are_too_long_are_refused() {
    let server = RunningServer::start(ServerOptions::default()).await;
    let answer = server
        .request(&format!("GET /?q={}", "x".repeat(50_000)), "", "")
        .await;
    answer.assert_problem(414, "address-too-long");
    let answer = server
        .request(&format!("GET /?q={}", "x".repeat(100_000)), "", "")
        .await;
    answer.assert_problem(414, "address-too-long");
    let headers = format!("x-long: {}\r\n", "x".repeat(40_000));
    let answer = server.request("GET /api/v1/info", &headers, "").await;
    answer.assert_problem(431, "headers-too-large");
    let headers = format!("x-long: {}\r\n", "x".repeat(300_000));
    let answer = server.request("GET /api/v1/info", &headers, "").await;
    answer.assert_problem(431, "headers-too-large");
    let answer = server
        .request("GET /api/v1/info", &"x: y\r\n".repeat(200), "")
        .await;
    answer.assert_problem(431, "headers-too-large");
    server.assert_serves().await;
}

#[tokio::test]
async fn unknown_methods_are_refused() {
    let server = RunningServer::start(ServerOptions::default()).await;
    for method in ["DELETE", "PUT", "PATCH", "TRACE", "PROPFIND", "get", "X"] {
        let line = format!("{method} /api/v1/info");
        let answer = server.request(&line, "", "").await;
        answer.assert_problem(405, "wrong-method");
    }
    let answer = server.request("CONNECT evil.example:443", "", "").await;
    assert!(matches!(answer.status(), Some(400..=499)), "{answer:?}");
    let answer = server.request("HEAD /api/v1/info", "", "").await;
    assert_eq!((answer.status(), answer.body().len()), (Some(200), 0));
    server.assert_serves().await;
}
