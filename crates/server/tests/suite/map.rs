//! The routes of maps.

use axum::body::Body;
use axum::http::header;
use cognate::{MapOptions, PaperMap};
use cognate_server::ServerOptions;
use cognate_testing::{paper, papers};
use serde_json::{Value, json};

use crate::client::{Answer, TestServer, as_sent};

/// Returns a server of a library of papers with a map.
fn mapped(count: usize) -> (TestServer, PaperMap) {
    let server = TestServer::new(papers(count));
    let map = server
        .library()
        .map(&MapOptions::default().epochs(50))
        .unwrap();
    (server, map)
}

/// Splits the columns of points: coordinates, years and topics.
fn columns(answer: &Answer) -> (Vec<f32>, Vec<u16>, Vec<u16>) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        answer.headers[header::CONTENT_TYPE],
        "application/octet-stream"
    );
    let count = answer.body.len() / 12;
    assert_eq!(answer.body.len(), 12 * count);
    let (places, rest) = answer.body.split_at(8 * count);
    let (years, topics) = rest.split_at(2 * count);
    let short = |bytes: &[u8]| {
        let numbers = bytes.as_chunks().0.iter();
        numbers.map(|number| u16::from_le_bytes(*number)).collect()
    };
    let places = places.as_chunks().0.iter();
    let places = places.map(|number| f32::from_le_bytes(*number)).collect();
    (places, short(years), short(topics))
}

/// Returns the job of an answer.
fn job(answer: &Answer) -> Value {
    assert_eq!(answer.status, 202, "{}", answer.text());
    serde_json::from_slice(&answer.body).unwrap()
}

/// Starts the layout of a map, and returns the job when it has ended.
async fn lay_out(server: &TestServer) -> Value {
    let answer = server.request("POST", "/api/v1/map", Body::empty()).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    let path = answer.headers[header::LOCATION]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(job(&answer)["kind"], "map");
    let events = server.get(&format!("{path}/events")).await;
    assert!(events.text().contains("event: done"), "{}", events.text());
    server.get(&path).await.json()
}

