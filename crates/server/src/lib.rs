//! Serves libraries of research papers to programs over HTTP and to agents over MCP.
//!
//! [`Server`] is the principal type: it shares opened libraries and loaded models between all requests, and
//! [`Server::router`] gives an axum router with every route, to be served alone or mounted in an application.
//! The command `cognate serve` is a thin layer over this crate, which holds everything that knows of HTTP.

#![forbid(unsafe_code)]

mod analyses;
mod answer;
mod batching;
mod compatible;
mod connection;
mod connections;
mod ended_body;

mod error;
mod etag;
mod extract;
mod health;
mod metrics;
mod openapi;
mod options;
mod paging;
mod parameters;
mod problem;
mod request_log;
mod rest;
mod serve;
mod served;
mod server;
mod trust;
mod work;

pub use self::batching::{BatchingCounts, BatchingEmbedder};
pub use self::error::{Error, Result};
pub use self::options::ServerOptions;
pub use self::served::{ServedLibrary, ServedModel, ServedReranker};
pub use self::server::Server;
