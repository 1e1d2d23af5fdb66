use std::ops::ControlFlow;

use cognate::{Library, Mode, Paper, PaperHit, Query, Strategy};
use cognate_server::{ServedLibrary, Server, ServerOptions};
use cognate_testing::{LetterPairs, papers};
use serde_json::{Value, json};

use crate::agent::agents;
use crate::client::TestServer;

/// Opens the library of a server another time.
fn library(server: &TestServer) -> Library {
    let library = Library::open(server.dir.path().join("papers")).unwrap();
    library.with_embedder(LetterPairs::default()).unwrap()
}

/// Compares the papers of an answer with hits, the scores bit for bit.
#[track_caller]
#[expect(
    clippy::cast_possible_truncation,
    reason = "cosines are numbers of 32 bits"
)]
fn assert_same(document: &Value, hits: &[PaperHit]) {
    let found = document["papers"].as_array().unwrap();
    assert!(!hits.is_empty());
    assert_eq!(found.len(), hits.len());
    for (found, hit) in found.iter().zip(hits) {
        assert_eq!(found["id"], hit.paper.id);
        let score = found["score"].as_f64().unwrap() as f32;
        assert_eq!(score.to_bits(), hit.score.unwrap().to_bits());
        assert_eq!(found["rank"], hit.rank);
        let percentile = hit.score_context.and_then(|context| context.percentile);
        if let Some(percentile) = percentile {
            let found = found["percentile"].as_f64().unwrap() as f32;
            assert_eq!(found.to_bits(), percentile.to_bits());
        }
    }
}

#[tokio::test]
async fn searches_have_the_ids_and_scores_of_the_library() {
    let server = TestServer::new(papers(150));
    let library = library(&server);
    for mut agent in agents(&server).await {
        for (name, mode) in [
            ("hybrid", Mode::Hybrid),
            ("vector", Mode::Vector),
            ("keyword", Mode::Keyword),
        ] {
            let has_context = mode != Mode::Keyword;
            let query = Query::text("enzyme fever")
                .mode(mode)
                .score_context(has_context);
            let arguments =
                json!({"query": "enzyme fever", "mode": name, "k": 12, "detail": "ids"});
            let (_, document) = agent.answer("search_papers", &arguments).await;
            let hits = library.search(&query.clone().k(12)).unwrap();
            for (found, hit) in document["papers"].as_array().unwrap().iter().zip(&hits) {
                assert_eq!(found["id"], hit.paper.id);
            }
            let arguments = json!({"query": "enzyme fever", "mode": name, "k": 12});
            let (_, document) = agent.answer("search_papers", &arguments).await;
            assert_same(&document, &hits);
        }
        let (_, document) = agent
            .answer(
                "search_papers",
                &json!({"query": "galaxy", "detail": "full"}),
            )
            .await;
        let hits = library
            .search(&Query::text("galaxy").k(5).score_context(true))
            .unwrap();
        assert_same(&document, &hits);
        let first = &document["papers"][0];
        assert_eq!(first["abstract"], hits[0].paper.abstract_text);
        assert_eq!(first["fused_score"].as_f64(), hits[0].fused_score);
        assert_eq!(first["keyword_score"].as_f64(), hits[0].keyword_score);
    }
}

