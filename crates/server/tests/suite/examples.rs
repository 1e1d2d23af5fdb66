//! The examples of the description, sent to a server.

use axum::http::StatusCode;
use cognate::MapOptions;
use cognate_testing::papers;
use serde_json::{Map, Value, json};

use crate::client::{TestServer, encoded};

/// The routes of queries, with the field of the answer that an example fills.
const ROUTES: &[(&str, &str)] = &[
    ("/api/v1/search", "hits"),
    ("/api/v1/related", "hits"),
    ("/api/v1/papers/{id}", "paper"),
    ("/api/v1/explain", "explanations"),
    ("/api/v1/missed", "hits"),
    ("/api/v1/topics", "topics"),
    ("/api/v1/duplicates", "pairs"),
    ("/api/v1/map/papers", "papers"),
    ("/api/v1/export", ""),
];

#[tokio::test]
async fn every_example_is_answered_as_described() {
    let server = TestServer::new(papers(60));
    let options = MapOptions::default().epochs(10);
    server.library().map(&options).unwrap();
    let description = server.get("/openapi.json").await.json();
    for (route, field) in ROUTES {
        let operations = description["paths"][route].as_object();
        let operations = operations.unwrap_or_else(|| panic!("{route} is not described"));
        if let Some(get) = operations.get("get") {
            let (mut path, mut query) = ((*route).to_owned(), Map::new());
            for parameter in get["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                let example = parameter["example"].clone();
                if parameter["in"] == "path" {
                    path = path.replace(&format!("{{{name}}}"), example.as_str().unwrap());
                } else if !example.is_null() {
                    query.insert(name.to_owned(), example);
                }
            }
            // The answer is compared with the description when it comes.
            let path = format!("{path}?{}", encoded(&Value::Object(query)));
            let answer = server.get(&path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
            if !field.is_empty() {
                let found = &answer.json()[field];
                assert!(found.is_object() || *found != json!([]), "{path}");
            }
        }
        if let Some(post) = operations.get("post") {
            let example = &post["requestBody"]["content"]["application/json"]["example"];
            let answer = server.post(route, example).await.json();
            assert_ne!(answer[field], json!([]), "{route}");
        }
    }
}
