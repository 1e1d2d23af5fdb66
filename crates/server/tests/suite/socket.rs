//! A server on a socket, and clients that send it any bytes.

use std::net::SocketAddr;

use cognate::{Embed, Library};
use cognate_server::{ServedLibrary, Server, ServerOptions};
use cognate_testing::{LetterPairs, papers};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A server that serves a library of ten papers at a free port of this machine.
pub(crate) struct RunningServer {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<cognate_server::Result<()>>,
    _dir: TempDir,
}

/// An answer as its bytes.
#[derive(Debug)]
pub(crate) struct RawAnswer {
    pub(crate) bytes: Vec<u8>,
}

impl RunningServer {
    pub(crate) async fn start(options: ServerOptions) -> Self {
        Self::with_embedder(options, LetterPairs::default()).await
    }

    pub(crate) async fn with_embedder(
        options: ServerOptions,
        embedder: impl Embed + 'static,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::create(dir.path().join("papers"), LetterPairs::default()).unwrap();
        library.add(papers(10)).unwrap();
        let library = library.with_embedder(embedder).unwrap();
        let library = ServedLibrary::new("papers", library);
        let server = Server::new(vec![library], Vec::new(), options).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(async move {
            let stop = async {
                // It is also dropped at the end of a test.
                let _ = stopped.await;
            };
            server.serve(listener, stop).await
        });
        Self {
            address,
            stop: Some(stop),
            served,
            _dir: dir,
        }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends `bytes` on a new connection, and returns all that the server sends until it closes it.
    pub(crate) async fn send(&self, bytes: impl AsRef<[u8]>) -> RawAnswer {
        let mut stream = self.connect().await;
        // The server may answer and close before it has read everything.
        let _ = stream.write_all(bytes.as_ref()).await;
        RawAnswer::read(stream).await
    }

    /// Sends a request with `headers`, each with its line end, on a new connection.
    pub(crate) async fn request(&self, line: &str, headers: &str, body: &str) -> RawAnswer {
        let length = body.len();
        self.send(format!(
            "{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\
             {headers}\r\n{body}"
        ))
        .await
    }

    /// Asserts that the server answers a new client.
    pub(crate) async fn assert_serves(&self) {
        let answer = self.request("GET /api/v1/info", "", "").await;
        assert_eq!(answer.json()["libraries"][0]["papers"], 10);
    }

    /// Begins to stop the server.
    pub(crate) fn begin_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits until a server that was stopped has ended.
    pub(crate) async fn ended(self) {
        self.served.await.unwrap().unwrap();
    }
}

impl RawAnswer {
    /// Reads until the server closes the connection.
    pub(crate) async fn read(stream: TcpStream) -> Self {
        Self::read_half(stream).await
    }

    /// Reads until the server closes the connection, of which another task may have the other half.
    pub(crate) async fn read_half(mut stream: impl AsyncRead + Unpin) -> Self {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        Self { bytes }
    }

    /// Returns the status, or `None` if the connection was closed without an answer.
    pub(crate) fn status(&self) -> Option<u16> {
        let line = self.bytes.strip_prefix(b"HTTP/1.")?;
        let status = line.get(2..5)?;
        Some(str::from_utf8(status).unwrap().parse().unwrap())
    }

    /// Returns the value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.bytes).into_owned();
        let (head, _) = text.split_once("\r\n\r\n")?;
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then(|| value.to_owned())
        })
    }

    pub(crate) fn body(&self) -> &[u8] {
        let at = self.bytes.windows(4).position(|end| end == b"\r\n\r\n");
        at.map_or(&[], |at| &self.bytes[at + 4..])
    }

    /// Returns the body of an answer with the status 200 as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status(), Some(200), "{self:?}");
        serde_json::from_slice(self.body()).unwrap()
    }

    /// Asserts that the answer is a problem with this status, and a `type` with this end.
    #[track_caller]
    pub(crate) fn assert_problem(&self, status: u16, kind: &str) {
        let text = String::from_utf8_lossy(&self.bytes);
        assert_eq!(self.status(), Some(status), "{text}");
        let form = self.header("content-type");
        assert_eq!(form.as_deref(), Some("application/problem+json"), "{text}");
        let problem: Value = serde_json::from_slice(self.body()).unwrap();
        assert_eq!(problem["type"], format!("/problems/{kind}"), "{text}");
        assert_eq!(problem["status"], status);
    }
}
