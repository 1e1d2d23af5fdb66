//! Serves libraries of research papers to programs over HTTP and to agents over MCP.
//!
//! [`Server`] is the principal type: it shares opened libraries and loaded models between all requests, and
//! [`Server::router`] gives an axum router with every route, to be served alone or mounted in an application.
//! The command `cognate serve` is a thin layer over this crate, which holds everything that knows of HTTP.

#![forbid(unsafe_code)]

mod batching;
mod compatible;
mod error;
mod extract;
mod openapi;
mod options;
mod problem;
mod rest;
mod served;
mod server;
mod work;

pub use self::batching::{BatchingCounts, BatchingEmbedder};
pub use self::error::{Error, Result};
pub use self::options::ServerOptions;
pub use self::served::{ServedLibrary, ServedModel, ServedReranker};
pub use self::server::Server;
