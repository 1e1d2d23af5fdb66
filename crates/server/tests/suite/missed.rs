use cognate::{Draft, DraftFormat, Filter, MissedOptions, Paper};
use cognate_server::ServerOptions;
use cognate_testing::papers;
use serde_json::json;

use crate::client::{TestServer, as_sent};

const MARKDOWN: &str =
    "# On graphs\n\nAbout graph and proof [@p1]. About enzyme and galaxy [@nobody].\n";

#[tokio::test]
async fn a_draft_is_read_as_the_command_reads_it() {
    let server = TestServer::new(papers(40));
    let library = server.library();
    let draft = Draft::parse(MARKDOWN, DraftFormat::Markdown);
    let options = MissedOptions::default().k(5);
    let report = as_sent(&library.missed(&draft, &[], &options).unwrap());
    let body = json!({"text": MARKDOWN, "format": "markdown", "k": 5});
    let answer = server.post("/api/v1/missed", &body).await.json();
    assert_eq!(answer["title"], "On graphs");
    for field in ["sentences", "hits", "cited"] {
        assert_eq!(answer[field], report[field], "{field}");
    }
    assert_eq!(answer["cited"]["found"][0]["id"], "p1");
    let as_body = server.send_text(
        "/api/v1/missed?k=5",
        "text/markdown; charset=utf-8",
        MARKDOWN,
    );
    assert_eq!(as_body.await.json(), answer);

    let tex =
        "\\begin{document}About graph and proof~\\cite{key}. \\input{/etc/hostname}\\end{document}";
    let filtered = MissedOptions::default().filter(Filter::default().category("cs"));
    let references = [Paper::new("key").title(papers(2)[1].title.clone())];
    let draft = Draft::parse(tex, DraftFormat::Latex);
    let report = as_sent(&library.missed(&draft, &references, &filtered).unwrap());
    let body = json!({
        "text": tex, "format": "latex", "category": ["cs"],
        "bibliography": [{"id": "key", "title": papers(2)[1].title}]
    });
    let answer = server.post("/api/v1/missed", &body).await.json();
    assert_eq!(answer["hits"], report["hits"]);
    assert_eq!(answer["cited"], report["cited"]);
    assert_eq!(answer["cited"]["found"][0]["id"], "p1");
}

#[tokio::test]
async fn references_may_be_a_file() {
    let server = TestServer::new(papers(40));
    let tex = "\\begin{document}About graph and proof~\\cite{key}. About an enzyme.\\end{document}";
    let title = &papers(2)[1].title;
    let bib = format!("@article{{key, title = {{{title}}}}}\n@article{{empty, year = {{1999}}}}\n");
    let as_papers = json!({
        "text": tex, "format": "latex", "k": 3, "bibliography": [{"id": "key", "title": title}]
    });
    let as_papers = server.post("/api/v1/missed", &as_papers).await.json();
    let file = json!({"name": "refs.bib", "content": bib});
    let body = json!({"text": tex, "format": "latex", "k": 3, "bibliography_file": file});
    let answer = server.post("/api/v1/missed", &body).await.json();
    assert_eq!(answer["cited"]["found"][0]["id"], "p1");
    for field in ["hits", "cited", "sentences"] {
        assert_eq!(answer[field], as_papers[field], "{field}");
    }
    let unread = answer["unread_references"].as_array().unwrap();
    assert_eq!(unread.len(), 1);
    assert!(
        unread[0].as_str().unwrap().starts_with("refs.bib:2: "),
        "{unread:?}"
    );
    assert!(as_papers.get("unread_references").is_none());

    for file in [
        json!({"content": "no list of references"}),
        json!({"name": "refs.bib"}),
        json!("@article{key}"),
    ] {
        let body = json!({"text": "A graph.", "bibliography_file": file});
        let answer = server.post("/api/v1/missed", &body).await;
        assert_eq!(answer.status, 400, "{file}");
    }
    let body = json!({
        "text": "A graph.", "bibliography": [{"id": "key", "title": "A graph"}],
        "bibliography_file": {"content": ""}
    });
    let answer = server.post("/api/v1/missed", &body).await;
    answer.problem(400, "invalid-request");
}

#[tokio::test]
async fn what_is_not_a_draft_is_a_problem() {
    let options = ServerOptions::default().max_k(30);
    let server = TestServer::with_options(papers(5), options);
    for (body, status, kind) in [
        (json!({"text": "A graph.", "k": 31}), 400, "invalid-option"),
        (
            json!({"text": "A graph.", "format": "docx"}),
            400,
            "invalid-request",
        ),
        (json!({"text": ""}), 400, "empty-query"),
        (json!({"k": 3}), 400, "invalid-request"),
        (
            json!({"text": "A graph.", "bibliography": [{"year": 1}]}),
            400,
            "invalid-papers",
        ),
    ] {
        let answer = server.post("/api/v1/missed", &body).await;
        answer.problem(status, kind);
    }
    let path = "/api/v1/missed";
    let pdf = server.send_text(path, "application/pdf", "%PDF").await;
    pdf.problem(415, "unsupported-media");
    let word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    let problem = server.send_text(path, word, "no archive").await;
    let problem = problem.problem(400, "invalid-papers");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .starts_with("draft.docx"),
        "{problem}"
    );
    let twice = server
        .post("/api/v1/missed?k=3", &json!({"text": "A graph."}))
        .await;
    twice.problem(400, "invalid-request");
    let empty = TestServer::new(Vec::new());
    let answer = empty.post(path, &json!({"text": "A graph."})).await;
    answer.problem(409, "empty-library");
}