#[tokio::test]
async fn related_papers_have_the_ids_and_scores_of_the_library() {
    let server = TestServer::new(papers(60));
    let library = library(&server);
    let query = Query::papers(["p3", "p4"]).not(["p9"]).k(7);
    let hits = library.search(&query.score_context(true)).unwrap();
    for mut agent in agents(&server).await {
        let arguments = json!({"like": ["p3", "p4"], "not": "p9", "k": "7"});
        let (_, document) = agent.answer("related_papers", &arguments).await;
        assert_same(&document, &hits);
        let message = agent
            .error("related_papers", &json!({"like": ["p333"]}))
            .await;
        assert!(
            message.contains("`p333`") && message.contains("search_papers"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn filters_leave_the_papers_that_the_library_leaves() {
    let server = TestServer::new(papers(60));
    let library = library(&server);
    let filter = cognate::Filter::default()
        .years(2003..=2010)
        .venue("Letters")
        .author("Smith")
        .category("cs");
    let query = Query::text("proof").filter(filter).k(20);
    let hits = library.search(&query.score_context(true)).unwrap();
    for mut agent in agents(&server).await {
        let arguments = json!({
            "query": "proof", "k": 20, "year_from": 2003, "year_to": "2010", "venue": "Letters",
            "author": ["Smith"], "category": ["cs"],
        });
        let (_, document) = agent.answer("search_papers", &arguments).await;
        assert_same(&document, &hits);
        let nothing = json!({"query": "proof", "year_from": 1900, "year_to": 1910});
        let (text, document) = agent.answer("search_papers", &nothing).await;
        assert_eq!(document["papers"], json!([]));
        assert!(
            text.contains("the library has papers from 2000 to 2019"),
            "{text}"
        );
        let wrong = json!({"query": "proof", "year_from": 2010, "year_to": 2003});
        let message = agent.error("search_papers", &wrong).await;
        assert!(
            message.contains("2010") && message.contains("2003"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn pages_together_are_the_whole_ranking() {
    let server = TestServer::new(papers(23));
    let library = library(&server);
    let all = library.search(&Query::text("graph").k(100)).unwrap();
    for mut agent in agents(&server).await {
        let (mut ids, mut offset) = (Vec::new(), Some(0));
        while let Some(from) = offset {
            let arguments = json!({"query": "graph", "k": 4, "offset": from});
            let (_, document) = agent.answer("search_papers", &arguments).await;
            let papers = document["papers"].as_array().unwrap();
            ids.extend(
                papers
                    .iter()
                    .map(|paper| paper["id"].as_str().unwrap().to_owned()),
            );
            offset = document["next_offset"].as_u64();
        }
        let expected: Vec<&str> = all.iter().map(|hit| hit.paper.id.as_str()).collect();
        assert_eq!(ids, expected);
        let beyond = json!({"query": "graph", "offset": 40});
        let (text, document) = agent.answer("search_papers", &beyond).await;
        assert_eq!(document["papers"], json!([]));
        assert!(
            text.contains("the ranking ends before the offset 40"),
            "{text}"
        );
        let message = agent
            .error("search_papers", &json!({"query": "graph", "offset": 5000}))
            .await;
        assert!(message.contains("at most 1000"), "{message}");
    }
}

#[tokio::test]
async fn an_answer_ends_at_a_whole_paper_within_its_characters() {
    let long = "A sentence about a graph. ".repeat(40);
    let papers = (0..9).map(|n| {
        Paper::new(format!("p{n}"))
            .title("Graph")
            .abstract_text(&long)
    });
    let server = TestServer::new(papers.collect());
    for mut agent in agents(&server).await {
        let arguments = json!({"query": "graph", "k": 9, "detail": "full", "max_chars": 5000});
        let (text, document) = agent.answer("search_papers", &arguments).await;
        let papers = document["papers"].as_array().unwrap();
        assert!(papers.len() > 1 && papers.len() < 9);
        assert!(text.chars().count() <= 5000);
        assert!(document.to_string().chars().count() <= 5000);
        for paper in papers {
            assert_eq!(paper["abstract"], long);
        }
        assert_eq!(document["next_offset"], papers.len());
        assert!(
            text.contains(&format!("go on with `offset` {}", papers.len())),
            "{text}"
        );
        // A paper that does not fit is shown in the compact form.
        let short = json!({"query": "graph", "detail": "full", "max_chars": 1000});
        let (text, document) = agent.answer("search_papers", &short).await;
        assert!(document["papers"][0]["snippet"].is_string());
        assert!(text.contains("set `max_chars` above"), "{text}");
        assert!(text.chars().count() <= 1000);
    }
}

#[tokio::test]
async fn papers_are_read_by_any_name_and_unknown_ones_are_listed() {
    let mut all = papers(5);
    all.push(
        Paper::new("10.1000/x")
            .doi("10.1000/x")
            .title("A title of its own")
            .abstract_text("Yes."),
    );
    let server = TestServer::new(all);
    for mut agent in agents(&server).await {
        let arguments = json!({"ids": ["p1", "a title of its own", "doi:10.1000/x", "p99"]});
        let (text, document) = agent.answer("get_papers", &arguments).await;
        let found = document["papers"].as_array().unwrap();
        let ids: Vec<&str> = found
            .iter()
            .map(|one| one["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, ["p1", "10.1000/x", "10.1000/x"]);
        assert_eq!(found[0]["abstract"], papers(5)[1].abstract_text);
        assert_eq!(document["not_found"][0]["id"], "p99");
        assert!(text.contains("no paper `p99`"), "{text}");
        let message = agent.error("get_papers", &json!({"ids": ["p99"]})).await;
        assert!(
            message.contains("no paper `p99`") && message.contains("search_papers"),
            "{message}"
        );
        let message = agent.error("get_papers", &json!({"ids": []})).await;
        assert!(message.contains("expected 1 to 1000"), "{message}");
    }
}

#[tokio::test]
async fn missed_citations_are_those_of_the_library() {
    let server = TestServer::new(papers(40));
    let library = library(&server);
    let text = "We study proof and enzyme.\n\nA galaxy is about a graph. Fever has a market.";
    let draft = cognate::Draft::parse(text, cognate::DraftFormat::Plain);
    let options = cognate::MissedOptions::default().k(6);
    let report = library.missed(&draft, &[], &options).unwrap();
    let bibliography = format!(
        "@article{{first, title={{{}}}}}\n@article{{second, title={{Another subject}}}}",
        papers(1)[0].title
    );
    for mut agent in agents(&server).await {
        let arguments = json!({"text": text, "k": 6});
        let (_, document) = agent.answer("missed_citations", &arguments).await;
        let hits: Vec<PaperHit> = report
            .hits
            .iter()
            .map(|missed| missed.hit.clone())
            .collect();
        assert_same(&document, &hits);
        assert_eq!(document["papers"][0]["sentence"], report.hits[0].sentence);
        assert_eq!(document["sentences"], report.sentences);
        let cited = json!({
            "text": "We build on @first and on \\cite{first, second}.",
            "format": "latex",
            "bibliography": bibliography,
        });
        let (_, document) = agent.answer("missed_citations", &cited).await;
        assert_eq!(document["cited"], json!(["p0"]), "{document}");
        assert_eq!(document["cited_elsewhere"], json!(["second"]), "{document}");
        let message = agent.error("missed_citations", &json!({"text": " "})).await;
        assert!(message.contains("no sentence"), "{message}");
    }
}

#[tokio::test]
#[expect(
    clippy::cast_possible_truncation,
    reason = "cosines are numbers of 32 bits"
)]
async fn a_match_is_explained_as_the_library_explains_it() {
    let server = TestServer::new(papers(40));
    let library = library(&server);
    let query = "A proof about enzyme";
    let hits = library
        .search(&Query::text(query).mode(Mode::Vector).k(40))
        .unwrap();
    for mut agent in agents(&server).await {
        for hit in [&hits[0], &hits[30]] {
            let explanation = &library.explain(query, std::slice::from_ref(hit)).unwrap()[0];
            let arguments = json!({"id": hit.paper.id, "query": query});
            let (_, document) = agent.answer("explain_match", &arguments).await;
            assert_eq!(document["paper"]["id"], hit.paper.id);
            let score = document["paper"]["score"].as_f64().unwrap() as f32;
            assert_eq!(score.to_bits(), hit.score.unwrap().to_bits());
            assert_eq!(document["paper_sentence"], explanation.paper_sentence);
            assert_eq!(document["words"], json!(explanation.words));
            let score = document["sentence_score"].as_f64().unwrap() as f32;
            assert_eq!(score.to_bits(), explanation.score.to_bits());
        }
        let arguments = json!({"id": "p1", "like": ["p2"]});
        let (_, document) = agent.answer("explain_match", &arguments).await;
        assert!(document["words"].is_array());
        for wrong in [
            json!({"id": "p1"}),
            json!({"id": "p1", "like": ["p1"]}),
            json!({"id": "p1", "query": "a", "like": ["p2"]}),
        ] {
            let message = agent.error("explain_match", &wrong).await;
            assert!(message.contains("`like`"), "{message}");
        }
    }
}

#[tokio::test]
async fn topics_are_those_of_the_library() {
    let server = TestServer::new(papers(80));
    let topics = library(&server)
        .topics(&cognate::TopicOptions::default())
        .unwrap();
    for mut agent in agents(&server).await {
        let (_, document) = agent.answer("list_topics", &json!({"k": 100})).await;
        let found = document["topics"].as_array().unwrap();
        assert_eq!(found.len(), topics.topics.len());
        for (found, topic) in found.iter().zip(&topics.topics) {
            assert_eq!(found["size"], topic.ids.len());
            assert_eq!(found["central"][0]["id"], topic.central[0].id);
        }
        assert_eq!(document["unplaced"], topics.unplaced);
        let (_, document) = agent.answer("list_topics", &json!({"k": 1})).await;
        assert_eq!(document["next_offset"], 1);
        let message = agent.error("list_topics", &json!({"resolution": -1})).await;
        assert!(message.contains("resolution"), "{message}");
    }
}

#[tokio::test]
async fn citations_are_those_that_the_library_writes() {
    let server = TestServer::new(papers(5));
    for mut agent in agents(&server).await {
        let arguments = json!({"ids": ["p1", "p2"]});
        let (text, document) = agent.answer("export_citations", &arguments).await;
        let mut expected = Vec::new();
        let mut writer = cognate::PaperWriter::new(&mut expected, cognate::ExportFormat::Bibtex);
        for paper in &papers(5)[1..3] {
            writer.write(paper).unwrap();
        }
        writer.finish().unwrap();
        assert_eq!(text, String::from_utf8(expected).unwrap());
        assert_eq!(document["citations"], text);
        let arguments =
            json!({"ids": ["p0", "p1", "p2", "p3", "p4"], "format": "csl-json", "max_chars": 1000});
        let (text, document) = agent.answer("export_citations", &arguments).await;
        let citations = document["citations"].as_str().unwrap();
        let written: Value = serde_json::from_str(citations).unwrap();
        let count = written.as_array().unwrap().len();
        assert!((1..5).contains(&count));
        assert_eq!(document["next_offset"], count);
        assert!(text.contains(&format!("`offset` {count}")));
        let message = agent
            .error("export_citations", &json!({"ids": ["p0"], "format": "bib"}))
            .await;
        assert!(message.contains("`bibtex`"), "{message}");
    }
}

#[tokio::test]
async fn info_names_the_library() {
    let server = TestServer::new(papers(5));
    for mut agent in agents(&server).await {
        let (text, document) = agent.answer("library_info", &json!({})).await;
        assert_eq!(document["name"], "papers");
        assert_eq!(document["papers"], 5);
        assert_eq!(document["writable"], false);
        assert!(text.starts_with("Library `papers`: 5 papers"), "{text}");
    }
}

/// A server that allows writes.
fn writable(papers: Vec<Paper>) -> TestServer {
    TestServer::with_options(papers, ServerOptions::default().allow_write(true))
}

#[tokio::test]
async fn lists_filter_papers_and_are_changed_only_if_that_is_allowed() {
    let server = writable(papers(30));
    let library = library(&server);
    for (list, mut agent) in ["mine", "yours"].into_iter().zip(agents(&server).await) {
        let arguments = json!({"list": list, "ids": ["p3", "p4"], "note": "Good"});
        let (_, document) = agent.answer("add_to_list", &arguments).await;
        assert_eq!(document["changed"], 2);
        let filter = cognate::Filter::default().list(list);
        assert_eq!(library.facets(&filter, 1).unwrap().papers, 2);
        assert_eq!(
            library
                .get("p3")
                .unwrap()
                .unwrap()
                .lists
                .last()
                .unwrap()
                .note,
            "Good"
        );
        let (text, _) = agent.answer("get_papers", &json!({"ids": ["p3"]})).await;
        assert!(
            text.contains(&format!("on the list {list}: Good")),
            "{text}"
        );
        let arguments = json!({"query": "graph", "list": list});
        let (_, document) = agent.answer("search_papers", &arguments).await;
        let query = Query::text("graph").filter(filter).k(5).score_context(true);
        assert_same(&document, &library.search(&query).unwrap());
        let arguments = json!({"query": "graph", "not_list": [list], "k": 30});
        let (_, document) = agent.answer("search_papers", &arguments).await;
        assert_eq!(document["papers"].as_array().unwrap().len(), 28);
        let arguments = json!({"list": list, "ids": ["p3", "p5"]});
        let (_, document) = agent.answer("remove_from_list", &arguments).await;
        assert_eq!(document["changed"], 1);
        let (text, _) = agent.answer("library_info", &json!({})).await;
        assert!(
            text.contains("liked (0)") && text.contains(&format!("{list} (1)")),
            "{text}"
        );
        let message = agent
            .error("search_papers", &json!({"query": "a", "list": "none"}))
            .await;
        assert!(
            message.contains("no list `none`") && message.contains("liked"),
            "{message}"
        );
        let message = agent
            .error("add_to_list", &json!({"list": "a,b", "ids": ["p1"]}))
            .await;
        assert!(message.contains("comma"), "{message}");
        let message = agent
            .error("add_to_list", &json!({"list": "a", "ids": ["p99"]}))
            .await;
        assert!(message.contains("`p99`"), "{message}");
    }
    let server = TestServer::new(papers(1));
    for mut agent in agents(&server).await {
        for tool in ["add_papers", "add_to_list", "remove_from_list"] {
            let answer = agent.request("tools/call", &json!({"name": tool})).await;
            assert_eq!(answer["error"]["code"], -32602, "{answer}");
        }
    }
}

#[tokio::test]
async fn papers_are_added_from_any_format() {
    for at in 0..2 {
        let server = writable(papers(3));
        let library = library(&server);
        let [stream, http] = agents(&server).await;
        let mut agent = if at == 0 { stream } else { http };
        let text =
            "@article{new, title={A new graph}, year={2021}}\n@article{empty, year={2020}}\n";
        let (_, document) = agent.answer("add_papers", &json!({"text": text})).await;
        assert_eq!(document["added"], 1);
        assert_eq!(
            document["invalid"].as_array().unwrap().len(),
            1,
            "{document}"
        );
        assert_eq!(library.get("new").unwrap().unwrap().year, Some(2021));
        let arguments = json!({"text": text, "format": "bibtex"});
        let (_, document) = agent.answer("add_papers", &arguments).await;
        assert_eq!(
            (&document["added"], &document["unchanged"]),
            (&json!(0), &json!(1))
        );
        for wrong in [
            json!({"text": ""}),
            json!({"text": "Nothing that is a record."}),
            json!({"text": text, "format": "novel"}),
        ] {
            agent.error("add_papers", &wrong).await;
        }
        assert_eq!(library.len().unwrap(), 4);
    }
}

#[tokio::test]
async fn new_papers_are_the_latest_or_those_like_a_list() {
    let server = writable(Vec::new());
    let library = library(&server);
    for (n, paper) in papers(12).into_iter().enumerate() {
        let day = format!("2026-11-{:02}", n + 1).parse().unwrap();
        let options = cognate::AddOptions::default().added(day);
        let paper = [Ok::<_, cognate::Error>(paper)];
        library
            .add_with(paper, &options, &mut |_| ControlFlow::Continue(()))
            .unwrap();
    }
    library.add_to_list("liked", &["p1", "p2"], None).unwrap();
    let ids = |document: &Value| -> Vec<String> {
        let papers = document["papers"].as_array().unwrap().iter();
        papers
            .map(|paper| paper["id"].as_str().unwrap().to_owned())
            .collect()
    };
    for mut agent in agents(&server).await {
        let arguments = json!({"since": "2026-11-10"});
        let (text, document) = agent.answer("new_papers", &arguments).await;
        assert_eq!(ids(&document), ["p11", "p10", "p9"]);
        assert!(text.contains("added 2026-11-12"), "{text}");
        let (_, document) = agent.answer("new_papers", &json!({"k": 2})).await;
        assert_eq!(ids(&document), ["p11", "p10"]);
        assert_eq!(document["next_offset"], 2);
        // The papers have the years 2000 to 2011.
        let arguments = json!({"by": "published", "since": "2010"});
        let (_, document) = agent.answer("new_papers", &arguments).await;
        assert_eq!(ids(&document), ["p11", "p10"]);
        let arguments = json!({"since": "2026-11-06", "like_list": "liked"});
        let (_, document) = agent.answer("new_papers", &arguments).await;
        let filter = cognate::Filter::default().added_since("2026-11-06".parse().unwrap());
        let query = Query::papers(["p2", "p1"])
            .strategy(Strategy::NearestExample)
            .filter(filter);
        assert_same(
            &document,
            &library.search(&query.k(5).score_context(true)).unwrap(),
        );
        let message = agent
            .error("new_papers", &json!({"since": "yesterday"}))
            .await;
        assert!(
            message.contains("`since` is `yesterday`, expected a date"),
            "{message}"
        );
        let message = agent
            .error("new_papers", &json!({"like_list": "read"}))
            .await;
        assert!(message.contains("`read` has no papers"), "{message}");
        let (text, _) = agent.answer("new_papers", &json!({"since": "2027"})).await;
        assert!(text.starts_with("No papers.\nNote: "), "{text}");
    }
}

#[tokio::test]
async fn several_libraries_are_named() {
    let first = TestServer::new(papers(3));
    let second = TestServer::new(papers(9));
    let open = |server: &TestServer, name| {
        let library = Library::open(server.dir.path().join("papers")).unwrap();
        ServedLibrary::new(name, library)
    };
    let libraries = vec![open(&first, "small"), open(&second, "large")];
    let both = Server::new(libraries, Vec::new(), ServerOptions::default()).unwrap();
    let both = TestServer::of_server(first.dir, both);
    for mut agent in agents(&both).await {
        for (arguments, papers) in [
            (json!({}), 3),
            (json!({"library": "small"}), 3),
            (json!({"library": "large"}), 9),
        ] {
            let (_, document) = agent.answer("library_info", &arguments).await;
            assert_eq!(document["papers"], papers);
            assert_eq!(document["libraries"], json!(["small", "large"]));
        }
        let answer = agent.request("tools/list", &json!({})).await;
        for tool in answer["result"]["tools"].as_array().unwrap() {
            let library = &tool["inputSchema"]["properties"]["library"];
            assert_eq!(library["enum"], json!(["small", "large"]));
        }
        let answer = agent.request("resources/list", &json!({})).await;
        assert_eq!(
            answer["result"]["resources"][1]["uri"],
            "cognate://library?library=large"
        );
        let read = json!({"uri": "cognate://paper/p8?library=large"});
        let answer = agent.request("resources/read", &read).await;
        assert!(
            answer["result"]["contents"][0]["text"]
                .as_str()
                .unwrap()
                .contains("\"p8\"")
        );
        // These libraries have no model.
        let message = agent
            .error("search_papers", &json!({"query": "graph"}))
            .await;
        assert!(message.contains("Use the mode `keyword`"), "{message}");
        let arguments = json!({"query": "proof", "mode": "keyword"});
        let (_, document) = agent.answer("search_papers", &arguments).await;
        let score = &document["papers"][0]["keyword_score"];
        assert!(score.is_number(), "{document}");
    }
}
