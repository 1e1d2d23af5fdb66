//! One connection: its requests, its time-outs, and its end.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::connections::Connection;
use crate::ended_body::EndedBody;
use crate::options::ServerOptions;
use crate::problem::{Kind, Problem};
use crate::refusals::WithoutRefusals;
use crate::trust::LocalAddress;

/// The largest start line and headers that are read, in bytes. Smaller ones have limits with better answers
/// in [`trust`](crate::trust).
const MAX_HEAD_BYTES: usize = 256 << 10;

/// How long a client may go on sending after the last answer. If the connection were closed at once, the
/// network would discard an answer that the client has not read yet.
const LINGER: Duration = Duration::from_secs(2);

/// Answers the requests of a connection with `router` until the client, a time-out or `stopping` ends it.
pub(crate) async fn serve(
    stream: TcpStream,
    local: SocketAddr,
    router: Router,
    connection: Arc<Connection>,
    stopping: CancellationToken,
    options: &ServerOptions,
) {
    // Answers are written in one piece, which must not wait for more. Failing costs only time.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(options.body_timeout));
    let service = {
        let connection = Arc::clone(&connection);
        service_fn(move |request: Request<Incoming>| {
            let busy = connection.busy();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(LocalAddress(local.ip()));
            let answer = router.clone().oneshot(request);
            Box::pin(async move {
                let response = answer.await?;
                Ok::<_, Infallible>(response.map(|body| EndedBody::new(body, busy)))
            })
        })
    };
    let mut served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.header_timeout)
        .max_header_size(MAX_HEAD_BYTES)
        .serve_connection(
            WithoutRefusals::new(TokioIo::new(Box::pin(stream))),
            service,
        );
    let mut must_close = pin!(connection.must_close());
    let mut is_stopping = false;
    let end = loop {
        tokio::select! {
            end = poll_fn(|cx| served.poll_without_shutdown(cx)) => break end,
            () = &mut must_close => return,
            () = stopping.cancelled(), if !is_stopping => {
                is_stopping = true;
                Pin::new(&mut served).graceful_shutdown();
            }
        }
    };
    let parts = served.into_parts();
    let mut stream = parts.io.io.into_inner();
    let refusal = match end {
        // Only a client that has begun a request waits for an answer.
        Err(error) if error.is_timeout() && !parts.read_buf.is_empty() => Some(Problem::new(
            Kind::Timeout,
            "the headers of the request did not arrive in time",
        )),
        Err(error) if !error.is_timeout() && !error.is_parse() => return,
        Ok(()) | Err(_) => parts.io.refusal,
    };
    if let Some(problem) = refusal {
        let answer = raw_answer(&problem);
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
    if stream.shutdown().await.is_err() {
        return;
    }
    let discard = async {
        let mut rest = vec![0; 8 << 10];
        while matches!(stream.read(&mut rest).await, Ok(1..)) {}
    };
    tokio::select! {
        // Whatever a client still sends then is not of interest.
        _ = timeout(LINGER, discard) => {}
        () = &mut must_close => {}
    }
}

/// Returns a problem as the bytes of an answer.
fn raw_answer(problem: &Problem) -> String {
    let (status, body) = (problem.status(), problem.json());
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\
         x-content-type-options: nosniff\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::net::TcpListener;

    use super::*;
    use crate::connections::Connections;

    #[tokio::test]
    async fn a_client_that_reads_nothing_is_left() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(address).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let request = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
        client.write_all(request).await.unwrap();
        // More than the buffers of a connection hold.
        let router = Router::new().route("/", get(async || vec![0_u8; 64 << 20]));
        let connections = Connections::new(1);
        let options = ServerOptions::default().body_timeout(Duration::from_millis(50));
        let connection = connections.open().await;
        let stopping = CancellationToken::new();
        serve(stream, address, router, connection, stopping, &options).await;
        // There is room for another connection, although the client has not closed its own.
        connections.open().await;
        drop(client);
    }
}
