use cognate::{Filter, Fusion, HitOrder, Mode, PaperHit, Query, QueryText};
use cognate_server::ServerOptions;
use cognate_testing::{LetterPairs, papers};
use serde_json::{Value, json};

use crate::client::{TestServer, as_sent, encoded};

/// Returns hits as the server writes them.
fn documents(hits: &[PaperHit]) -> Value {
    as_sent(hits)
}

#[tokio::test]
async fn every_option_gives_the_answer_of_the_library() {
    let server = TestServer::new(papers(150));
    let library = server.library();
    let text = "graph proof";
    let base = || Query::text(text).score_context(true);
    let filter = Filter::default;
    for (parameters, query) in [
        (json!({}), base()),
        (json!({"k": 3}), base().k(3)),
        (json!({"mode": "vector"}), base().mode(Mode::Vector)),
        (
            json!({"mode": "keyword"}),
            Query::text(text).mode(Mode::Keyword),
        ),
        (
            json!({"mode": "keyword", "score_context": true}),
            base().mode(Mode::Keyword),
        ),
        (
            json!({"fusion": "rrf"}),
            base().fusion(Fusion::ReciprocalRank),
        ),
        (json!({"smooth": true}), base().smooth(true)),
        (json!({"feedback": 3}), base().feedback(3)),
        (json!({"diversity": 0.5}), base().diversity(0.5)),
        (json!({"min_score": 0.4}), base().min_score(0.4)),
        (json!({"every_version": true}), base().every_version(true)),
        (json!({"score_context": false}), Query::text(text)),
        (
            json!({"year": "2003-2010"}),
            base().filter(filter().years(2003..=2010)),
        ),
        (
            json!({"year": "2015-"}),
            base().filter(filter().years(2015..)),
        ),
        (
            json!({"venue": ["Letters"]}),
            base().filter(filter().venue("Letters")),
        ),
        (
            json!({"author": ["Author1", "author2 smith"]}),
            base().filter(filter().author("Author1").author("author2 smith")),
        ),
        (
            json!({"category": ["cs", "q-bio"]}),
            base().filter(filter().category("cs").category("q-bio")),
        ),
        (
            json!({"q": "graph -proof"}),
            QueryText::parse("graph -proof").query().score_context(true),
        ),
        (
            json!({"q": "\"graph proof\" about"}),
            Query::text("\"graph proof\" about").score_context(true),
        ),
        (json!({"q": "p7"}), Query::text("p7").score_context(true)),
    ] {
        let mut parameters = parameters;
        if parameters.get("q").is_none() {
            parameters["q"] = json!(text);
        }
        let expected = documents(&library.search(&query).unwrap());
        assert_ne!(expected, json!([]), "{parameters}");
        let by_body = server.post("/api/v1/search", &parameters).await.json();
        assert_eq!(by_body["hits"], expected, "{parameters}");
        assert_eq!(by_body["query"], parameters["q"]);
        let path = format!("/api/v1/search?{}", encoded(&parameters));
        assert_eq!(server.get(&path).await.json(), by_body, "{parameters}");
    }
}

#[tokio::test]
async fn filters_by_lists_and_dates_and_the_order_are_those_of_the_library() {
    let server = TestServer::new(papers(150));
    let library = server.library();
    let liked: Vec<String> = (0..150).step_by(3).map(|n| format!("p{n}")).collect();
    let hidden: Vec<String> = (0..150).step_by(5).map(|n| format!("p{n}")).collect();
    library.add_to_list("liked", &liked, None).unwrap();
    library.add_to_list("hidden", &hidden, None).unwrap();
    let base = || Query::text("graph proof").score_context(true);
    let filter = Filter::default;
    let date = |text: &str| text.parse().unwrap();
    for (parameters, query) in [
        (
            json!({"list": ["liked"]}),
            base().filter(filter().list("liked")),
        ),
        (
            json!({"list": ["liked", "hidden"]}),
            base().filter(filter().list("liked").list("hidden")),
        ),
        (
            json!({"not_list": ["hidden"]}),
            base().filter(filter().not_list("hidden")),
        ),
        (
            json!({"list": ["liked"], "not_list": ["hidden"]}),
            base().filter(filter().list("liked").not_list("hidden")),
        ),
        (
            json!({"since": "2012-06"}),
            base().filter(filter().published_since(date("2012-06"))),
        ),
        (
            json!({"added_since": "2020"}),
            base().filter(filter().added_since(date("2020"))),
        ),
        (
            json!({"sort": "date", "since": "2005"}),
            base()
                .sort(HitOrder::Date)
                .filter(filter().published_since(date("2005"))),
        ),
    ] {
        let mut parameters = parameters;
        parameters["q"] = json!("graph proof");
        let expected = documents(&library.search(&query).unwrap());
        assert_ne!(expected, json!([]), "{parameters}");
        let by_body = server.post("/api/v1/search", &parameters).await.json();
        assert_eq!(by_body["hits"], expected, "{parameters}");
        let path = format!("/api/v1/search?{}", encoded(&parameters));
        assert_eq!(server.get(&path).await.json(), by_body, "{parameters}");
    }
}

