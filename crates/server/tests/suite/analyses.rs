use cognate::TopicOptions;
use cognate_testing::{paper, papers};
use serde_json::json;

use crate::client::{TestServer, as_sent};

#[tokio::test]
async fn topics_are_those_of_the_library() {
    let server = TestServer::new(papers(80));
    let options = TopicOptions::default().resolution(1.5).words(2).central(1);
    let expected = as_sent(&server.library().topics(&options).unwrap());
    let path = "/api/v1/topics?resolution=1.5&words=2&central=1";
    let answer = server.get(path).await.json();
    assert_eq!(answer["modularity"], expected["modularity"]);
    assert_eq!(answer["unplaced"], expected["unplaced"]);
    let topics = answer["topics"].as_array().unwrap();
    assert!(topics.len() > 1);
    for (topic, expected) in topics.iter().zip(expected["topics"].as_array().unwrap()) {
        for field in ["words", "central", "ids"] {
            assert_eq!(topic[field], expected[field]);
        }
        assert_eq!(topic["size"], topic["ids"].as_array().unwrap().len());
    }
    let problem = server.get("/api/v1/topics?resolution=0").await;
    let problem = problem.problem(400, "invalid-request");
    assert_eq!(
        problem["detail"],
        "`resolution` is `0`, expected a number above 0"
    );
    let empty = TestServer::new(Vec::new())
        .get("/api/v1/topics")
        .await
        .json();
    assert_eq!(empty["topics"], json!([]));
}

#[tokio::test]
async fn duplicates_are_those_of_the_library_in_pages() {
    let server = TestServer::new(papers(80));
    let expected = as_sent(&server.library().duplicates(0.9).unwrap());
    let expected = expected.as_array().unwrap();
    assert!(expected.len() > 6);
    let path = "/api/v1/duplicates?threshold=0.9";
    let whole = server.get(path).await.json();
    assert_eq!(whole["pairs"].as_array().unwrap(), expected);
    let mut pairs = Vec::new();
    let mut page = format!("{path}&limit=4");
    loop {
        let answer = server.get(&page).await.json();
        assert_eq!(answer["total"], expected.len());
        pairs.extend(answer["pairs"].as_array().unwrap().clone());
        let Some(next) = answer["next"].as_str() else {
            break;
        };
        page = format!("{path}&limit=4&page={next}");
    }
    assert_eq!(pairs, *expected);
    server.library().add([paper(99)]).unwrap();
    assert!(page.contains("&page="));
    server.get(&page).await.problem(409, "changed");
    server
        .get("/api/v1/duplicates?threshold=0.1")
        .await
        .problem(400, "invalid-request");
}
