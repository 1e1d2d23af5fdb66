use axum::body::Body;
use cognate_server::ServerOptions;
use cognate_testing::papers;
use serde_json::{Value, json};

use crate::client::TestServer;

fn writable() -> TestServer {
    TestServer::with_options(papers(12), ServerOptions::default().allow_write(true))
}

fn ids(document: &Value) -> Vec<&str> {
    let papers = document["papers"].as_array().unwrap().iter();
    papers.map(|paper| paper["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn papers_are_put_on_lists_with_notes_and_taken_off() {
    let server = writable();
    let many = json!({"ids": ["p1", "p2"], "note": "first"});
    let change = server
        .post("/api/v1/lists/to%20read/papers", &many)
        .await
        .json();
    assert_eq!(
        (&change["list"], &change["changed"]),
        (&"to read".into(), &2.into())
    );
    let note = Body::from(r#"{"note": "second"}"#);
    let path = "/api/v1/lists/to%20read/papers/p1";
    let change = server.request("PUT", path, note).await.json();
    assert_eq!(change["changed"], 0);
    assert_eq!(
        change["generation"],
        server.library().generation().unwrap().to_string()
    );
    let list = server.get("/api/v1/lists/to%20read").await.json();
    assert_eq!(ids(&list), ["p1", "p2"]);
    let notes = json!([{"name": "to read", "note": "second"}]);
    assert_eq!(list["papers"][0]["lists"], notes);
    let lists = server.get("/api/v1/lists").await.json();
    assert!(
        lists["lists"]
            .as_array()
            .unwrap()
            .contains(&json!({"name": "to read", "papers": 2}))
    );
    let change = server.request("DELETE", path, Body::empty()).await.json();
    assert_eq!(change["changed"], 1);
    assert_eq!(
        ids(&server.get("/api/v1/lists/to%20read").await.json()),
        ["p2"]
    );
    // One unknown paper keeps all from being put on the list.
    let unknown = json!({"ids": ["p5", "nothing"]});
    let answer = server.post("/api/v1/lists/liked/papers", &unknown).await;
    answer.problem(404, "unknown-paper");
    assert_eq!(
        ids(&server.get("/api/v1/lists/liked").await.json()),
        [""; 0]
    );
}

#[tokio::test]
async fn lists_are_created_and_deleted_except_those_of_every_library() {
    let server = writable();
    let path = "/api/v1/lists/thesis";
    server.get(path).await.problem(404, "unknown-list");
    assert_eq!(server.request("PUT", path, Body::empty()).await.status, 201);
    assert_eq!(server.request("PUT", path, Body::empty()).await.status, 200);
    server.request("DELETE", path, Body::empty()).await.json();
    let again = server.request("DELETE", path, Body::empty()).await;
    again.problem(404, "unknown-list");
    let built_in = server
        .request("DELETE", "/api/v1/lists/liked", Body::empty())
        .await;
    built_in.problem(409, "built-in-list");
    let comma = server
        .request("PUT", "/api/v1/lists/a,b", Body::empty())
        .await;
    comma.problem(400, "invalid-option");
}

#[tokio::test]
async fn the_pages_of_a_listing_are_the_listing() {
    let server = writable();
    let all = server
        .get("/api/v1/papers?sort=id&reverse=true")
        .await
        .json();
    assert_eq!((ids(&all).len(), &all["next"]), (12, &Value::Null));
    let first = server
        .get("/api/v1/papers?sort=id&reverse=true&limit=7")
        .await
        .json();
    let next = first["next"].as_str().unwrap();
    let path = format!("/api/v1/papers?sort=id&reverse=true&limit=7&page={next}");
    let second = server.get(&path).await.json();
    assert_eq!([ids(&first), ids(&second)].concat(), ids(&all));
    assert_eq!(second["next"], Value::Null);
    server
        .request("DELETE", "/api/v1/papers/p3", Body::empty())
        .await
        .json();
    server.get(&path).await.problem(409, "changed");
}

#[tokio::test]
async fn facets_and_suggestions_are_those_of_the_library() {
    let server = writable();
    let library = server.library();
    let facets = server.get("/api/v1/facets?limit=3").await.json();
    let expected = library.facets(&cognate::Filter::default(), 3).unwrap();
    assert_eq!(facets["papers"], 12);
    assert_eq!(facets["venues"], json!(expected.venues));
    let years = expected.years.iter();
    let years: Vec<Value> = years
        .map(|(year, papers)| json!({"year": year, "papers": papers}))
        .collect();
    assert_eq!(facets["years"], json!(years));
    let suggestions = server.get("/api/v1/suggest?q=gra&k=2").await.json();
    let expected = library.suggest("gra", 2).unwrap();
    assert!(!expected.is_empty());
    assert_eq!(suggestions["suggestions"], json!(expected));
}
