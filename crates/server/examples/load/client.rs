//! Clients that keep a server busy.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::http::{Method, Request, Uri, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Outcome;
use crate::contest::{Round, processor_ticks};

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    method: Method,
    uri: Uri,
    body: Bytes,
}

impl Call {
    pub(crate) fn get(uri: Uri) -> Self {
        Self {
            method: Method::GET,
            uri,
            body: Bytes::new(),
        }
    }

    pub(crate) fn post(uri: Uri, body: impl Into<Bytes>) -> Self {
        Self {
            method: Method::POST,
            uri,
            body: body.into(),
        }
    }
}

/// Requests that a number of clients send, each its next one as soon as it has the answer.
#[derive(Debug)]
pub(crate) struct Load {
    calls: Arc<[Call]>,
    /// The number of the next call, which goes on from round to round.
    next: Arc<AtomicUsize>,
    clients: usize,
}

impl Load {
    pub(crate) fn new(calls: Vec<Call>, clients: usize) -> Self {
        Self {
            calls: calls.into(),
            next: Arc::default(),
            clients,
        }
    }

    /// Sends requests to a server for a time. Every answer must have the status 200.
    pub(crate) async fn run(&self, address: SocketAddr, time: Duration) -> Outcome<Round> {
        // Each contender gets the same calls.
        self.next.store(0, Ordering::Relaxed);
        let (start, before) = (Instant::now(), processor_ticks());
        let clients = (0..self.clients).map(|_| {
            let (calls, next) = (Arc::clone(&self.calls), Arc::clone(&self.next));
            tokio::spawn(async move { client(address, &calls, &next, start, time).await })
        });
        let mut latencies = Vec::new();
        for client in clients.collect::<Vec<_>>() {
            latencies.extend(client.await??);
        }
        Ok(Round::new(latencies, start.elapsed(), before))
    }
}

async fn client(
    address: SocketAddr,
    calls: &[Call],
    next: &AtomicUsize,
    start: Instant,
    time: Duration,
) -> Outcome<Vec<Duration>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut latencies = Vec::new();
    while start.elapsed() < time {
        let call = &calls[next.fetch_add(1, Ordering::Relaxed) % calls.len()];
        let sent = Instant::now();
        send(&mut sender, address, call).await?;
        latencies.push(sent.elapsed());
    }
    Ok(latencies)
}

async fn send(
    sender: &mut SendRequest<Full<Bytes>>,
    address: SocketAddr,
    call: &Call,
) -> Outcome<()> {
    let request = Request::builder()
        .method(call.method.clone())
        .uri(call.uri.clone())
        .header(header::HOST, address.to_string())
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(call.body.clone()))?;
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    if status.is_success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&body);
    Err(format!("{} was answered by {status}: {text}", call.uri).into())
}
