use std::collections::HashMap;
use std::sync::Arc;
use std::thread;

use anyhow::{Context as _, Result};
use clap::Args;
use cognate::Library;
use cognate_server::{ServedLibrary, Server, ServerOptions};

use crate::arguments::{LibrariesArguments, StoredModelArguments};
use crate::invocation::Invocation;
use crate::lazy_model::LazyModel;

/// Serve libraries to an agent (Model Context Protocol)
///
/// A client, such as an assistant or an editor, starts this command itself, sends requests on standard
/// input, and reads the answers on standard output; the command ends with its input. The tools search,
/// read, explain and export papers. The first library is the one of requests that name none.
///
/// The command answers at once, and loads the model meanwhile.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibrariesArguments,
    #[command(flatten)]
    model: StoredModelArguments,
    /// Let the agent add papers and change lists
    ///
    /// Without this option, the tools that change a library do not exist.
    #[arg(long)]
    allow_write: bool,
}

/// The models of several libraries, each once.
type Models = HashMap<(String, String), Arc<LazyModel>>;

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let mut models = Models::new();
    let mut served = Vec::new();
    for located in invocation.libraries(&arguments.library)? {
        let library = with_model(located.open()?, &mut models, &arguments.model)?;
        served.push(ServedLibrary::new(located.name, library));
    }
    let options = ServerOptions::default().allow_write(arguments.allow_write);
    let server = Server::new(served, Vec::new(), options)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the threads of the server")?;
    load_meanwhile(models)?;
    let outcome = runtime.block_on(server.serve_agent_on_stdio());
    // A call that still runs is not waited for: nobody reads its answer.
    runtime.shutdown_background();
    Ok(outcome?)
}

fn with_model(
    library: Library,
    models: &mut Models,
    arguments: &StoredModelArguments,
) -> Result<Library> {
    let info = library.embedder_info();
    let key = (info.fingerprint.clone(), info.precision.clone());
    let model = models
        .entry(key)
        .or_insert_with(|| Arc::new(LazyModel::new(info, arguments)));
    let model = Arc::clone(model);
    Ok(library.with_embedder(model)?)
}

/// Loads the models on a thread of its own, so that the first query finds them.
fn load_meanwhile(models: Models) -> Result<()> {
    let load = move || {
        for model in models.values() {
            // The first query that needs the model reports the error.
            if let Err(error) = model.load() {
                tracing::warn!("the model cannot be loaded: {error:#}");
            }
        }
    };
    thread::Builder::new()
        .name("model".to_owned())
        .spawn(load)
        .context("cannot start a thread")?;
    Ok(())
}
