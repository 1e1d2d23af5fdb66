use cognate::{Filter, Mode, Paper, Query, Strategy};
use cognate_testing::{paper, papers};
use serde_json::{Value, json};

use crate::client::{TestServer, as_sent, encoded};

#[tokio::test]
async fn every_option_gives_the_answer_of_the_library() {
    let server = TestServer::new(papers(150));
    let library = server.library();
    let base = || Query::papers(["p3", "p20"]).score_context(true);
    for (parameters, query) in [
        (json!({}), base()),
        (json!({"not": ["p40"]}), base().not(["p40"])),
        (
            json!({"strategy": "nearest-example"}),
            base().strategy(Strategy::NearestExample),
        ),
        (
            json!({"strategy": "svm", "not": ["p40"]}),
            base().strategy(Strategy::Svm).not(["p40"]),
        ),
        (
            json!({"mode": "vector", "k": 7}),
            base().mode(Mode::Vector).k(7),
        ),
        (json!({"smooth": false}), base().smooth(false)),
        (json!({"diversity": 0.3}), base().diversity(0.3)),
        (
            json!({"year": "-2010"}),
            base().filter(Filter::default().years(..=2010)),
        ),
        (
            json!({"like": ["p3"], "explain": false}),
            Query::papers(["p3"]).score_context(true),
        ),
    ] {
        let mut parameters = parameters;
        if parameters.get("like").is_none() {
            parameters["like"] = json!(["p3", "p20"]);
        }
        let expected = as_sent(&library.search(&query).unwrap());
        assert_ne!(expected, json!([]));
        let by_body = server.post("/api/v1/related", &parameters).await.json();
        assert_eq!(by_body["hits"], expected, "{parameters}");
        assert_eq!(by_body["query"], parameters["like"]);
        let path = format!("/api/v1/related?{}", encoded(&parameters));
        assert_eq!(server.get(&path).await.json(), by_body, "{parameters}");
    }
}

#[tokio::test]
async fn papers_are_named_in_every_way_and_unknown_ones_have_neighbors() {
    let mut named = paper(7).doi("10.1234/x.y");
    named.id = "doi:10.1234/x.y".to_owned();
    let papers = papers(30).into_iter().chain([named]);
    let server = TestServer::new(papers.collect());
    let by_id = server
        .get("/api/v1/related?like=doi:10.1234/x.y")
        .await
        .json();
    assert_eq!(by_id["query"], json!(["doi:10.1234/x.y"]));
    let by_address = "/api/v1/related?like=https://doi.org/10.1234/X.Y";
    assert_eq!(server.get(by_address).await.json(), by_id);
    let problem = server.get("/api/v1/related?like=p77").await;
    let problem = problem.problem(404, "unknown-paper");
    assert!(
        problem["nearest"]
            .as_array()
            .unwrap()
            .contains(&json!("p7"))
    );
    let none = server.get("/api/v1/related").await;
    assert_eq!(
        none.problem(400, "invalid-request")["detail"],
        "`like` is missing"
    );
    let none = server.post("/api/v1/related", &json!({"like": []})).await;
    none.problem(400, "empty-query");
}

