use cognate_testing::papers;

use crate::client::TestServer;

#[tokio::test]
async fn info_names_the_libraries() {
    let server = TestServer::new(papers(3));
    let info = server.get("/api/v1/info").await.json();
    assert_eq!(info["libraries"][0]["name"], "papers");
    assert_eq!(info["libraries"][0]["papers"], 3);
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_problems() {
    let server = TestServer::new(papers(1));
    server.get("/nothing").await.problem(404, "unknown-route");
    let answer = server.post("/api/v1/info", &serde_json::json!({})).await;
    answer.problem(405, "wrong-method");
}
