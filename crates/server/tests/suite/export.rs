use std::ops::ControlFlow;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use cognate::{ExportFormat, Filter, Listing, PaperReader, PaperWriter, SortBy};
use cognate_testing::papers;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::client::TestServer;

#[tokio::test]
async fn every_format_is_the_one_of_the_command() {
    let server = TestServer::new(papers(30));
    let library = server.library();
    let listing = Listing::default()
        .filter(Filter::default().category("cs"))
        .sort_by(SortBy::Year)
        .reverse(true)
        .limit(9);
    for (format, form, file) in [
        (ExportFormat::JsonLines, "application/jsonl", "papers.jsonl"),
        (ExportFormat::Json, "application/json", "papers.json"),
        (ExportFormat::Csv, "text/csv; charset=utf-8", "papers.csv"),
        (ExportFormat::Bibtex, "application/x-bibtex", "papers.bib"),
        (
            ExportFormat::Ris,
            "application/x-research-info-systems",
            "papers.ris",
        ),
        (
            ExportFormat::CslJson,
            "application/vnd.citationstyles.csl+json",
            "papers.csl.json",
        ),
        (
            ExportFormat::Markdown,
            "text/markdown; charset=utf-8",
            "papers.md",
        ),
    ] {
        let mut writer = PaperWriter::new(Vec::new(), format);
        let write = |paper| {
            writer.write(&paper).unwrap();
            ControlFlow::Continue(())
        };
        library.list(&listing, write).unwrap();
        let expected = writer.finish().unwrap();
        let options = "category=cs&sort=year&reverse=true&limit=9";
        let path = format!("/api/v1/export?format={format}&{options}");
        let answer = server.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.body, expected, "{format}");
        assert_eq!(answer.headers[header::CONTENT_TYPE], form);
        let disposition = format!("attachment; filename=\"{file}\"");
        assert_eq!(
            answer.headers[header::CONTENT_DISPOSITION],
            disposition.as_str()
        );
    }
}

#[tokio::test]
async fn named_papers_are_exported_in_their_order() {
    let server = TestServer::new(papers(30));
    let answer = server.get("/api/v1/export?id=p7&id=p2&id=p7").await;
    let read = PaperReader::new(answer.body.as_slice(), "papers.jsonl").unwrap();
    let ids: Vec<String> = read.map(|paper| paper.unwrap().id).collect();
    assert_eq!(ids, ["p7", "p2"]);
    server
        .get("/api/v1/export?id=p7&id=x")
        .await
        .problem(404, "unknown-paper");
    server
        .get("/api/v1/export?id=p7&limit=1")
        .await
        .problem(400, "invalid-option");
    server
        .get("/api/v1/export?format=pdf")
        .await
        .problem(400, "invalid-request");
    let empty = TestServer::new(Vec::new());
    assert_eq!(empty.get("/api/v1/export").await.text(), "");
    assert_eq!(
        empty.get("/api/v1/export?format=json").await.text().trim(),
        "[]"
    );
}

#[tokio::test]
async fn a_long_export_is_sent_in_parts_and_stops_when_the_client_goes_away() {
    let server = TestServer::new(papers(3_000));
    let request = Request::get("/api/v1/export").header(header::HOST, "localhost");
    let request = request.body(Body::empty()).unwrap();
    let response = server.server.router().oneshot(request).await.unwrap();
    let mut body = response.into_body();
    let part = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!((64 << 10..80 << 10).contains(&part.len()), "{}", part.len());
    drop(body);
    let whole = server.get("/api/v1/export").await;
    assert!(whole.body.starts_with(&part));
    assert_eq!(whole.text().lines().count(), 3_000);
}
