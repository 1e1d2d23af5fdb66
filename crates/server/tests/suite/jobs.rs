use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Request, header};
use cognate::ndarray::Array2;
use cognate::{BoxError, Embed, Embedded, EmbedderInfo, Library, Progress};
use cognate_server::ServerOptions;
use cognate_testing::{LetterPairs, papers};
use serde_json::Value;

use crate::client::{Answer, TestServer};

const BIBTEX: &str = "@article{helix, title = {Molecular Structure of Nucleic Acids}, year = 1953}\n\
                      @article{jupiter, title = {A Jupiter-Mass Companion}, year = 1995, pagetotal = 4}\n";

fn writable(papers: Vec<cognate::Paper>) -> TestServer {
    TestServer::with_options(papers, ServerOptions::default().allow_write(true))
}

/// Returns the path of the job that an answer names.
fn job_path(answer: &Answer) -> String {
    assert_eq!(answer.status, 202, "{}", answer.text());
    answer.headers[header::LOCATION]
        .to_str()
        .unwrap()
        .to_owned()
}

/// Splits a stream of events into ids, names and data.
fn events(answer: &Answer) -> Vec<(u64, String, Value)> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.headers[header::CONTENT_TYPE], "text/event-stream");
    let text = answer.text();
    let events = text.split("\n\n").filter(|event| !event.is_empty());
    let field = |event: &str, name: &str| {
        let mut lines = event.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        value
            .unwrap_or_else(|| panic!("no `{name}` in {event}"))
            .to_owned()
    };
    events
        .map(|event| {
            let id = field(event, "id").parse().unwrap();
            let data = serde_json::from_str(&field(event, "data")).unwrap();
            (id, field(event, "event"), data)
        })
        .collect()
}

/// Adds a file, and returns the job when it has ended.
async fn add(server: &TestServer, options: &str, file: &str) -> Value {
    let answer = server
        .request("POST", &format!("/api/v1/papers{options}"), file.to_owned())
        .await;
    let path = job_path(&answer);
    // The stream of events ends with the job.
    server.get(&format!("{path}/events")).await;
    server.get(&path).await.json()
}

