//! Bodies that are too large, too slow, or not JSON.

use std::time::Duration;

use cognate_server::ServerOptions;
use tokio::io::AsyncWriteExt as _;

use crate::socket::{RawAnswer, RunningServer};

const SEARCH: &str = "POST /api/v1/search";
const JSON: &str = "content-type: application/json\r\n";

/// Returns the head of a search whose body follows.
fn head(headers: &str) -> String {
    format!("{SEARCH} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{JSON}{headers}\r\n")
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_with_and_without_its_length() {
    let server = RunningServer::start(ServerOptions::default().max_body_bytes(10_000)).await;
    // Nobody needs to send what is refused.
    let answer = server.send(head("content-length: 10001\r\n")).await;
    answer.assert_problem(413, "too-large");
    let answer = server.send(head("content-length: 18446744073709551615\r\n"));
    assert!(matches!(answer.await.status(), Some(400..=499)));
    let body = "x".repeat(1_000_000);
    let answer = server.request(SEARCH, JSON, &body).await;
    answer.assert_problem(413, "too-large");
    let chunk = format!("400\r\n{}\r\n", "x".repeat(0x400));
    let chunked = head("transfer-encoding: chunked\r\n") + &chunk.repeat(1_000) + "0\r\n\r\n";
    server.send(chunked).await.assert_problem(413, "too-large");
    server.assert_serves().await;
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused() {
    let server = RunningServer::start(ServerOptions::default()).await;
    let deep = |open: &str, close: &str| open.repeat(100_000) + &close.repeat(100_000);
    for body in [
        "",
        "{",
        "nonsense",
        "[]",
        "null",
        "{\"text\": 1e999}",
        "{\"text\": \"\u{0}\"}",
        "{\"text\": \"\\ud800\"}",
        "{\"text\": \"a\"} {}",
        &deep("[", "]"),
        &deep("{\"text\":", "}"),
    ] {
        let answer = server.request(SEARCH, JSON, body).await;
        let start = body.get(..20.min(body.len())).unwrap_or_default();
        assert_eq!(answer.status(), Some(400), "{start}: {answer:?}");
    }
    let bytes = [head("content-length: 4\r\n").as_bytes(), b"\"\xff\xfe\""].concat();
    server
        .send(bytes)
        .await
        .assert_problem(400, "invalid-request");
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let answer = server.request(SEARCH, form, "text=a").await;
    answer.assert_problem(415, "unsupported-media");
    server.assert_serves().await;
}

#[tokio::test]
async fn a_client_that_is_too_slow_is_told_so() {
    let options = ServerOptions::default()
        .header_timeout(Duration::from_millis(200))
        .body_timeout(Duration::from_millis(200));
    let server = RunningServer::start(options).await;
    // No more comes of the headers.
    let answer = server.send("GET /api/v1/info HTTP/1.1\r\nhost: loc").await;
    answer.assert_problem(408, "timeout");
    // No more comes of the body.
    let answer = server.send(head("content-length: 10\r\n") + "{").await;
    answer.assert_problem(408, "timeout");
    let answer = server
        .send(head("transfer-encoding: chunked\r\n") + "400\r\n{")
        .await;
    answer.assert_problem(408, "timeout");
    // A connection without a request is closed without an answer.
    assert_eq!(server.send("").await.status(), None);
    server.assert_serves().await;
}

#[tokio::test]
async fn a_body_that_comes_byte_by_byte_ends_with_the_time_of_a_request() {
    let options = ServerOptions::default()
        .timeout(Duration::from_millis(300))
        .body_timeout(Duration::from_millis(200));
    let server = RunningServer::start(options).await;
    let stream = server.connect().await;
    let (read, mut write) = stream.into_split();
    let send = tokio::spawn(async move {
        let head = head("content-length: 1000000\r\n");
        write.write_all(head.as_bytes()).await.unwrap();
        let mut interval = tokio::time::interval(Duration::from_millis(20));
        // The server closes the connection long before the last byte.
        while write.write_all(b" ").await.is_ok() {
            interval.tick().await;
        }
    });
    RawAnswer::read_half(read)
        .await
        .assert_problem(408, "timeout");
    send.await.unwrap();
    server.assert_serves().await;
}