#[tokio::test]
async fn several_libraries_are_searched_for_papers_that_one_of_them_has() {
    let all = papers(60);
    let server = TestServer::with_libraries(vec![
        ("first", all[..30].to_vec()),
        ("second", all[25..].to_vec()),
    ]);
    let path = "/api/v1/related?like=p3&library=first&library=second&k=12";
    let answer = server.get(path).await.json();
    let first = server.library_named("first");
    let second = server.library_named("second");
    let rankings = vec![
        first
            .search(&Query::papers(["p3"]).k(13).score_context(true))
            .unwrap(),
        {
            let vector = first.vector("p3").unwrap().unwrap();
            second
                .search(&Query::vector(vector).k(13).score_context(true))
                .unwrap()
        },
    ];
    let merged = cognate::merge_hits(rankings, true, 12);
    let ids = |hits: &Value| -> Vec<String> {
        let hits = hits.as_array().unwrap().iter();
        hits.map(|hit| hit["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let expected: Vec<&str> = merged.iter().map(|hit| hit.hit.paper.id.as_str()).collect();
    assert_eq!(ids(&answer["hits"]), expected);
    let not = server.get(&format!("{path}&not=p4")).await;
    let detail = &not.problem(400, "invalid-option")["detail"];
    assert_eq!(*detail, "`not` needs one library, found several");
}

#[tokio::test]
async fn a_paper_has_all_fields_and_its_versions() {
    let preprint = Paper::new("arXiv:2001.00001").title("Sorting by rotating wheels");
    let published = Paper::new("10.1234/a/b").title("Sorting by rotating wheels");
    let papers = [
        preprint
            .abstract_text("wheels")
            .authors(["Ann Ada"])
            .year(2020),
        published
            .abstract_text("wheels")
            .authors(["Ann Ada"])
            .doi("10.1234/a/b"),
        Paper::new("a%2Fb?c d").title("An id of every kind"),
    ];
    let server = TestServer::new(papers.to_vec());
    let library = server.library();
    let mut expected = as_sent(&library.get("10.1234/a/b").unwrap().unwrap());
    expected["versions"] = as_sent(&library.versions("10.1234/a/b").unwrap());
    assert_eq!(expected["versions"][0]["id"], "arXiv:2001.00001");
    for path in ["10.1234/a/b", "10.1234%2Fa%2Fb", "10.1234%2fa/b"] {
        let answer = server.get(&format!("/api/v1/papers/{path}")).await.json();
        assert_eq!(answer["paper"], expected, "{path}");
        assert_eq!(answer["matched_by"], Value::Null);
    }
    let answer = server
        .get("/api/v1/papers/https://arxiv.org/abs/2001.00001v2")
        .await;
    let answer = answer.json();
    assert_eq!(answer["paper"]["id"], "arXiv:2001.00001");
    let answer = server.get("/api/v1/papers/a%252Fb%3Fc%20d").await.json();
    assert_eq!(answer["paper"]["title"], "An id of every kind");
    let unknown = server.get("/api/v1/papers/10.1234/a/c").await;
    let problem = unknown.problem(404, "unknown-paper");
    assert_eq!(problem["nearest"][0], "10.1234/a/b");
}

#[tokio::test]
async fn papers_are_explained_by_a_text_or_by_papers() {
    let server = TestServer::new(papers(20));
    let library = server.library();
    let hits = library.search(&Query::text("graph proof").k(2)).unwrap();
    let ids: Vec<&str> = hits.iter().map(|hit| hit.paper.id.as_str()).collect();
    let of_ids = format!("id={}&id={}", ids[0], ids[1]);
    let by_text = format!("/api/v1/explain?q=graph+proof&{of_ids}");
    let answer = server.get(&by_text).await.json();
    let expected = library.explain("graph proof", &hits).unwrap();
    for (at, explanation) in expected.iter().enumerate() {
        let mut expected = as_sent(explanation);
        expected["id"] = json!(ids[at]);
        expected["title"] = json!(hits[at].paper.title);
        assert_eq!(answer["explanations"][at], expected);
    }
    let by_papers = format!("/api/v1/explain?like=p9&{of_ids}");
    let answer = server.get(&by_papers).await.json();
    let expected = library.explain_related(&["p9"], &hits).unwrap();
    assert_eq!(
        answer["explanations"][1]["words"],
        as_sent(&expected[1].words)
    );
    let neither = server.get(&format!("/api/v1/explain?{of_ids}")).await;
    neither.problem(400, "empty-query");
    let both = server.get(&format!("{by_text}&like=p9")).await;
    both.problem(400, "invalid-request");
    server
        .get("/api/v1/explain?q=a&id=x")
        .await
        .problem(404, "unknown-paper");
}
