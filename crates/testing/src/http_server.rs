use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A server on the loopback interface that answers by a function, one request for each connection.
///
/// It stops when it is dropped.
#[derive(Debug)]
pub struct HttpServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<HttpRequest>>>,
    is_stopped: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

/// A request, as the server received it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HttpRequest {
    /// `GET` or `HEAD`, for example.
    pub method: String,
    /// The path, with the query.
    pub path: String,
    /// The headers, by their lower-case names.
    pub headers: BTreeMap<String, String>,
}

/// An answer of the server.
#[derive(Clone, Debug, Default)]
pub struct HttpReply {
    /// The status code.
    pub status: u16,
    /// The headers, except the length of the body.
    pub headers: BTreeMap<String, String>,
    /// The body, whose length is sent even if the request has the method `HEAD`.
    pub body: Vec<u8>,
    /// How many bytes of the body are sent before the connection ends. Default: all.
    pub cut: Option<usize>,
    /// How long to wait at the cut before the connection ends. Default: not at all.
    pub stall: Duration,
}

impl HttpServer {
    /// Starts a server whose answers `reply` gives.
    ///
    /// # Panics
    ///
    /// Panics if no port can be opened.
    pub fn start(reply: impl Fn(&HttpRequest) -> HttpReply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let is_stopped = Arc::new(AtomicBool::new(false));
        let acceptor = thread::spawn({
            let (requests, is_stopped) = (Arc::clone(&requests), Arc::clone(&is_stopped));
            let reply = Arc::new(reply);
            move || {
                for stream in listener.incoming() {
                    if is_stopped.load(Ordering::SeqCst) {
                        return;
                    }
                    let (requests, reply) = (Arc::clone(&requests), Arc::clone(&reply));
                    // A client that hangs up is none of the server's concern.
                    thread::spawn(move || stream.and_then(|s| answer(&s, &requests, &*reply)));
                }
            }
        });
        Self {
            address,
            requests,
            is_stopped,
            acceptor: Some(acceptor),
        }
    }

    /// Returns the address, `http://` and the port included.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns all requests so far.
    ///
    /// # Panics
    ///
    /// Panics if `reply` did.
    pub fn requests(&self) -> Vec<HttpRequest> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::SeqCst);
        // The acceptor waits for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

fn answer(
    mut stream: &TcpStream,
    requests: &Mutex<Vec<HttpRequest>>,
    reply: &dyn Fn(&HttpRequest) -> HttpReply,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let mut headers = BTreeMap::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let request = HttpRequest {
        method,
        path,
        headers,
    };
    let reply = reply(&request);
    let is_head = request.method == "HEAD";
    requests.lock().unwrap().push(request);
    write!(
        stream,
        "HTTP/1.1 {} X\r\nconnection: close\r\n",
        reply.status
    )?;
    write!(stream, "content-length: {}\r\n", reply.body.len())?;
    for (name, value) in &reply.headers {
        write!(stream, "{name}: {value}\r\n")?;
    }
    write!(stream, "\r\n")?;
    if !is_head {
        let sent = reply.cut.unwrap_or(reply.body.len());
        stream.write_all(&reply.body[..sent])?;
        stream.flush()?;
        thread::sleep(reply.stall);
    }
    Ok(())
}
