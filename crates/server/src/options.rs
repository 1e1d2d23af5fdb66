use std::time::Duration;

use crate::trust::Token;

/// The settings of a [`Server`](crate::Server).
#[derive(Clone, Debug)]
pub struct ServerOptions {
    pub(crate) allow_write: bool,
    pub(crate) token: Option<Token>,
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) max_body_bytes: usize,
    pub(crate) max_query_bytes: usize,
    pub(crate) max_k: usize,
    pub(crate) max_connections: usize,
    pub(crate) timeout: Duration,
    pub(crate) header_timeout: Duration,
    pub(crate) body_timeout: Duration,
    pub(crate) stop_timeout: Duration,
    pub(crate) running: usize,
    pub(crate) waiting: usize,
    pub(crate) log_queries: bool,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            allow_write: false,
            token: None,
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            max_body_bytes: 64 << 20,
            max_query_bytes: 16 << 10,
            max_k: 1_000,
            max_connections: 512,
            timeout: Duration::from_mins(1),
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(15),
            stop_timeout: Duration::from_secs(30),
            running: 64,
            waiting: 256,
            log_queries: false,
        }
    }
}

impl ServerOptions {
    /// Sets whether requests may change libraries: add and remove papers, and change lists. Default: false.
    #[must_use]
    pub fn allow_write(mut self, allow: bool) -> Self {
        self.allow_write = allow;
        self
    }

    /// Sets the token that every request must have, as `Authorization: Bearer TOKEN`. Default: none is needed.
    #[must_use]
    pub fn token(mut self, token: impl AsRef<str>) -> Self {
        self.token = Some(Token::new(token.as_ref()));
        self
    }

    /// Adds a host name that requests may have in the header `Host`, without a port. Default: `localhost` and
    /// the addresses of the loopback interface.
    #[must_use]
    pub fn allowed_host(mut self, host: impl Into<String>) -> Self {
        self.allowed_hosts.push(host.into());
        self
    }

    /// Adds an origin, such as `https://example.org`, whose pages may read answers. Default: only pages of the
    /// server itself may.
    #[must_use]
    pub fn allowed_origin(mut self, origin: impl Into<String>) -> Self {
        self.allowed_origins.push(origin.into());
        self
    }

    /// Sets the largest size of the body of a request, in bytes. Default: 64 MiB.
    #[must_use]
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.max_body_bytes = bytes;
        self
    }

    /// Sets the largest size of the text of a query, in bytes. Default: 16 KiB.
    #[must_use]
    pub fn max_query_bytes(mut self, bytes: usize) -> Self {
        self.max_query_bytes = bytes;
        self
    }

    /// Sets the largest number of hits of a query, counted from the first. Default: 1,000.
    #[must_use]
    pub fn max_k(mut self, k: usize) -> Self {
        self.max_k = k;
        self
    }

    /// Sets how many connections [`Server::serve`](crate::Server::serve) has at once. One more closes the
    /// connection that has been idle longest. Default: 512.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// Sets how long a request may take before it is answered by an error. Default: 60 seconds.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how long [`Server::serve`](crate::Server::serve) waits for the headers of the next request of a
    /// connection. Default: 30 seconds.
    #[must_use]
    pub fn header_timeout(mut self, timeout: Duration) -> Self {
        self.header_timeout = timeout;
        self
    }

    /// Sets how long a client may let the server wait for the next part of a body, or for room to write the
    /// next part of an answer. Default: 15 seconds.
    #[must_use]
    pub fn body_timeout(mut self, timeout: Duration) -> Self {
        self.body_timeout = timeout;
        self
    }

    /// Sets how long a stop of [`Server::serve`](crate::Server::serve) waits for running requests. Default: 30
    /// seconds.
    #[must_use]
    pub fn stop_timeout(mut self, timeout: Duration) -> Self {
        self.stop_timeout = timeout;
        self
    }

    /// Sets how many requests run at once, and how many more wait for their turn; further ones are refused
    /// with the status 429. Default: 64 and 256.
    #[must_use]
    pub fn queue(mut self, running: usize, waiting: usize) -> Self {
        self.running = running.max(1);
        self.waiting = waiting;
        self
    }

    /// Sets whether the log has the texts of queries. Default: false.
    #[must_use]
    pub fn log_queries(mut self, log: bool) -> Self {
        self.log_queries = log;
        self
    }
}
