use std::sync::Arc;

use axum::Router;
use axum::http::Uri;
use cognate::Library;
use tokio_util::sync::CancellationToken;

use crate::analyses::Analyses;
use crate::jobs::Jobs;
use crate::maps::Maps;
use crate::metrics::Metrics;
use crate::options::ServerOptions;
use crate::problem::{Kind, Problem};
use crate::served::{ServedLibrary, ServedModel, ServedReranker};
use crate::work::WorkQueue;
use crate::{
    Error, Result, compatible, health, mcp, metrics, openapi, pages, request_log, rest, trust, web,
};

/// Opened libraries and loaded models, shared by all requests. A clone is another handle of the same server.
#[derive(Clone, Debug)]
pub struct Server {
    shared: Arc<Shared>,
    rerankers: Arc<[ServedReranker]>,
}

#[derive(Debug)]
struct Shared {
    libraries: Vec<ServedLibrary>,
    models: Vec<ServedModel>,
    options: ServerOptions,
    work: WorkQueue,
    jobs: Jobs,
    analyses: Analyses,
    maps: Maps,
    metrics: Metrics,
    stopping: CancellationToken,
}

impl Server {
    /// Creates a server of libraries and, for the routes that embed texts, of models. The first library and
    /// the first model answer requests that name none.
    ///
    /// # Errors
    ///
    /// Returns an error if no library is given, if two have the same name, or if an allowed origin is not an origin.
    pub fn new(
        libraries: Vec<ServedLibrary>,
        models: Vec<ServedModel>,
        options: ServerOptions,
    ) -> Result<Self> {
        if libraries.is_empty() {
            return Err(Error::NoLibrary);
        }
        for (at, library) in libraries.iter().enumerate() {
            let name = &library.name;
            if libraries[..at].iter().any(|other| other.name == *name) {
                return Err(Error::SameName { name: name.clone() });
            }
        }
        trust::check_origins(&options.allowed_origins)?;
        let work = WorkQueue::new(&options);
        let jobs = Jobs::new(libraries.iter().map(|library| library.name.as_str()));
        let maps = Maps::new(libraries.iter().map(|library| library.name.as_str()));
        Ok(Self {
            shared: Arc::new(Shared {
                libraries,
                models,
                options,
                work,
                jobs,
                analyses: Analyses::default(),
                maps,
                metrics: Metrics::new(),
                stopping: CancellationToken::new(),
            }),
            rerankers: Arc::default(),
        })
    }

    /// Returns the number of papers of each library.
    ///
    /// # Errors
    ///
    /// Returns an error if a library cannot be read.
    pub fn papers(&self) -> cognate::Result<Vec<usize>> {
        let libraries = self.libraries().iter();
        libraries.map(|one| one.library.len()).collect()
    }

    /// Sets the cross-encoders of the routes that rerank texts. Requests that name none use the first one.
    /// Default: none.
    #[must_use]
    pub fn with_rerankers(mut self, rerankers: Vec<ServedReranker>) -> Self {
        self.rerankers = rerankers.into();
        self
    }

    /// Returns a router with every route of the server.
    pub fn router(&self) -> Router {
        let routes = rest::routes()
            .merge(compatible::routes())
            .merge(health::routes())
            .merge(metrics::route());
        let (api, description) = openapi::describe(routes);
        let router = Router::new()
            .merge(api)
            .merge(openapi::route(&description))
            .merge(pages::routes(&description))
            .merge(web::routes())
            .merge(mcp::route(self))
            .fallback(|uri: Uri| async move {
                let path = uri.path().to_owned();
                Problem::new(
                    Kind::UnknownRoute,
                    format!("no route has the path `{path}`"),
                )
            })
            .method_not_allowed_fallback(|| async {
                Problem::new(
                    Kind::WrongMethod,
                    "the header `Allow` lists the methods of this route",
                )
            })
            .with_state(self.clone());
        trust::protect(router, self)
    }

    /// Returns the settings.
    pub(crate) fn options(&self) -> &ServerOptions {
        &self.shared.options
    }

