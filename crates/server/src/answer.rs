//! Answers that follow from the commits of libraries and the parameters of a request: computed from one commit,
//! with an entity tag.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use cognate::Generation;
use serde::Serialize;

use crate::etag::{self, KnownTags};
use crate::problem::Problem;
use crate::request_log;
use crate::served::ServedLibrary;
use crate::server::Server;

/// How often an answer is computed again if a library changes meanwhile.
const ATTEMPTS: usize = 4;

/// What an answer follows from, besides the libraries.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// The name of the route.
    pub(crate) route: &'static str,
    /// The names of the libraries, or none for the first one of the server.
    pub(crate) libraries: Vec<String>,
    /// The parameters, as bytes that differ if they differ.
    pub(crate) parameters: Vec<u8>,
    /// The answers that the client has, or `None` if the answer cannot be kept by a client.
    pub(crate) known: Option<KnownTags>,
}

/// The libraries of a question, at one commit of each.
#[derive(Debug)]
pub(crate) struct Commits<'a> {
    pub(crate) libraries: Vec<&'a ServedLibrary>,
    /// The generation of each library.
    pub(crate) generation: Vec<Generation>,
}

/// A commit of each library of a question, and the tag of the answer from it.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    /// The generation of each library.
    pub(crate) generation: Vec<Generation>,
    tag: String,
}

/// A document, or the statement that the client has it.
#[derive(Debug)]
pub(crate) enum Answer {
    Known { tag: String },
    Document { tag: Option<String>, json: Bytes },
}

impl Question {
    /// Creates a question of a route by its parameters.
    pub(crate) fn new(
        route: &'static str,
        libraries: &[String],
        parameters: &impl Serialize,
        known: Option<KnownTags>,
    ) -> Self {
        let mut names: Vec<String> = Vec::new();
        for name in libraries {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        Self {
            route,
            libraries: names,
            parameters: bytes_of(parameters),
            known,
        }
    }

    /// Answers the question by the document that `act` makes, on a thread that may block.
    ///
    /// # Errors
    ///
    /// Returns the problem of `act`, or one that says why it did not run.
    pub(crate) async fn answer<D: Serialize>(
        self,
        server: &Server,
        act: impl Fn(&Commits<'_>) -> Result<D, Problem> + Send + 'static,
    ) -> Result<Answer, Problem> {
        self.note_library(server);
        let shared = server.clone();
        server.run(move || self.answer_now(&shared, act)).await
    }

    /// Notes the first library of the question for the log, if the server has it.
    fn note_library(&self, server: &Server) {
        let name = self.libraries.first().map(String::as_str);
        if let Ok(served) = server.library(name) {
            request_log::note_library(&served.name);
        }
    }

    /// Returns the answer if the client has it, or else the commit that the answer is to be made from.
    ///
    /// # Errors
    ///
    /// Returns a problem if a library cannot be read.
    pub(crate) async fn look_up(&self, server: &Server) -> Result<Result<Answer, Commit>, Problem> {
        self.note_library(server);
        let commit = self.commit(server).await?;
        if self
            .known
            .as_ref()
            .is_some_and(|known| known.has(&commit.tag))
        {
            return Ok(Ok(Answer::Known { tag: commit.tag }));
        }
        Ok(Err(commit))
    }

    /// Returns the tag of an answer that was made from a commit, or `None` if the libraries have changed since, so
    /// that the answer may be of another commit.
    ///
    /// # Errors
    ///
    /// Returns a problem if a library cannot be read.
    pub(crate) async fn tag_if_unchanged(
        &self,
        server: &Server,
        commit: Commit,
    ) -> Result<Option<String>, Problem> {
        let now = self.commit(server).await?;
        Ok((now.generation == commit.generation).then_some(commit.tag))
    }

    async fn commit(&self, server: &Server) -> Result<Commit, Problem> {
        let (shared, names) = (server.clone(), self.libraries.clone());
        let generation = move || Ok(Commits::of(&shared, &names)?.generation);
        let generation = server.run(generation).await?;
        let tag = etag::tag(self.route, &bytes_of(&generation), &self.parameters);
        Ok(Commit { generation, tag })
    }

    fn answer_now<D: Serialize>(
        &self,
        server: &Server,
        act: impl Fn(&Commits<'_>) -> Result<D, Problem>,
    ) -> Result<Answer, Problem> {
        let mut commits = Commits::of(server, &self.libraries)?;
        for _ in 1..ATTEMPTS {
            let tag = etag::tag(self.route, &bytes_of(&commits.generation), &self.parameters);
            if self.known.as_ref().is_some_and(|known| known.has(&tag)) {
                return Ok(Answer::Known { tag });
            }
            let document = act(&commits)?;
            let after = Commits::of(server, &self.libraries)?;
            if after.generation == commits.generation {
                let tag = self.known.is_some().then_some(tag);
                return Answer::document(tag, &document);
            }
            commits = after;
        }
        // Without a tag, because a commit may have come between the generation and the answer.
        Answer::document(None, &act(&commits)?)
    }
}

impl<'a> Commits<'a> {
    fn of(server: &'a Server, names: &[String]) -> Result<Self, Problem> {
        let libraries = if names.is_empty() {
            vec![server.library(None)?]
        } else {
            let named = names.iter().map(|name| server.library(Some(name)));
            named.collect::<Result<_, _>>()?
        };
        let mut generation = Vec::new();
        for served in &libraries {
            generation.push(served.library.generation()?);
        }
        Ok(Self {
            libraries,
            generation,
        })
    }

    /// Returns the first library, which is the only one of a request that names one at most.
    pub(crate) fn first(&self) -> &'a ServedLibrary {
        self.libraries[0]
    }
}

impl Answer {
    /// Creates the answer with a document.
    pub(crate) fn document(
        tag: Option<String>,
        document: &impl Serialize,
    ) -> Result<Self, Problem> {
        let json = serde_json::to_vec(document).map_err(|_| Problem::internal())?;
        let json = Bytes::from(json);
        Ok(Self::Document { tag, json })
    }
}

impl Commit {
    /// Adds the headers of an answer that the client can keep.
    pub(crate) fn insert_tag(&self, headers: &mut HeaderMap) {
        insert_tag(headers, &self.tag);
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let (mut response, tag) = match self {
            Self::Known { tag } => (StatusCode::NOT_MODIFIED.into_response(), Some(tag)),
            Self::Document { tag, json } => {
                let form = [(header::CONTENT_TYPE, "application/json")];
                ((form, json).into_response(), tag)
            }
        };
        if let Some(tag) = tag {
            insert_tag(response.headers_mut(), &tag);
        }
        response
    }
}

/// Adds the headers of an answer that the client can keep.
pub(crate) fn insert_tag(headers: &mut HeaderMap, tag: &str) {
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
        let ask_again = HeaderValue::from_static("no-cache");
        headers.insert(header::CACHE_CONTROL, ask_again);
    }
}

/// Returns parameters as bytes that differ if the parameters differ.
pub(crate) fn bytes_of(parameters: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(parameters).unwrap_or_default()
}
