//! Serves libraries of research papers to programs over HTTP and to agents over MCP.
//!
//! [`Server`] is the principal type: it shares opened libraries ([`ServedLibrary`]) and loaded models
//! ([`ServedModel`]) between all requests, and [`Server::router`] gives an axum router with every route, to be
//! served alone or mounted in an application. [`ServerOptions`] sets what requests may do, and the limits of their
//! size, number and time. The command `cognate serve` is a thin layer over this crate, which holds everything that
//! knows of HTTP; the crate [`cognate`] holds everything that knows of papers.
//!
//! ```
//! use axum::body::{Body, to_bytes};
//! use axum::http::Request;
//! use cognate::{DEFAULT_MODEL, Encoder, EncoderOptions, Library, ModelSource, Paper};
//! use cognate_server::{ServedLibrary, Server, ServerOptions};
//! use tower::ServiceExt as _;
//!
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path().join("papers");
//! let checkpoint = ModelSource::from_env()?.resolve(DEFAULT_MODEL)?.open()?;
//! let encoder = Encoder::load(&checkpoint, EncoderOptions::default())?;
//! let library = Library::create(folder, encoder)?;
//! library.add([Paper::new("helix").title("Molecular Structure of Nucleic Acids")])?;
//!
//! let served = vec![ServedLibrary::new("papers", library)];
//! let server = Server::new(served, Vec::new(), ServerOptions::default())?;
//! # let runtime = tokio::runtime::Runtime::new()?;
//! # runtime.block_on(async {
//! let request = Request::get("/api/v1/info").header("host", "localhost");
//! let answer = server.router().oneshot(request.body(Body::empty())?).await?;
//! let info = to_bytes(answer.into_body(), 1 << 20).await?;
//! let info: serde_json::Value = serde_json::from_slice(&info)?;
//! assert_eq!(info["libraries"][0]["papers"], 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Guarantees
//!
//! - An answer has the same ids and the same scores as the answer of the library, bit for bit.
//! - An error is problem details of RFC 9457, with a `type` that never changes, or has the form of the protocol that
//!   a compatible route speaks. `/problems` explains each type.
//! - Nothing is changed unless [`ServerOptions::allow_write`] is set. No route reads or writes a file that a request
//!   names.
//! - Work is bounded: requests beyond the queue, and bodies and queries beyond the limits, are refused, and the work
//!   of a client that has gone away does not begin.
//! - The description of the routes, `/openapi.json`, is complete: the tests compare each answer with it.
//!
//! # Threads
//!
//! Handlers run on the runtime that serves the router, which must be one of tokio. Calls of a library run on its
//! threads for blocking work, [`ServerOptions::queue`] of them at once.
//!
//! # Features
//!
//! None.

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
mod jobs;
mod maps;
mod mcp;
mod metrics;
mod openapi;
mod options;
mod pages;
mod paging;
mod parameters;
mod problem;
mod refusals;
mod request_log;
mod rest;
mod serve;
mod served;
mod server;
mod spool;
mod trust;
mod web;
mod work;

pub use self::batching::{BatchingCounts, BatchingEmbedder};
pub use self::error::{Error, Result};
pub use self::options::ServerOptions;
pub use self::served::{ServedLibrary, ServedModel, ServedReranker};
pub use self::server::Server;
