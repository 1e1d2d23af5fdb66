//! Mounts the routes of a library in an axum application that has routes of its own.
//!
//! ```sh
//! cargo run --release -p cognate-server --example serve -- my-library
//! curl http://127.0.0.1:3000/
//! curl 'http://127.0.0.1:3000/api/v1/search?q=planets+around+other+stars'
//! ```
//!
//! The folder must be a library, made with `cognate add`. Open <http://127.0.0.1:3000/docs> for all routes.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use cognate::{Encoder, EncoderOptions, Library, ModelSource};
use cognate_server::{ServedLibrary, ServedModel, Server, ServerOptions};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args()
        .nth(1)
        .ok_or("expected the folder of a library")?;
    let server = server(&folder)?;
    let application = Router::new()
        .route(
            "/",
            get(|| async { "See /docs for the routes of the library.\n" }),
        )
        .merge(server.router());
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, application).await?;
    Ok(())
}

/// Returns a server of the library in a folder, with the model that embedded its papers.
fn server(folder: &str) -> Result<Server, Box<dyn Error>> {
    let library = Library::open(folder)?;
    let stored = library.embedder_info();
    let model = stored.model.clone();
    let options = EncoderOptions::default().precision(stored.precision.parse()?);
    let checkpoint = ModelSource::from_env()?.resolve(&model)?.open()?;
    let encoder = Arc::new(Encoder::load(&checkpoint, options)?);
    let library = library.with_embedder(Arc::clone(&encoder))?;
    Ok(Server::new(
        vec![ServedLibrary::new("papers", library)],
        vec![ServedModel::new(model, encoder.clone(), encoder)],
        ServerOptions::default(),
    )?)
}
