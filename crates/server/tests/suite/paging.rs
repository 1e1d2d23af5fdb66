use axum::http::{StatusCode, header};
use cognate_testing::{paper, papers};
use serde_json::{Value, json};

use crate::client::TestServer;

/// Returns the hits of all pages of a query, whose parameters are given.
async fn all_pages(server: &TestServer, query: &str) -> (Vec<Value>, usize) {
    let mut hits = Vec::new();
    let mut pages = 0;
    let mut next = String::new();
    loop {
        let page = server.get(&format!("/api/v1/{query}{next}")).await.json();
        hits.extend(page["hits"].as_array().unwrap().clone());
        pages += 1;
        let Some(token) = page["next"].as_str() else {
            return (hits, pages);
        };
        next = format!("&page={token}");
    }
}

#[tokio::test]
async fn the_pages_together_are_one_query_with_a_larger_k() {
    let server = TestServer::new(papers(150));
    for query in [
        "search?q=graph+proof&k=47",
        "search?q=graph+proof&k=47&diversity=0.5",
        "related?like=p3&like=p20&k=47",
    ] {
        let whole = server.get(&format!("/api/v1/{query}")).await.json();
        let (hits, pages) = all_pages(&server, &format!("{query}&limit=10")).await;
        assert_eq!(hits, *whole["hits"].as_array().unwrap(), "{query}");
        assert_eq!(
            (hits.len(), pages, whole["total"].as_u64()),
            (47, 5, Some(47))
        );
    }
    let (hits, pages) = all_pages(&server, "search?q=graph&limit=30").await;
    assert_eq!((hits.len(), pages), (100, 4));
    let part = server
        .get("/api/v1/search?q=graph+proof&k=47&offset=40")
        .await
        .json();
    let whole = server.get("/api/v1/search?q=graph+proof&k=47").await.json();
    assert_eq!(
        part["hits"].as_array().unwrap()[..],
        whole["hits"].as_array().unwrap()[40..]
    );
}

#[tokio::test]
async fn a_page_of_a_library_that_has_changed_is_refused() {
    let server = TestServer::new(papers(50));
    let first = server.get("/api/v1/search?q=graph&limit=10").await.json();
    let next = format!("page={}", first["next"].as_str().unwrap());
    let path = format!("/api/v1/search?q=graph&limit=10&{next}");
    let second = server.get(&path).await.json();
    assert_eq!(second["hits"][0]["rank"], 11);
    let other = format!("/api/v1/search?q=proof&limit=10&{next}");
    server.get(&other).await.problem(400, "invalid-request");
    let both = format!("{path}&offset=10");
    server.get(&both).await.problem(400, "invalid-request");
    server
        .get("/api/v1/search?q=graph&page=x")
        .await
        .problem(400, "invalid-request");
    // Another process may add papers, so the token follows from the library and not from the server.
    server.library().add([paper(99)]).unwrap();
    server.get(&path).await.problem(409, "changed");
}

#[tokio::test]
async fn an_answer_that_the_client_has_is_not_sent_again() {
    let server = TestServer::new(papers(50));
    for path in [
        "/api/v1/search?q=graph",
        "/api/v1/related?like=p1",
        "/api/v1/papers/p1",
        "/api/v1/explain?q=graph&id=p1",
        "/api/v1/topics",
        "/api/v1/duplicates?threshold=0.9",
        "/api/v1/export?format=csv",
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-cache");
        let tag = answer.headers[header::ETAG].to_str().unwrap().to_owned();
        let again = server.get_if_none_match(path, &tag).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path}");
        assert_eq!(again.headers[header::ETAG], tag.as_str());
        assert!(again.body.is_empty());
        let other = server.get_if_none_match(path, "\"other\"").await;
        assert_eq!((other.status, &other.body), (StatusCode::OK, &answer.body));
    }
    let tag = |answer: &crate::client::Answer| answer.headers[header::ETAG].clone();
    let one = server.get("/api/v1/search?q=graph").await;
    let other = server.get("/api/v1/search?q=proof").await;
    assert_ne!(tag(&one), tag(&other));
    server.library().add([paper(99)]).unwrap();
    let tag = tag(&one);
    let changed = server
        .get_if_none_match("/api/v1/search?q=graph", tag.to_str().unwrap())
        .await;
    assert_eq!(changed.status, StatusCode::OK);
    let body = server.post("/api/v1/search", &json!({"q": "graph"})).await;
    assert!(!body.headers.contains_key(header::ETAG));
}