#[tokio::test]
async fn a_file_is_added_by_a_job() {
    let server = writable(papers(2));
    let answer = server
        .request("POST", "/api/v1/papers?filename=refs.bib", BIBTEX)
        .await;
    let path = job_path(&answer);
    let events = events(&server.get(&format!("{path}/events")).await);
    let (_, name, done) = events.last().unwrap();
    assert_eq!(name, "done");
    assert!(events.windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert_eq!(done["state"], "done");
    assert_eq!(
        (&done["file"], &done["format"]),
        (&"refs.bib".into(), &"bibtex".into())
    );
    assert_eq!(done["report"]["added"], 2);
    assert_eq!(done["report"]["embedded"], 2);
    assert_eq!(done["report"]["model"], "letter-pairs");
    let progress = serde_json::json!({"total": 2, "papers": 2, "embedded": 2, "committed": 2});
    assert_eq!(done["progress"], progress);
    let field = serde_json::json!([{"event": "field-not-read", "field": "pagetotal", "values": 1}]);
    assert_eq!(
        (&done["remarks"], &done["total_remarks"]),
        (&field, &1.into())
    );
    assert_eq!(server.get(&path).await.json(), *done);
    assert_eq!(
        server.get("/api/v1/jobs").await.json()["jobs"],
        serde_json::json!([done])
    );
    let library = Library::open(server.dir.path().join("papers")).unwrap();
    assert_eq!(library.get("helix").unwrap().unwrap().year, Some(1953));
}

#[tokio::test]
async fn papers_in_json_are_added_as_the_command_adds_them() {
    let server = writable(Vec::new());
    let first = r#"[{"id": "helix", "title": "Nucleic Acids", "year": 1953}]"#;
    let done = add(&server, "", first).await;
    assert_eq!(
        (&done["format"], &done["report"]["added"]),
        (&"jsonl".into(), &1.into())
    );
    // A record that lacks the year leaves it as it is, unless it replaces the paper.
    let second = r#"{"id": "helix", "title": "Nucleic Acids", "venue": "Nature"}"#;
    let done = add(&server, "", second).await;
    assert_eq!(
        (&done["report"]["updated"], &done["report"]["merged"]),
        (&1.into(), &1.into())
    );
    let merged =
        serde_json::json!([{"event": "merged", "line": 1, "id": "helix", "kept": ["year"]}]);
    assert_eq!(done["remarks"], merged);
    let library = Library::open(server.dir.path().join("papers")).unwrap();
    assert_eq!(library.get("helix").unwrap().unwrap().year, Some(1953));
    add(&server, "?replace=true", second).await;
    assert_eq!(library.get("helix").unwrap().unwrap().year, None);
}

#[tokio::test]
async fn an_invalid_record_adds_nothing_unless_it_is_skipped() {
    let server = writable(Vec::new());
    let lines = "{\"id\": \"a\", \"title\": \"One\"}\n{\"year\": 2017}\n{\"id\": \"b\", \"title\": \"Two\"}\n";
    let failed = add(&server, "?filename=papers.jsonl", lines).await;
    assert_eq!(failed["state"], "failed");
    assert_eq!(failed["problem"]["type"], "/problems/invalid-papers");
    let detail = failed["problem"]["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("papers.jsonl:2: there is no `id`"),
        "{detail}"
    );
    assert!(
        detail.ends_with("nothing was added; set `skip_bad` to add the others"),
        "{detail}"
    );
    let library = Library::open(server.dir.path().join("papers")).unwrap();
    assert_eq!(library.len().unwrap(), 0);
    let done = add(&server, "?filename=papers.jsonl&skip_bad=true", lines).await;
    assert_eq!(
        (&done["report"]["added"], &done["report"]["invalid"]),
        (&2.into(), &1.into())
    );
    assert_eq!(
        (&done["remarks"][0]["event"], &done["remarks"][0]["line"]),
        (&"left-out".into(), &2.into())
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_a_failed_job() {
    let server = writable(Vec::new());
    let failed = add(&server, "?filename=a.txt", "no format has such a text").await;
    assert_eq!(
        (&failed["state"], &failed["problem"]["type"]),
        (&"failed".into(), &"/problems/invalid-papers".into())
    );
    let cut = "[{\"id\": \"a\", \"title\": \"One\"}, {\"id\": \"b\"";
    let failed = add(&server, "", cut).await;
    assert_eq!(failed["state"], "failed", "{failed}");
}

#[tokio::test]
async fn what_cannot_be_a_file_of_papers_is_refused_at_once() {
    let options = ServerOptions::default()
        .allow_write(true)
        .max_body_bytes(100);
    let server = TestServer::with_options(Vec::new(), options);
    let post = async |query: &str, body: Body| {
        server
            .request("POST", &format!("/api/v1/papers{query}"), body)
            .await
    };
    post("", Body::empty())
        .await
        .problem(400, "invalid-request");
    post("?format=docx", Body::from("a"))
        .await
        .problem(400, "invalid-request");
    post("?skip=true", Body::from("a"))
        .await
        .problem(400, "invalid-request");
    post("?skip_bad=maybe", Body::from("a"))
        .await
        .problem(400, "invalid-request");
    post("?filename=%0A", Body::from("a"))
        .await
        .problem(400, "invalid-option");
    post("?library=physics", Body::from("a"))
        .await
        .problem(404, "unknown-library");
    post("", Body::from("a".repeat(101)))
        .await
        .problem(413, "too-large");
    let chunks = futures::stream::iter([0, 1].map(|_| Ok::<_, std::io::Error>("a".repeat(60))));
    post("", Body::from_stream(chunks))
        .await
        .problem(413, "too-large");
    let form = Request::post("/api/v1/papers")
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
    let form = form.body(Body::from("--x--")).unwrap();
    server.send(form).await.problem(415, "unsupported-media");
    assert_eq!(
        server.get("/api/v1/jobs").await.json()["jobs"],
        serde_json::json!([])
    );
}

#[tokio::test]
async fn events_resume_after_the_last_one_that_a_client_has() {
    let server = writable(Vec::new());
    let answer = server.request("POST", "/api/v1/papers", BIBTEX).await;
    let path = job_path(&answer);
    let all = events(&server.get(&format!("{path}/events")).await);
    let resume = async |id: &str| {
        let request = Request::get(format!("{path}/events"))
            .header(header::HOST, "localhost")
            .header("last-event-id", id);
        server.send(request.body(Body::empty()).unwrap()).await
    };
    let (last, _, done) = all.last().unwrap();
    let resumed = events(&resume(&(last - 1).to_string()).await);
    assert_eq!(resumed, [(*last, "done".to_owned(), done.clone())]);
    let nothing = resume(&last.to_string()).await;
    assert_eq!((nothing.status.as_u16(), nothing.body.len()), (204, 0));
    resume("x").await.problem(400, "invalid-request");
    server
        .get("/api/v1/jobs/0/events")
        .await
        .problem(404, "unknown-job");
}

#[tokio::test]
async fn a_paper_is_removed_by_its_id_or_its_doi() {
    let mut all = papers(3);
    all[1] = all[1].clone().doi("10.1234/ab/c");
    let title = all[2].title.clone();
    let server = writable(all);
    let removed = server
        .request("DELETE", "/api/v1/papers/p0", Body::empty())
        .await
        .json();
    assert_eq!(
        (&removed["removed"], &removed["left"]),
        (&1.into(), &2.into())
    );
    assert_eq!(removed["papers"][0]["id"], "p0");
    for path in ["/api/v1/papers/p0", "/api/v1/papers/nothing?library=papers"] {
        server
            .request("DELETE", path, Body::empty())
            .await
            .problem(404, "unknown-paper");
    }
    // A title names a paper elsewhere, but a change needs more.
    let path = format!("/api/v1/papers/{}", title.replace(' ', "%20"));
    let problem = server
        .request("DELETE", &path, Body::empty())
        .await
        .problem(404, "unknown-paper");
    assert_eq!(problem["nearest"], serde_json::json!(["p2"]));
    let removed = server
        .request("DELETE", "/api/v1/papers/10.1234/AB/c", Body::empty())
        .await
        .json();
    assert_eq!(removed["papers"][0]["id"], "p1");
}

#[tokio::test]
async fn nothing_is_changed_unless_it_is_allowed() {
    let server = TestServer::new(papers(1));
    for (method, path) in [
        ("POST", "/api/v1/papers"),
        ("DELETE", "/api/v1/papers/p0"),
        ("DELETE", "/api/v1/jobs/0"),
    ] {
        server
            .request(method, path, BIBTEX)
            .await
            .problem(403, "forbidden");
    }
    assert_eq!(
        server.get("/api/v1/info").await.json()["libraries"][0]["papers"],
        1
    );
}

/// An embedder that embeds a text for each permit that it receives.
#[derive(Clone, Debug)]
struct Paused {
    inner: LetterPairs,
    permits: Arc<Mutex<Receiver<()>>>,
}

impl Paused {
    /// Creates an embedder, and returns the sender of its permits.
    fn new() -> (Self, Sender<()>) {
        let (sender, permits) = channel();
        let paused = Self {
            inner: LetterPairs::default(),
            permits: Arc::new(Mutex::new(permits)),
        };
        (paused, sender)
    }
}

/// Lets an embedder embed `count` texts.
fn permit(permits: &Sender<()>, count: usize) {
    for _ in 0..count {
        permits.send(()).unwrap();
    }
}

impl Embed for Paused {
    fn info(&self) -> EmbedderInfo {
        self.inner.info()
    }

    fn embed_documents(
        &self,
        texts: &[&str],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Embedded, BoxError> {
        for done in 0..texts.len() {
            self.permits.lock().unwrap().recv()?;
            if progress(Progress::new(done, texts.len())).is_break() {
                return Err("stopped".into());
            }
        }
        self.inner.embed_documents(texts, progress)
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
        self.inner.embed_queries(texts)
    }
}

/// Returns a list of papers with the ids from `first` on.
fn numbered(first: usize, count: usize) -> String {
    let paper =
        |n: usize| serde_json::json!({"id": format!("n{n}"), "title": format!("Title {n}")});
    let papers: Value = (first..first + count).map(paper).collect();
    papers.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_a_library_run_one_after_another_and_can_be_cancelled() {
    let (embedder, permits) = Paused::new();
    let options = ServerOptions::default().allow_write(true);
    let server = TestServer::with_embedder(embedder, options);
    let post = async |first| {
        let answer = server
            .request("POST", "/api/v1/papers", numbered(first, 2))
            .await;
        job_path(&answer)
    };
    let (first, second, third) = (post(0).await, post(2).await, post(4).await);
    // The first job runs until the embedder may go on, and the others wait for it.
    let state = async |path: &str| server.get(path).await.json()["state"].clone();
    assert_eq!(state(&second).await, "waiting");
    let cancelled = server
        .request("DELETE", &second, Body::empty())
        .await
        .json();
    assert_eq!(cancelled["state"], "cancelled");
    assert_eq!(cancelled["progress"]["committed"], 0);
    server.get(&second).await.problem(404, "unknown-job");
    assert_eq!(state(&third).await, "waiting");
    permit(&permits, 2);
    let ended = events(&server.get(&format!("{first}/events")).await);
    assert_eq!(ended.last().unwrap().1, "done");

    // The third job runs now. It stops at the next text.
    let (cancelled, ()) = tokio::join!(server.request("DELETE", &third, Body::empty()), async {
        while server.get("/api/v1/jobs").await.json()["jobs"]
            .as_array()
            .unwrap()
            .len()
            > 1
        {
            tokio::task::yield_now().await;
        }
        permit(&permits, 2);
    },);
    assert_eq!(cancelled.json()["state"], "cancelled");
    let library = Library::open(server.dir.path().join("papers")).unwrap();
    assert_eq!(library.len().unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_of_jobs_is_bounded() {
    let (embedder, permits) = Paused::new();
    let options = ServerOptions::default().allow_write(true);
    let server = TestServer::with_embedder(embedder, options);
    let mut paths = Vec::new();
    for n in 0..16 {
        let answer = server
            .request("POST", "/api/v1/papers", numbered(n, 1))
            .await;
        paths.push(job_path(&answer));
    }
    let refused = server
        .request("POST", "/api/v1/papers", numbered(16, 1))
        .await;
    refused.problem(429, "overloaded");
    assert_eq!(refused.headers[header::RETRY_AFTER], "1");
    permit(&permits, 17);
    for path in &paths {
        server.get(&format!("{path}/events")).await;
    }
    let after = server
        .request("POST", "/api/v1/papers", numbered(16, 1))
        .await;
    server.get(&format!("{}/events", job_path(&after))).await;
    let library = Library::open(server.dir.path().join("papers")).unwrap();
    assert_eq!(library.len().unwrap(), 17);
}

#[tokio::test]
async fn the_last_hundred_jobs_are_kept() {
    let server = writable(Vec::new());
    for _ in 0..102 {
        add(&server, "", "{\"id\": 1}").await;
    }
    let jobs = server.get("/api/v1/jobs").await.json();
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 100);
}
