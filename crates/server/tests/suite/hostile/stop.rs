//! How a server stops.

use std::sync::Arc;
use std::time::Duration;

use cognate_server::ServerOptions;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::gate::Gate;
use crate::socket::{RawAnswer, RunningServer};

/// Sends a search that waits for the gate, and returns its connection when the search waits.
async fn waiting_search(server: &RunningServer, gate: &Arc<Gate>) -> TcpStream {
    let mut stream = server.connect().await;
    let request = b"GET /api/v1/search?q=text&mode=vector HTTP/1.1\r\nhost: localhost\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let gate = Arc::clone(gate);
    let waits = tokio::task::spawn_blocking(move || gate.wait_for_call());
    waits.await.unwrap();
    stream
}

#[tokio::test]
async fn running_requests_are_answered_and_idle_connections_closed() {
    let gate = Arc::new(Gate::default());
    let options = ServerOptions::default();
    let mut server = RunningServer::with_embedder(options, Arc::clone(&gate)).await;
    let mut idle = server.connect().await;
    let running = waiting_search(&server, &gate).await;
    server.begin_stop();
    // Nothing comes of a connection that is closed.
    assert_eq!(idle.read(&mut [0]).await.unwrap(), 0);
    assert!(TcpStream::connect(server.address).await.is_err());
    gate.open();
    let answer = RawAnswer::read(running).await;
    assert_eq!(answer.status(), Some(200), "{answer:?}");
    assert_eq!(answer.header("connection").as_deref(), Some("close"));
    server.ended().await;
}

#[tokio::test]
async fn a_stop_does_not_wait_longer_than_its_time() {
    let gate = Arc::new(Gate::default());
    let options = ServerOptions::default().stop_timeout(Duration::from_millis(50));
    let mut server = RunningServer::with_embedder(options, Arc::clone(&gate)).await;
    let running = waiting_search(&server, &gate).await;
    server.begin_stop();
    server.ended().await;
    assert_eq!(RawAnswer::read(running).await.status(), None);
    gate.open();
}
