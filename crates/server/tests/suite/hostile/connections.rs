//! Many connections, and clients that go away.

use std::sync::Arc;

use cognate_server::ServerOptions;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::gate::Gate;
use crate::socket::{RawAnswer, RunningServer};

/// Asserts that a server with `count` idle connections, half of them with the beginning of a request, answers
/// others.
async fn assert_serves_among(count: usize) {
    let server = RunningServer::start(ServerOptions::default().max_connections(100)).await;
    let mut idle = Vec::new();
    for n in 0..count {
        let mut stream = server.connect().await;
        if n % 2 == 0 {
            // The server may have closed it again already.
            let _ = stream.write_all(b"GET / HTTP/1.1\r\nhost:").await;
        }
        idle.push(stream);
        if n % 250 == 0 {
            server.assert_serves().await;
        }
    }
    server.assert_serves().await;
}

#[tokio::test]
async fn idle_connections_do_not_keep_others_out() {
    // The client has a file for each connection too.
    assert_serves_among(600).await;
}

#[tokio::test]
#[ignore = "needs `ulimit -n 30000`"]
async fn ten_thousand_idle_connections_do_not_keep_others_out() {
    assert_serves_among(10_000).await;
}

/// Waits until a line is one of the server's metrics.
async fn metric(server: &RunningServer, line: &str) {
    loop {
        let answer = server.request("GET /metrics", "", "").await;
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        if text.lines().any(|one| one == line) {
            return;
        }
    }
}

/// Sends a search for `text`, and returns its connection.
async fn begin_search(server: &RunningServer, text: &str) -> TcpStream {
    let mut stream = server.connect().await;
    let request = format!(
        "GET /api/v1/search?q={text}&mode=vector HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn a_call_whose_client_has_gone_away_never_runs() {
    let gate = Arc::new(Gate::default());
    let options = ServerOptions::default().queue(1, 1);
    let server = RunningServer::with_embedder(options, Arc::clone(&gate)).await;
    let first = begin_search(&server, "first").await;
    metric(&server, "cognate_queue_running 1").await;
    let second = begin_search(&server, "second").await;
    metric(&server, "cognate_queue_waiting 1").await;
    let third = begin_search(&server, "third").await;
    let answer = RawAnswer::read(third).await;
    answer.assert_problem(429, "overloaded");
    assert_eq!(answer.header("retry-after").as_deref(), Some("1"));
    drop(second);
    metric(&server, "cognate_queue_waiting 0").await;
    metric(&server, "cognate_queue_refused_total 1").await;
    gate.open();
    RawAnswer::read(first).await.json();
    assert_eq!(gate.embedded(), ["first"]);
    // Its record has a status of its own.
    let route = "http_requests_total{method=\"GET\",route=\"/api/v1/search\",status=\"499\"} 1";
    metric(&server, route).await;
}