    /// Returns the jobs that run, wait or have ended.
    pub(crate) fn jobs(&self) -> &Jobs {
        &self.shared.jobs
    }

    /// Returns the queue of calls that block.
    pub(crate) fn work(&self) -> &WorkQueue {
        &self.shared.work
    }

    /// Returns the counts and times of requests.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// Returns the token that is cancelled when the server begins to stop. Answers without an end, such as
    /// streams of events, must end then.
    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.shared.stopping
    }

    /// Returns the models.
    pub(crate) fn models(&self) -> &[ServedModel] {
        &self.shared.models
    }

    /// Returns the cross-encoders.
    pub(crate) fn rerankers(&self) -> &[ServedReranker] {
        &self.rerankers
    }

    /// Returns the model with a name, or the first one if the name is `None`.
    pub(crate) fn model(&self, name: Option<&str>) -> Result<&ServedModel, Problem> {
        let models = self.models();
        let Some(first) = models.first() else {
            return Err(Problem::new(Kind::NoModel, "the server has no model"));
        };
        let Some(name) = name else {
            return Ok(first);
        };
        let found = models.iter().find(|model| model.has_name(name));
        found.ok_or_else(|| unknown_model("model", name, models.iter().map(|model| &model.name)))
    }

    /// Returns the cross-encoder with a name, or the first one if the name is `None`.
    pub(crate) fn reranker(&self, name: Option<&str>) -> Result<&ServedReranker, Problem> {
        let rerankers = self.rerankers();
        let Some(first) = rerankers.first() else {
            return Err(Problem::new(
                Kind::NoReranker,
                "the server has no cross-encoder: start it with `cognate serve --rerank-model NAME`",
            ));
        };
        let Some(name) = name else {
            return Ok(first);
        };
        let found = rerankers.iter().find(|reranker| reranker.has_name(name));
        let names = rerankers.iter().map(|reranker| &reranker.name);
        found.ok_or_else(|| unknown_model("cross-encoder", name, names))
    }

    /// Returns the analyses of the libraries.
    pub(crate) fn analyses(&self) -> &Analyses {
        &self.shared.analyses
    }

    /// Returns the maps of the libraries.
    pub(crate) fn maps(&self) -> &Maps {
        &self.shared.maps
    }

    /// Returns the libraries, with their names.
    pub(crate) fn libraries(&self) -> &[ServedLibrary] {
        &self.shared.libraries
    }

    /// Returns the library with a name, or the first one if the name is `None`.
    pub(crate) fn library(&self, name: Option<&str>) -> Result<&ServedLibrary, Problem> {
        let Some(name) = name else {
            return Ok(&self.shared.libraries[0]);
        };
        let mut libraries = self.shared.libraries.iter();
        libraries
            .find(|library| library.name == name)
            .ok_or_else(|| {
                let names = self.shared.libraries.iter().map(|one| one.name.clone());
                let problem = format!("the server has no library `{name}`");
                Problem::new(Kind::UnknownLibrary, problem)
                    .with("libraries", names.collect::<Vec<_>>())
            })
    }

    /// Runs a call of the library with a name, or of the first one, on a thread that may block.
    ///
    /// # Errors
    ///
    /// Returns the problem of the call, or one that says why it did not run.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        library: Option<&str>,
        act: impl FnOnce(&Library) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let name = self.library(library)?.name.clone();
        request_log::note_library(&name);
        let server = self.clone();
        let call = move || act(&server.library(Some(&name))?.library);
        self.run(call).await
    }

    /// Runs a call on a thread that may block.
    ///
    /// # Errors
    ///
    /// Returns the problem of the call, or one that says why it did not run.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        call: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.shared.work.run(call).await?
    }
}

/// Returns the problem of a request for a `kind` of model that is none of `names`.
fn unknown_model<'a>(kind: &str, name: &str, names: impl Iterator<Item = &'a String>) -> Problem {
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    let expected = names.join(", ");
    let detail = format!("the server has no {kind} `{name}`, expected one of {expected}");
    Problem::new(Kind::UnknownModel, detail).with("param", "model")
}
