//! Bodies of requests in temporary files, so that no body is in memory as a whole.

use std::fs::File;
use std::io::{self, Write as _};

use axum::body::Body;
use bytes::Bytes;
use futures::StreamExt as _;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::problem::{Kind, Problem};

/// The largest number of chunks of a body that wait to be written.
const CHUNKS: usize = 4;

/// Writes a body to a temporary file, which has no name and is removed when it is closed. Returns the file and
/// its size.
///
/// # Errors
///
/// Returns a problem if the body has more than `max_bytes`, if the client breaks off, or if the file cannot
/// be written.
pub(crate) async fn to_file(body: Body, max_bytes: usize) -> Result<(File, usize), Problem> {
    let (sender, chunks) = mpsc::channel(CHUNKS);
    let written = spawn_blocking(move || write(chunks));
    let size = send(body, max_bytes, sender).await?;
    let file = written.await.map_err(|_| Problem::internal())?;
    file.map(|file| (file, size)).map_err(|error| {
        let error = &error as &dyn std::error::Error;
        tracing::error!(error, "cannot write a temporary file");
        Problem::internal()
    })
}

/// Sends the chunks of a body, and returns their size.
async fn send(body: Body, max_bytes: usize, sender: mpsc::Sender<Bytes>) -> Result<usize, Problem> {
    let mut size = 0_usize;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| cannot_read(&error, max_bytes))?;
        size = size.saturating_add(chunk.len());
        if size > max_bytes {
            return Err(too_large(max_bytes));
        }
        if sender.send(chunk).await.is_err() {
            // The file cannot be written, which its writer says.
            break;
        }
    }
    Ok(size)
}

/// Writes chunks to a temporary file, on a thread that may block.
fn write(mut chunks: mpsc::Receiver<Bytes>) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    while let Some(chunk) = chunks.blocking_recv() {
        file.write_all(&chunk)?;
    }
    Ok(file)
}

fn too_large(max_bytes: usize) -> Problem {
    Problem::new(
        Kind::TooLarge,
        format!("the body has more than {max_bytes} bytes"),
    )
}

fn cannot_read(error: &axum::Error, max_bytes: usize) -> Problem {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return too_large(max_bytes);
        }
        cause = error.source();
    }
    Problem::new(
        Kind::InvalidRequest,
        format!("the body cannot be read to its end: {error}"),
    )
}