#[tokio::test]
async fn scores_are_those_of_the_library_to_the_last_digit() {
    let server = TestServer::new(papers(150));
    let hits = server
        .library()
        .search(&Query::text("enzyme market").score_context(true));
    let hits = hits.unwrap();
    let answer = server.get("/api/v1/search?q=enzyme+market").await.json();
    for (hit, found) in hits.iter().zip(answer["hits"].as_array().unwrap()) {
        let score: f32 = found["score"].to_string().parse().unwrap();
        let fused: f64 = found["fused_score"].to_string().parse().unwrap();
        assert_eq!(score.to_bits(), hit.score.unwrap().to_bits());
        assert_eq!(fused.to_bits(), hit.fused_score.unwrap().to_bits());
    }
    assert_eq!(hits.len(), 10);
}

#[tokio::test]
async fn a_vector_is_searched_for_in_place_of_a_text() {
    let server = TestServer::new(papers(50));
    let vector = LetterPairs::row("quartz fever");
    let query = Query::vector(vector).k(4).score_context(true);
    let expected = documents(&server.library().search(&query).unwrap());
    let parameters = json!({"vector": as_sent(&vector), "k": 4});
    let by_body = server.post("/api/v1/search", &parameters).await.json();
    assert_eq!(by_body["hits"], expected);
    assert_eq!(by_body["query"], Value::Null);
    let path = format!("/api/v1/search?{}", encoded(&parameters));
    assert_eq!(server.get(&path).await.json(), by_body);
}

#[tokio::test]
async fn wrong_parameters_are_named_with_what_is_expected() {
    let options = ServerOptions::default().max_k(50).max_query_bytes(100);
    let server = TestServer::with_options(papers(5), options);
    for (query, status, kind, detail) in [
        (
            "",
            400,
            "empty-query",
            "`q` is missing, expected a text, or a `vector`",
        ),
        (
            "q=a&venu=x",
            400,
            "invalid-request",
            "unknown parameter `venu`, the nearest name is `venue`",
        ),
        (
            "q=a&k=ten",
            400,
            "invalid-request",
            "`k` is `ten`, expected a whole number, at least 1",
        ),
        (
            "q=a&k=0",
            400,
            "invalid-request",
            "`k` is `0`, expected a whole number, at least 1",
        ),
        (
            "q=a&k=51",
            400,
            "invalid-option",
            "`k` is 51, expected at most 50",
        ),
        (
            "q=a&mode=fuzzy",
            400,
            "invalid-request",
            "`mode` is `fuzzy`, expected one of `vector`, `keyword`, `hybrid`",
        ),
        (
            "q=a&diversity=2",
            400,
            "invalid-request",
            "`diversity` is `2`, expected a number from 0 to 1",
        ),
        (
            "q=a&min_score=-1.5",
            400,
            "invalid-request",
            "`min_score` is `-1.5`, expected a number from -1 to 1",
        ),
        (
            "q=a&year=recent",
            400,
            "invalid-request",
            "`year` is `recent`, expected a year or a range, such as 2017, 2015-2019, 2015- or -2019",
        ),
        (
            "q=a&author=-",
            400,
            "invalid-request",
            "`author` has no word, expected at least one word of the name",
        ),
        (
            "q=a&vector=1",
            400,
            "invalid-request",
            "`q` and `vector` are given, expected one of them",
        ),
        (
            "vector=1",
            400,
            "invalid-option",
            "`vector` has 1 values, expected 24, as the model of the library `papers` gives",
        ),
        (
            "vector=1e39",
            400,
            "invalid-option",
            "`vector` has no direction, expected finite numbers of which one is not 0",
        ),
        ("q=-graph", 400, "empty-query", ""),
        ("q=+", 400, "empty-query", ""),
        (
            "q=a&library=other",
            404,
            "unknown-library",
            "the server has no library `other`",
        ),
    ] {
        let answer = server.get(&format!("/api/v1/search?{query}")).await;
        let problem = answer.problem(status, kind);
        if !detail.is_empty() {
            assert_eq!(problem["detail"], detail, "{query}");
        }
    }
    let long = format!("/api/v1/search?q={}", "a".repeat(101));
    let problem = server.get(&long).await.problem(413, "too-large");
    assert_eq!(problem["detail"], "`q` has 101 bytes, expected at most 100");
    for (body, detail) in [
        (
            json!({"q": "a", "k": "5"}),
            "`k` is `5`, expected a whole number, at least 1",
        ),
        (
            json!({"q": "a", "venue": "x"}),
            "`venue` is `x`, expected a list, each item a text",
        ),
        (
            json!({"q": "a", "modes": "x"}),
            "unknown parameter `modes`, the nearest name is `mode`",
        ),
    ] {
        let problem = server.post("/api/v1/search", &body).await;
        let problem = problem.problem(400, "invalid-request");
        assert_eq!(problem["detail"], detail);
    }
    let body = json!({"vector": as_sent(&LetterPairs::row("a")), "mode": "keyword"});
    let problem = server.post("/api/v1/search", &body).await;
    let expected = "`mode` is `keyword`, expected a query by text or by papers if it is set";
    assert_eq!(problem.problem(400, "invalid-option")["detail"], expected);
    let list = server.post("/api/v1/search", &json!([1])).await;
    list.problem(400, "invalid-request");
}