#[tokio::test]
async fn a_map_has_labels_and_points() {
    let (server, expected) = mapped(60);
    let map = server.get("/api/v1/map").await.json();
    assert_eq!(
        (&map["papers"], &map["map"]["points"]),
        (&60.into(), &60.into())
    );
    assert_eq!(map["map"]["is_current"], true);
    assert_eq!(map["map"]["is_stored"], true);
    assert_eq!(map["map"]["generation"], expected.generation.to_string());
    let labels = map["labels"].as_array().unwrap();
    assert_eq!(labels.len(), expected.labels.len());
    for (label, expected) in labels.iter().zip(&expected.labels) {
        assert_eq!(label["words"], json!(expected.words));
        assert_eq!(label["papers"], expected.papers);
    }
    let points = server.get("/api/v1/map/points").await;
    assert_eq!(
        points.headers["x-map-revision"],
        map["map"]["revision"].as_str().unwrap()
    );
    let (places, years, topics) = columns(&points);
    for (at, point) in expected.points.iter().enumerate() {
        assert_eq!(places[2 * at].to_bits(), point.x.to_bits());
        assert_eq!(places[2 * at + 1].to_bits(), point.y.to_bits());
        assert_eq!(i32::from(years[at]), point.year.unwrap());
        let topic = point
            .topic
            .map_or(u16::MAX, |topic| u16::try_from(topic).unwrap());
        assert_eq!(topics[at], topic);
    }
    // A client that has the answers gets the status 304, until there is another layout.
    for path in [
        "/api/v1/map",
        "/api/v1/map/points",
        "/api/v1/map/papers?at=1",
    ] {
        let tag = server.get(path).await.headers[header::ETAG]
            .to_str()
            .unwrap()
            .to_owned();
        assert_eq!(
            server.get_if_none_match(path, &tag).await.status,
            304,
            "{path}"
        );
        let other = MapOptions::default().epochs(51);
        server.library().map(&other).unwrap();
        assert_eq!(
            server.get_if_none_match(path, &tag).await.status,
            200,
            "{path}"
        );
        server
            .library()
            .map(&MapOptions::default().epochs(50))
            .unwrap();
        assert_eq!(
            server.get_if_none_match(path, &tag).await.status,
            304,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_library_without_a_map_has_none_until_one_is_laid_out() {
    let server = TestServer::new(papers(30));
    let map = server.get("/api/v1/map").await.json();
    assert_eq!((&map["map"], &map["labels"]), (&Value::Null, &json!([])));
    for path in ["/api/v1/map/points", "/api/v1/map/papers?at=0"] {
        let problem = server.get(path).await;
        let problem = problem.problem(404, "no-map");
        let detail = "the library `papers` has no map; `POST /api/v1/map` makes one";
        assert_eq!(problem["detail"], detail);
    }
    let job = lay_out(&server).await;
    assert_eq!(job["state"], "done");
    assert_eq!(job["file"], Value::Null);
    assert_eq!(
        (&job["map"]["papers"], &job["map"]["is_stored"]),
        (&30.into(), &false.into())
    );
    assert_eq!(job["progress"]["stage"], "topics");
    assert_eq!(job["progress"]["share"], 1.0);
    // The server may not change the library, so the map is in its memory.
    assert_eq!(server.library().stored_map().unwrap(), None);
    let map = server.get("/api/v1/map").await.json();
    assert_eq!(
        (&map["map"]["points"], &map["map"]["is_stored"]),
        (&30.into(), &false.into())
    );
    let expected = server
        .library()
        .map(&MapOptions::default().store(false))
        .unwrap();
    let (places, ..) = columns(&server.get("/api/v1/map/points").await);
    let expected = expected.points.iter().flat_map(|point| [point.x, point.y]);
    assert_eq!(places, expected.collect::<Vec<_>>());
    // A map that is stored later counts.
    server
        .library()
        .map(&MapOptions::default().epochs(40))
        .unwrap();
    let map = server.get("/api/v1/map").await.json();
    assert_eq!(map["map"]["is_stored"], true);
}

#[tokio::test]
async fn a_server_that_may_write_stores_the_map() {
    let options = ServerOptions::default().allow_write(true);
    let server = TestServer::with_options(papers(20), options);
    let ended = lay_out(&server).await;
    assert_eq!(ended["map"]["is_stored"], true);
    let stored = server.library().stored_map().unwrap().unwrap();
    assert_eq!(stored.points.len(), 20);
    // A map of the present papers is not computed a second time.
    let again = lay_out(&server).await;
    assert_eq!(again["map"], ended["map"]);
    assert_eq!(again["progress"]["stage"], Value::Null);
    server.library().add([paper(20)]).unwrap();
    assert_eq!(lay_out(&server).await["map"]["papers"], 21);
    let empty = TestServer::new(Vec::new());
    assert_eq!(lay_out(&empty).await["map"]["papers"], 0);
    let points = empty.get("/api/v1/map/points").await;
    assert_eq!((points.status.as_u16(), points.body.len()), (200, 0));
}

#[tokio::test]
async fn papers_of_points_and_points_of_papers_are_returned() {
    let (server, expected) = mapped(40);
    let found = server.get("/api/v1/map/papers?at=7&at=3").await.json();
    let papers = found["papers"].as_array().unwrap();
    for (paper, at) in papers.iter().zip([7, 3]) {
        let point = &expected.points[at];
        let stored = server.library().get(&point.id).unwrap().unwrap();
        assert_eq!(
            (&paper["at"], &paper["id"], &paper["title"]),
            (&json!(at), &json!(point.id), &json!(stored.title))
        );
        assert_eq!(
            (&paper["x"], &paper["y"]),
            (&as_sent(&point.x), &as_sent(&point.y))
        );
        assert_eq!(paper["year"], json!(stored.year));
    }
    assert_eq!(papers.len(), 2);
    let ids = json!({"id": [papers[1]["id"], "no such id", papers[0]["id"]]});
    let by_id = server.post("/api/v1/map/papers", &ids).await.json();
    assert_eq!(by_id["papers"], json!([papers[1], papers[0]]));
    assert_eq!(by_id["unknown"], json!(["no such id"]));
    let by_body = server
        .post("/api/v1/map/papers", &json!({"at": [7, 3]}))
        .await
        .json();
    assert_eq!(by_body["papers"], found["papers"]);

    let get = async |query: &str| server.get(&format!("/api/v1/map/papers?{query}")).await;
    let problem = get("at=40").await;
    let problem = problem.problem(400, "invalid-option");
    assert_eq!(
        problem["detail"],
        "`at` is 40, expected a number below 40, the number of points"
    );
    get("").await.problem(400, "empty-query");
    get("at=1&id=p1").await.problem(400, "invalid-request");
    get("at=-1").await.problem(400, "invalid-request");
    get("at=1&library=physics")
        .await
        .problem(404, "unknown-library");
    let many = json!({"at": vec![0; 10_001]});
    let problem = server.post("/api/v1/map/papers", &many).await;
    problem.problem(400, "invalid-option");
    let most = json!({"at": vec![1; 10_000]});
    let most = server.post("/api/v1/map/papers", &most).await.json();
    assert_eq!(most["papers"].as_array().unwrap().len(), 10_000);
}

#[tokio::test]
async fn a_map_follows_the_library() {
    let (server, _) = mapped(30);
    let before = server.get("/api/v1/map").await.json();
    let revision = before["map"]["revision"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/map/papers?at=1&revision={revision}");
    assert_eq!(server.get(&path).await.status, 200);
    server.library().remove(&["p3", "p4"]).unwrap();
    server.library().add([paper(100)]).unwrap();
    let after = server.get("/api/v1/map").await.json();
    let map = &after["map"];
    assert_eq!(
        (
            &map["points"],
            &map["placed"],
            &map["removed"],
            &map["is_current"]
        ),
        (&29.into(), &1.into(), &2.into(), &false.into())
    );
    assert_eq!(map["generation"], before["map"]["generation"]);
    assert_ne!(after["generation"], before["generation"]);
    server.get(&path).await.problem(409, "changed");
    let new = server.get("/api/v1/map/papers?id=p100").await.json();
    assert_eq!(new["papers"][0]["at"], 28);
    let (places, ..) = columns(&server.get("/api/v1/map/points").await);
    assert_eq!(as_sent(&places[2 * 28]), new["papers"][0]["x"]);
}

#[tokio::test]
async fn a_damaged_map_is_a_problem_until_the_next_layout() {
    let options = ServerOptions::default().allow_write(true);
    let server = TestServer::with_options(papers(10), options);
    lay_out(&server).await;
    let file = server.dir.path().join("papers").join("map.bin");
    std::fs::write(&file, "not a map").unwrap();
    server.get("/api/v1/map").await.problem(500, "damaged");
    server
        .get("/api/v1/map/points")
        .await
        .problem(500, "damaged");
    lay_out(&server).await;
    assert_eq!(server.get("/api/v1/map").await.json()["map"]["points"], 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_map_is_laid_out_once_for_all_who_ask_and_can_be_cancelled() {
    let server = TestServer::new(papers(400));
    let post = async || job(&server.request("POST", "/api/v1/map", Body::empty()).await);
    let (first, second) = (post().await, post().await);
    assert_eq!(first["id"], second["id"]);
    let path = format!("/api/v1/jobs/{}", first["id"].as_str().unwrap());
    let cancelled = server.request("DELETE", &path, Body::empty()).await.json();
    assert_eq!(cancelled["state"], "cancelled");
    assert_eq!(server.get("/api/v1/map").await.json()["map"], Value::Null);
    let third = post().await;
    assert_ne!(third["id"], first["id"]);
    let path = format!("/api/v1/jobs/{}", third["id"].as_str().unwrap());
    server.request("DELETE", &path, Body::empty()).await;
}
