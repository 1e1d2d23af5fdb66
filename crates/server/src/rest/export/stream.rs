//! Bodies that are written while they are sent.

use std::io::{self, Write};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use cognate::Library;
use futures::{StreamExt as _, stream};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;

use crate::problem::Problem;
use crate::server::Server;

/// The size of the parts in which a body is sent, in bytes.
const PART: usize = 64 << 10;

/// The number of parts that wait to be sent.
const WAITING: usize = 2;

/// Returns a body that `write` writes, with a problem in its place if that comes before the first part. The body
/// breaks off if a problem comes later. Only a few parts are in memory at a time; if the client takes none of them
/// for the time that a request may take, or has gone, writing fails.
pub(super) async fn stream(
    server: &Server,
    library: &str,
    write: impl FnOnce(&Library, &mut dyn Write) -> Result<(), Problem> + Send + 'static,
) -> Result<Body, Problem> {
    let (sender, mut receiver) = channel(WAITING);
    let (server, library) = (server.clone(), library.to_owned());
    tokio::spawn(async move {
        let parts = Parts {
            sender: sender.clone(),
            runtime: Handle::current(),
            patience: server.options().timeout,
            part: Vec::with_capacity(PART),
        };
        let call = move |library: &Library| {
            let mut parts = parts;
            write(library, &mut parts)?;
            parts.flush().map_err(|_| Problem::internal())
        };
        if let Err(problem) = server.call(Some(&library), call).await {
            // Nobody receives it if the client has gone.
            let _ = sender.send(Err(problem)).await;
        }
    });
    let Some(first) = receiver.recv().await else {
        return Ok(Body::empty());
    };
    let first = stream::iter([Ok(first?)]);
    let rest = ReceiverStream::new(receiver);
    let rest =
        rest.map(|part| part.map_err(|problem| io::Error::other(problem.detail().to_owned())));
    Ok(Body::from_stream(first.chain(rest)))
}

/// Collects what is written into parts and sends them.
struct Parts {
    sender: Sender<Result<Bytes, Problem>>,
    runtime: Handle,
    patience: Duration,
    part: Vec<u8>,
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.part.extend_from_slice(bytes);
        if self.part.len() >= PART {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.part.is_empty() {
            return Ok(());
        }
        let part = std::mem::replace(&mut self.part, Vec::with_capacity(PART));
        let sent = self.sender.send(Ok(Bytes::from(part)));
        let sent = self.runtime.block_on(timeout(self.patience, sent));
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}
