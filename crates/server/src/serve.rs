//! Serving on a socket: the loop that accepts connections, and the graceful stop.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connections::Connections;
use crate::server::Server;
use crate::{Error, Result, connection};

/// How long accepting pauses if the system has no room for another connection.
const PAUSE: Duration = Duration::from_millis(50);

impl Server {
    /// Serves every route at `listener` until `stop` completes.
    ///
    /// No more connections are accepted then, idle ones are closed, and requests that have begun are answered
    /// within the time that [`ServerOptions::stop_timeout`](crate::ServerOptions::stop_timeout) gives.
    /// A server that was stopped is not served again: create another one.
    ///
    /// # Errors
    ///
    /// Returns an error if the address of the listener cannot be read.
    pub async fn serve(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<()> {
        let address = listener.local_addr().map_err(|source| Error::Io {
            act: "read the address of the listener".to_owned(),
            source,
        })?;
        let connections = Connections::new(self.options().max_connections);
        let tasks = TaskTracker::new();
        // Ends connections whose requests take longer than a stop waits.
        let abort = CancellationToken::new();
        let router = self.router();
        let mut stop = pin!(stop);
        loop {
            let next = async {
                let accepted = accept(&listener, &connections).await;
                (accepted, connections.open().await)
            };
            let ((stream, local), connection) = tokio::select! {
                () = &mut stop => break,
                next = next => next,
            };
            let local = local.unwrap_or(address);
            let (server, router, abort) = (self.clone(), router.clone(), abort.clone());
            tasks.spawn(async move {
                let stopping = server.stopping().clone();
                let served = connection::serve(
                    stream,
                    local,
                    router,
                    Arc::clone(&connection),
                    stopping,
                    server.options(),
                );
                tokio::select! {
                    () = served => {}
                    () = abort.cancelled() => {}
                }
            });
        }
        drop(listener);
        self.stopping().cancel();
        self.jobs().cancel_all();
        tasks.close();
        if timeout(self.options().stop_timeout, tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                connections = tasks.len(),
                "requests were not answered in time"
            );
            abort.cancel();
            tasks.wait().await;
        }
        Ok(())
    }
}

/// Returns the next connection, with the address at which it arrived.
async fn accept(
    listener: &TcpListener,
    connections: &Connections,
) -> (TcpStream, Option<SocketAddr>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let local = stream.local_addr().ok();
                return (stream, local);
            }
            // The client has gone away before it was accepted.
            Err(error) if is_of_client(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                connections.close_idle();
                sleep(PAUSE).await;
            }
        }
    }
}

fn is_of_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};

    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
