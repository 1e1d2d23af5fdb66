//! Ctrl-C and SIGTERM as requests to stop.

use std::future::pending;
use std::io;

use crate::interrupt;
use crate::output::note;

/// Waits for the first signal. The second one ends the process at once.
pub(super) async fn stop() {
    signal().await;
    note("stopping when the running requests are answered; once more to stop at once");
    tokio::spawn(async {
        signal().await;
        #[expect(clippy::exit, reason = "a second signal means: do not wait")]
        std::process::exit(interrupt::EXIT_STATUS.into());
    });
}

/// Waits for a signal that asks the process to stop.
async fn signal() {
    tokio::select! {
        () = happens(tokio::signal::ctrl_c()) => {}
        () = terminated() => {}
    }
}

/// Waits for an event, or forever if it cannot be watched.
async fn happens(event: impl Future<Output = io::Result<()>>) {
    if event.await.is_err() {
        pending::<()>().await;
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        Err(_) => pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    pending().await
}
