//! Health, metrics and the log.

use cognate_server::ServerOptions;
use cognate_testing::papers;

use crate::client::TestServer;
use crate::socket::RunningServer;

#[tokio::test]
async fn a_server_is_ready_while_its_libraries_can_be_read() {
    let server = TestServer::new(papers(3));
    assert_eq!(server.get("/health/live").await.json()["status"], "live");
    let ready = server.get("/health/ready").await.json();
    assert_eq!(ready["status"], "ready");
    assert_eq!(
        (&ready["libraries"], &ready["models"]),
        (&1.into(), &0.into())
    );
    std::fs::remove_file(server.dir.path().join("papers/papers.sqlite")).unwrap();
    server.get("/health/ready").await.problem(500, "damaged");
    assert_eq!(server.get("/health/live").await.json()["status"], "live");
}

#[tokio::test]
async fn metrics_count_requests_by_route_and_never_by_texts_of_clients() {
    let server = TestServer::new(papers(3));
    for _ in 0..2 {
        server.get("/api/v1/info?library=secret").await;
    }
    server.get("/secret").await;
    let answer = server.get("/metrics").await;
    assert_eq!(answer.headers["content-type"], "text/plain; version=0.0.4");
    let text = answer.text();
    for line in [
        "http_requests_total{method=\"GET\",route=\"/api/v1/info\",status=\"200\"} 2",
        "http_requests_total{method=\"GET\",route=\"unknown\",status=\"404\"} 1",
        "http_request_duration_seconds_count{method=\"GET\",route=\"/api/v1/info\"} 2",
        "cognate_papers{library=\"papers\"} 3",
        "cognate_queue_running 0",
        "cognate_queue_waiting 0",
        "cognate_queue_refused_total 0",
        "# TYPE http_request_duration_seconds histogram",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}\n{text}");
    }
    assert!(!text.contains("secret"), "{text}");
    let value = |name: &str| -> f64 {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().parse().unwrap()
    };
    assert!(value("process_start_time_seconds ") > 1.7e9);
    #[cfg(target_os = "linux")]
    assert!(value("process_resident_memory_bytes ") > 1e6);
}

#[tokio::test]
async fn every_answer_forbids_guessing_and_embedding() {
    let server = RunningServer::start(ServerOptions::default()).await;
    for path in ["/api/v1/info", "/nothing", "/%ff"] {
        let answer = server.request(&format!("GET {path}"), "", "").await;
        let header = |name| answer.header(name).unwrap_or_default();
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
    }
}