#[tokio::test]
async fn an_empty_answer_has_reasons() {
    let server = TestServer::new(papers(20));
    for (query, kind, text) in [
        (
            "q=graph&author=Smyth",
            "author",
            "no author matches `Smyth`; nearest: Author0 Smith",
        ),
        (
            "q=graph&year=1900",
            "years",
            "no paper is from 1900; the library has papers from 2000 to 2019",
        ),
        (
            "q=graph&year=2010-2005",
            "years",
            "no paper is from 2010 to 2005",
        ),
        (
            "q=nosuchword&mode=keyword",
            "words",
            "no paper has the word `nosuchword`",
        ),
        (
            "q=graph&min_score=1",
            "min-score",
            "no paper has a cosine similarity of at least 1",
        ),
    ] {
        let answer = server.get(&format!("/api/v1/search?{query}")).await.json();
        assert_eq!(answer["hits"], json!([]), "{query}");
        let reason = &answer["reasons"][0];
        assert_eq!(reason["kind"], kind, "{query}");
        let found = reason["text"].as_str().unwrap();
        assert!(found.starts_with(text), "{found}");
    }
    let empty = TestServer::new(Vec::new());
    let answer = empty.get("/api/v1/search?q=graph").await.json();
    assert_eq!(answer["reasons"][0]["kind"], "empty-library");
    let found = server.get("/api/v1/search?q=graph").await.json();
    assert_eq!(found.get("reasons"), None);
}

#[tokio::test]
async fn hits_are_explained() {
    let server = TestServer::new(papers(20));
    let library = server.library();
    let hits = library.search(&Query::text("graph proof").k(3)).unwrap();
    let expected = library.explain("graph proof", &hits).unwrap();
    let path = "/api/v1/search?q=graph+proof&k=3&explain=true&score_context=false";
    let answer = server.get(path).await.json();
    for (hit, explanation) in answer["hits"].as_array().unwrap().iter().zip(expected) {
        assert_eq!(hit["explanation"], as_sent(&explanation));
    }
    assert_eq!(answer["hits"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn hits_of_several_libraries_are_merged() {
    let all = papers(60);
    let server = TestServer::with_libraries(vec![
        ("first", all[..40].to_vec()),
        ("second", all[30..].to_vec()),
    ]);
    let query = Query::text("graph proof").k(20).score_context(true);
    let libraries = [
        server.library_named("first"),
        server.library_named("second"),
    ];
    let rankings = libraries
        .iter()
        .map(|library| library.search(&query).unwrap());
    let merged = cognate::merge_hits(rankings.collect(), true, 20);
    let path = "/api/v1/search?q=graph+proof&k=20&library=first&library=second";
    let answer = server.get(path).await.json();
    assert_eq!(answer["libraries"], json!(["first", "second"]));
    let names = ["first", "second"];
    assert!(merged.iter().any(|hit| !hit.also_in.is_empty()));
    for (hit, merged) in answer["hits"].as_array().unwrap().iter().zip(&merged) {
        assert_eq!(hit["library"], names[merged.library]);
        assert_eq!(hit["id"], merged.hit.paper.id);
        assert_eq!(hit["rank"], merged.hit.rank);
        let also_in: Vec<&str> = merged.also_in.iter().map(|at| names[*at]).collect();
        let found = hit.get("also_in").cloned().unwrap_or(json!([]));
        assert_eq!(found, json!(also_in));
    }
    assert_eq!(answer["hits"].as_array().unwrap().len(), 20);
}
