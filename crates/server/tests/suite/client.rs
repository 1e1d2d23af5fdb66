//! A server of a small library, and requests to it.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use cognate::{Embed, Library, Paper};
use cognate_server::{ServedLibrary, Server, ServerOptions};
use cognate_testing::LetterPairs;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tower::ServiceExt as _;

use crate::description;

/// A server of a library in a folder of its own, which is removed at the end.
pub(crate) struct TestServer {
    pub(crate) dir: TempDir,
    pub(crate) server: Server,
    router: Router,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl TestServer {
    /// Creates a server of the library `papers` with `papers`.
    pub(crate) fn new(papers: Vec<Paper>) -> Self {
        Self::with_options(papers, ServerOptions::default())
    }

    /// Creates a server with options.
    pub(crate) fn with_options(papers: Vec<Paper>, options: ServerOptions) -> Self {
        Self::with_all(vec![("papers", papers)], options)
    }

    /// Creates a server of several libraries.
    pub(crate) fn with_libraries(libraries: Vec<(&str, Vec<Paper>)>) -> Self {
        Self::with_all(libraries, ServerOptions::default())
    }

    fn with_all(libraries: Vec<(&str, Vec<Paper>)>, options: ServerOptions) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let libraries = libraries.into_iter().map(|(name, papers)| {
            let library = Library::create(dir.path().join(name), LetterPairs::default()).unwrap();
            library.add(papers).unwrap();
            ServedLibrary::new(name, library)
        });
        let server = Server::new(libraries.collect(), Vec::new(), options).unwrap();
        Self::of_server(dir, server)
    }

    /// Returns requests to `server`, whose files are in `dir`.
    pub(crate) fn of_server(dir: TempDir, server: Server) -> Self {
        let router = server.router();
        Self {
            dir,
            server,
            router,
        }
    }

    /// Opens the library as another process would.
    pub(crate) fn library(&self) -> Library {
        self.library_named("papers")
    }

    /// Opens a library as another process would.
    pub(crate) fn library_named(&self, name: &str) -> Library {
        let library = Library::open(self.dir.path().join(name)).unwrap();
        library.with_embedder(LetterPairs::default()).unwrap()
    }

    /// Creates a server of the library `papers`, which `embedder` embeds, with options.
    pub(crate) fn with_embedder(embedder: impl Embed + 'static, options: ServerOptions) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::create(dir.path().join("papers"), embedder).unwrap();
        let library = ServedLibrary::new("papers", library);
        let server = Server::new(vec![library], Vec::new(), options).unwrap();
        let router = server.router();
        Self {
            dir,
            server,
            router,
        }
    }

    /// Returns the answer to a request with a method and a body, whose type is not declared.
    pub(crate) async fn request(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::HOST, "localhost");
        self.send(request.body(body.into()).unwrap()).await
    }

    /// Returns the answer to a request.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (method, path) = (request.method().to_string(), request.uri().to_string());
        let answer = Answer::read(self.router.clone().oneshot(request).await.unwrap()).await;
        description::check(self.description().await, &method, &path, &answer);
        answer
    }

    /// Returns the description of the routes, which is the same for all servers.
    async fn description(&self) -> &'static Value {
        static DESCRIPTION: OnceCell<Value> = OnceCell::const_new();
        let read = async || {
            let request = Request::get("/openapi.json").header(header::HOST, "localhost");
            let request = request.body(Body::empty()).unwrap();
            // This server may need a token.
            let router = server_with(ServerOptions::default()).unwrap().router();
            Answer::read(router.oneshot(request).await.unwrap())
                .await
                .json()
        };
        DESCRIPTION.get_or_init(read).await
    }

    /// Returns the answer to a `GET` of `path`.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header(header::HOST, "localhost");
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Returns the answer to a `GET` of `path` by a client that has the answer with an entity tag.
    pub(crate) async fn get_if_none_match(&self, path: &str, tag: &str) -> Answer {
        let request = Request::get(path)
            .header(header::HOST, "localhost")
            .header(header::IF_NONE_MATCH, tag);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Returns the answer to a `POST` of a text in some form to `path`.
    pub(crate) async fn send_text(&self, path: &str, form: &str, text: &str) -> Answer {
        let request = Request::post(path)
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, form);
        self.send(request.body(Body::from(text.to_owned())).unwrap())
            .await
    }

    /// Returns the answer to a `POST` of a JSON document to `path`.
    pub(crate) async fn post(&self, path: &str, document: &Value) -> Answer {
        let request = Request::post(path)
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Body::from(document.to_string())).unwrap();
        self.send(request).await
    }
}

/// Creates a server of an empty library, whose folder is removed at once.
pub(crate) fn server_with(options: ServerOptions) -> cognate_server::Result<Server> {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::create(dir.path().join("papers"), LetterPairs::default()).unwrap();
    Server::new(
        vec![ServedLibrary::new("papers", library)],
        Vec::new(),
        options,
    )
}

impl Answer {
    async fn read(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes().to_vec(),
        }
    }

    /// Returns the body of an answer with the status 200 as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text());
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Returns the problem of an answer, after comparing its status and the end of its type.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, kind: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        let form = &self.headers[header::CONTENT_TYPE];
        assert_eq!(form, "application/problem+json");
        let problem: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem["type"], format!("/problems/{kind}"));
        assert_eq!(problem["status"], status);
        problem
    }

    /// Returns the body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Returns the fields of an object as the parameters of an address. A list is a parameter for each item.
pub(crate) fn encoded(parameters: &Value) -> String {
    let mut pairs = Vec::new();
    for (name, value) in parameters.as_object().unwrap() {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            pairs.push((name.clone(), text));
        }
    }
    serde_html_form::to_string(pairs).unwrap()
}

/// Returns a value as a client reads it. Numbers of 32 bits have fewer digits in a text than in a [`Value`] that
/// is made of them.
pub(crate) fn as_sent(value: &(impl serde::Serialize + ?Sized)) -> Value {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}
