//! Serves libraries over HTTP until a signal stops the process.

mod signals;
mod token_file;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use cognate::Device;
use cognate_server::{ServedModel, ServedReranker, Server, ServerOptions};
use tokio::net::{TcpListener, lookup_host};
use tokio::runtime::Builder;

use crate::arguments::{LibrariesArguments, StoredModelArguments};
use crate::failure::wrong_usage;
use crate::invocation::Invocation;
use crate::located_library::LocatedLibrary;
use crate::output::{count, one_line, print, step};
use crate::{model, served};

/// Serve libraries to other programs over HTTP
///
/// The server answers programs on this machine until Ctrl-C or SIGTERM stops it. Requests that run then are
/// answered first; a second signal ends it at once. It sees what other commands add to its libraries.
/// `/openapi.json` describes the routes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibrariesArguments,
    #[command(flatten)]
    model: StoredModelArguments,
    /// Cross-encoder for requests that rerank texts: a model on the Hugging Face Hub, or a folder
    #[arg(long, value_name = "NAME|DIR")]
    rerank_model: Option<String>,
    /// Address and port to listen at; port 0 takes a free one
    ///
    /// Other machines can connect if it is not an address of this machine alone, so that needs a token.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7625")]
    bind: String,
    /// File with the token that every request must have, as `Authorization: Bearer TOKEN`
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Let requests add and remove papers, and change lists
    #[arg(long)]
    allow_write: bool,
    /// Name of this server in the addresses of requests; repeat for several
    ///
    /// Requests to other names are refused, so that a page of somebody else's cannot reach the server by a
    /// name of its own. Default: localhost and the address that a request came to.
    #[arg(long, value_name = "HOST")]
    allow_host: Vec<String>,
    /// Origin whose pages may read answers, such as `https://example.org`; repeat for several
    ///
    /// Default: only pages of the server itself.
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,
    /// Write the texts of queries to the log too
    #[arg(long)]
    log_queries: bool,
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let token = arguments.token_file.as_deref().map(token_file::read);
    let options = options(arguments, token.transpose()?);
    let located = invocation.libraries(&arguments.library)?;
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the threads of the server")?;
    // An address that cannot be used is reported before a model is loaded.
    let listener = runtime.block_on(listen(arguments))?;
    let (libraries, models) = served::open(&located, &arguments.model)?;
    let rerankers = rerankers(arguments, &models)?;
    let server = Server::new(libraries, models, options)?.with_rerankers(rerankers);
    let address = listener
        .local_addr()
        .context("the listener has no address")?;
    // The line is for a person; a closed stdout does not stop the server.
    let _ = print(&format!("{}\n", announcement(&located, &server, address)?));
    let start = Instant::now();
    let outcome = runtime.block_on(server.serve(listener, signals::stop()));
    // Calls of a library that still run cannot be stopped, and nobody waits for their answers.
    runtime.shutdown_background();
    step("served", start);
    Ok(outcome?)
}

/// Loads the cross-encoder, if one is named. It runs in the precision of the first model, if a CPU supports that.
fn rerankers(arguments: &Arguments, models: &[ServedModel]) -> Result<Vec<ServedReranker>> {
    let first = models.first().map(|model| model.embedder().info());
    let stored = first.map(|info| info.precision.parse()).transpose()?;
    let precision = model::supported_precision(Device::Cpu, stored.unwrap_or_default());
    let load = |name: &String| {
        let reranker = model::load_reranker(name, precision)?;
        Ok(ServedReranker::new(
            served::base_name(name),
            Arc::new(reranker),
        ))
    };
    arguments.rerank_model.iter().map(load).collect()
}

fn options(arguments: &Arguments, token: Option<String>) -> ServerOptions {
    let mut options = ServerOptions::default()
        .allow_write(arguments.allow_write)
        .log_queries(arguments.log_queries);
    if let Some(token) = token {
        options = options.token(token);
    }
    for host in &arguments.allow_host {
        options = options.allowed_host(host);
    }
    for origin in &arguments.allow_origin {
        options = options.allowed_origin(origin);
    }
    options
}

/// Binds the address that the user chose.
async fn listen(arguments: &Arguments) -> Result<TcpListener> {
    let bind = one_line(&arguments.bind);
    let addresses: Vec<SocketAddr> = lookup_host(&arguments.bind)
        .await
        .map_err(|_| {
            wrong_usage(&format!(
                "`{bind}` is not an address with a port, expected one such as 127.0.0.1:7625"
            ))
        })?
        .collect();
    let is_foreign = addresses.iter().any(|address| !address.ip().is_loopback());
    if is_foreign && arguments.token_file.is_none() {
        return Err(wrong_usage(&format!(
            "other machines can connect to `{bind}`, so a token is needed: use --token-file <FILE>, or \
             --bind 127.0.0.1:7625 for this machine alone"
        )));
    }
    TcpListener::bind(&addresses[..])
        .await
        .map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => anyhow!(
                "another program listens at `{bind}`: stop it, or choose another port, such as \
                 --bind 127.0.0.1:0 for a free one"
            ),
            _ => anyhow::Error::new(error).context(format!("cannot listen at `{bind}`")),
        })
}

/// Says what is served, and where.
fn announcement(
    located: &[LocatedLibrary],
    server: &Server,
    address: SocketAddr,
) -> Result<String> {
    let mut served = Vec::new();
    for (one, papers) in located.iter().zip(server.papers()?) {
        let (name, papers) = (one_line(&one.name), count(papers, "paper"));
        served.push(format!("`{name}` ({papers})"));
    }
    Ok(format!("serving {} at http://{address}", served.join(", ")))
}
