//! Errors as answers: problem details of RFC 9457, with a stable `type` for each kind of error.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cognate::Error;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// An error as an answer.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    kind: Kind,
    detail: String,
    /// Further members, such as the ids nearest to an unknown one.
    members: Map<String, Value>,
}

/// The kinds of problems. The name is the end of the problem's `type`, and never changes.
macro_rules! kinds {
    ($($kind:ident $name:literal $status:literal $title:literal,)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kind {
            $($kind,)+
        }

        impl Kind {
            /// All kinds.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// Returns the name, such as `unknown-paper`.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }

            /// Returns the status code of an answer with a problem of this kind.
            pub(crate) const fn status(self) -> u16 {
                match self {
                    $(Self::$kind => $status,)+
                }
            }

            /// Returns what all problems of this kind have in common.
            pub(crate) const fn title(self) -> &'static str {
                match self {
                    $(Self::$kind => $title,)+
                }
            }
        }
    };
}

kinds! {
    InvalidRequest "invalid-request" 400 "The request is not as described",
    InvalidOption "invalid-option" 400 "An option has a value that is not allowed",
    EmptyQuery "empty-query" 400 "The query has nothing to search for",
    InvalidPapers "invalid-papers" 400 "The papers or the draft cannot be read",
    Unauthorized "unauthorized" 401 "The token is missing or wrong",
    Forbidden "forbidden" 403 "The request is not allowed",
    UnknownRoute "unknown-route" 404 "There is nothing at this address",
    UnknownLibrary "unknown-library" 404 "The server has no library of this name",
    UnknownPaper "unknown-paper" 404 "The library has no such paper",
    UnknownList "unknown-list" 404 "The library has no list of this name",
    UnknownJob "unknown-job" 404 "The server has no such job",
    NoMap "no-map" 404 "The library has no map",
    UnknownModel "unknown-model" 404 "The server has no model of this name",
    NoReranker "no-reranker" 404 "The server has no cross-encoder",
    WrongMethod "wrong-method" 405 "The route has no such method",
    NotAcceptable "not-acceptable" 406 "The answer has no such form",
    Timeout "timeout" 408 "The request did not arrive in time",
    AmbiguousPaper "ambiguous-paper" 409 "Several papers have this name",
    BuiltInList "built-in-list" 409 "Every library has this list",
    Changed "changed" 409 "The library has changed since the first page",
    EmptyLibrary "empty-library" 409 "The library has no papers",
    TooLarge "too-large" 413 "The request is too large",
    AddressTooLong "address-too-long" 414 "The address of the request is too long",
    UnsupportedMedia "unsupported-media" 415 "The body has a form that is not supported",
    Overloaded "overloaded" 429 "The server has too many requests",
    HeadersTooLarge "headers-too-large" 431 "The headers of the request are too large",
    Internal "internal" 500 "The server failed",
    Damaged "damaged" 500 "The library is damaged",
    Locked "locked" 503 "The library is being written by another process",
    NoEmbedder "no-embedder" 503 "The library has no model for texts",
    NoModel "no-model" 503 "The server has no model for texts",
    Stopping "stopping" 503 "The server is stopping",
    TookTooLong "took-too-long" 504 "The answer takes too long",
}

/// Problem details of RFC 9457, as JSON.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ProblemDocument {
    /// The kind of the problem: a path that the server explains, such as `/problems/unknown-paper`.
    #[serde(rename = "type")]
    kind: String,
    /// What all problems of this kind have in common.
    title: &'static str,
    /// The status code of the answer.
    status: u16,
    /// What is wrong with this request.
    detail: String,
    /// Further members that belong to the kind.
    #[serde(flatten)]
    members: Map<String, Value>,
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            members: Map::new(),
        }
    }

    /// Adds a member.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn overloaded() -> Self {
        Self::new(
            Kind::Overloaded,
            "too many requests wait; try again in a second",
        )
    }

    pub(crate) fn stopping() -> Self {
        Self::new(Kind::Stopping, "the server is stopping")
    }

    pub(crate) fn internal() -> Self {
        Self::new(
            Kind::Internal,
            "the request failed inside the server; its log says why",
        )
    }

    /// Returns the problem as JSON.
    pub(crate) fn into_document(self) -> ProblemDocument {
        ProblemDocument {
            kind: format!("/problems/{}", self.kind.name()),
            title: self.kind.title(),
            status: self.kind.status(),
            detail: self.detail,
            members: self.members,
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// Returns a member that was added.
    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::UnknownPaper { .. } => Kind::UnknownPaper,
            Error::UnknownList { .. } => Kind::UnknownList,
            Error::AmbiguousPaper { .. } => Kind::AmbiguousPaper,
            Error::EmptyQuery { .. } => Kind::EmptyQuery,
            Error::InvalidOption { .. } => Kind::InvalidOption,
            Error::Papers(_) | Error::PaperSource(_) => Kind::InvalidPapers,
            Error::EmptyLibrary { .. } => Kind::EmptyLibrary,
            Error::Locked { .. } => Kind::Locked,
            Error::NoEmbedder => Kind::NoEmbedder,
            error if error.is_damage() => Kind::Damaged,
            _ => Kind::Internal,
        };
        let detail = match &error {
            Error::Embed { source } => format!("{error}: {source}"),
            error => error.to_string(),
        };
        let problem = Self::new(kind, detail);
        match error {
            Error::UnknownPaper { nearest, .. } => problem.with("nearest", nearest),
            Error::UnknownList { existing, .. } => problem.with("lists", existing),
            Error::AmbiguousPaper { ids, .. } => problem.with("ids", ids),
            _ => problem,
        }
    }
}

impl Problem {
    /// Returns the problem details as JSON.
    pub(crate) fn json(&self) -> String {
        // Their fields are texts and numbers, which always have a form in JSON.
        serde_json::to_string(&self.clone().into_document()).unwrap_or_default()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, kind) = (self.status(), self.kind);
        let document = self.clone().into_document();
        let mut response = (status, Json(document)).into_response();
        let headers = response.headers_mut();
        let form = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, form);
        if matches!(kind, Kind::Overloaded | Kind::Locked) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response.extensions_mut().insert(kind);
        // For the routes that answer errors in another form.
        response.extensions_mut().insert(self);
        response
    }
}
