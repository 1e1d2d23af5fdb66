//! Requests in other forms than HTTP/1.1 has.

use cognate_server::ServerOptions;

use crate::socket::RunningServer;

#[tokio::test]
async fn requests_that_follow_each_other_are_answered_in_their_order() {
    let server = RunningServer::start(ServerOptions::default()).await;
    let one = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n");
    let all = one("/health/live") + "\r\n" + &one("/nothing") + "\r\n";
    let answer = server
        .send(all + &one("/api/v1/info") + "connection: close\r\n\r\n")
        .await;
    let text = String::from_utf8(answer.bytes).unwrap();
    let statuses: Vec<&str> = text
        .match_indices("HTTP/1.1 ")
        .map(|(at, start)| &text[at + start.len()..at + start.len() + 3])
        .collect();
    assert_eq!(statuses, ["200", "404", "200"]);
    assert!(text.contains("\"live\"") && text.ends_with('}'), "{text}");
}

#[tokio::test]
async fn http_1_0_is_answered_if_it_names_the_host() {
    let server = RunningServer::start(ServerOptions::default()).await;
    let answer = server
        .send("GET /api/v1/info HTTP/1.0\r\nhost: localhost\r\n\r\n")
        .await;
    assert_eq!(answer.json()["libraries"][0]["papers"], 10);
    let answer = server.send("GET /api/v1/info HTTP/1.0\r\n\r\n").await;
    answer.assert_problem(400, "invalid-request");
}

#[tokio::test]
async fn bytes_that_are_not_a_request_are_refused() {
    let server = RunningServer::start(ServerOptions::default()).await;
    for bytes in [
        &b"nonsense\r\n\r\n"[..],
        b"GET /api/v1/info HTTP/3.0\r\nhost: localhost\r\n\r\n",
        b"GET /api/v1/info HTTP/1.1\r\nhost: localhost\r\nno colon\r\n\r\n",
        b"GET /\xff\xfe\x00 HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"GET /api/v1/info HTTP/1.1\r\nhost: localhost\r\nx: a\x00b\r\n\r\n",
        b"GET /api/v1/info HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\nconnection: close\r\n\r\n",
        b"GET /api/v1/info HTTP/1.1\r\nconnection: close\r\n\r\n",
        b"POST /api/v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\
          connection: close\r\n\r\n{}",
        b"POST /api/v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n{}",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ] {
        let answer = server.send(bytes).await;
        answer.assert_problem(400, "invalid-request");
    }
    // HTTP/2 without TLS is not spoken.
    let answer = server.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert!(matches!(answer.status(), None | Some(400..=499)));
    server.assert_serves().await;
}

#[tokio::test]
async fn a_request_in_the_body_of_another_is_not_answered() {
    let server = RunningServer::start(ServerOptions::default()).await;
    // Of two lengths, the chunks count, and what follows them is not read as a request.
    let answer = server
        .send(
            "POST /api/v1/info HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\
             transfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n",
        )
        .await;
    let text = String::from_utf8_lossy(&answer.bytes);
    assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{text}");
    assert!(matches!(answer.status(), Some(400..=499)), "{text}");
    server.assert_serves().await;
}
