use axum::http::StatusCode;
use cognate::Paper;
use cognate_testing::papers;
use serde_json::{Value, json};

use crate::agent::{REVISION, StreamAgent, agents, initialization, post, request, status};
use crate::client::TestServer;

/// The tools of every server.
const READING: [&str; 9] = [
    "search_papers",
    "related_papers",
    "get_papers",
    "missed_citations",
    "explain_match",
    "list_topics",
    "new_papers",
    "export_citations",
    "library_info",
];

#[tokio::test]
async fn every_tool_is_described_for_clients() {
    let server = TestServer::new(papers(1));
    for mut agent in agents(&server).await {
        let answer = agent.request("tools/list", &json!({})).await;
        let tools = answer["result"]["tools"].as_array().unwrap();
        let names: Vec<&str> = tools
            .iter()
            .map(|tool| tool["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, READING);
        for tool in tools {
            let name = tool["name"].as_str().unwrap();
            assert!(name.len() <= 64);
            assert!(
                tool["title"].is_string() && tool["description"].is_string(),
                "{name}"
            );
            let annotations = &tool["annotations"];
            assert_eq!(annotations["readOnlyHint"], true, "{name}");
            assert_eq!(annotations["destructiveHint"], false, "{name}");
            assert_eq!(annotations["idempotentHint"], true, "{name}");
            assert_eq!(annotations["openWorldHint"], false, "{name}");
            assert_eq!(annotations["title"], tool["title"], "{name}");
            for form in ["inputSchema", "outputSchema"] {
                let schema = &tool[form];
                assert_eq!(schema["type"], "object", "{name}");
                assert!(
                    jsonschema::draft202012::meta::is_valid(schema),
                    "{name}: {schema}"
                );
                check_schema(schema, &format!("{name} {form}"));
            }
            check_descriptions(&tool["outputSchema"], name);
            let properties = tool["inputSchema"]["properties"].as_object();
            for (property, schema) in properties.into_iter().flatten() {
                assert!(schema["description"].is_string(), "{name}: {property}");
                assert!(schema["type"].is_string(), "{name}: {property}");
            }
        }
    }
}

/// Checks that each field of a document has a description.
#[track_caller]
fn check_descriptions(schema: &Value, place: &str) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let place = format!("{place}/{name}");
        assert!(property["description"].is_string(), "{place}");
        check_descriptions(property, &place);
        check_descriptions(&property["items"], &place);
    }
}

/// Checks that a schema has nothing that clients do not understand.
#[track_caller]
fn check_schema(schema: &Value, place: &str) {
    match schema {
        Value::Object(members) => {
            for (name, value) in members {
                if name == "properties" {
                    // The tool gives these names.
                    let properties = value.as_object().unwrap();
                    for (property, schema) in properties {
                        check_schema(schema, &format!("{place}/{property}"));
                    }
                    continue;
                }
                assert!(
                    !["format", "$ref", "$defs"].contains(&name.as_str()),
                    "{place}: {name}"
                );
                check_schema(value, &format!("{place}/{name}"));
            }
        }
        Value::Array(items) => {
            for item in items {
                assert_ne!(item, "null", "{place}");
                check_schema(item, place);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn every_answer_has_the_described_form() {
    let server = TestServer::new(papers(120));
    let calls = [
        ("search_papers", json!({"query": "graph"})),
        ("search_papers", json!({"query": "graph", "detail": "full"})),
        ("search_papers", json!({"query": "graph", "detail": "ids"})),
        (
            "search_papers",
            json!({"query": "graph", "year_from": 3000}),
        ),
        ("related_papers", json!({"like": ["p1"]})),
        ("get_papers", json!({"ids": ["p1", "nothing"]})),
        ("missed_citations", json!({"text": "A graph is a proof."})),
        ("explain_match", json!({"id": "p1", "query": "graph"})),
        ("list_topics", json!({})),
        ("new_papers", json!({"by": "published"})),
        ("export_citations", json!({"ids": ["p1"]})),
        ("library_info", json!({})),
    ];
    for mut agent in agents(&server).await {
        let answer = agent.request("tools/list", &json!({})).await;
        for (tool, arguments) in &calls {
            let tools = answer["result"]["tools"].as_array().unwrap();
            let described = tools.iter().find(|one| one["name"] == *tool).unwrap();
            let (_, document) = agent.answer(tool, arguments).await;
            let form = jsonschema::validator_for(&described["outputSchema"]).unwrap();
            let errors: Vec<String> = form
                .iter_errors(&document)
                .map(|one| one.to_string())
                .collect();
            assert!(errors.is_empty(), "{tool}: {errors:?}: {document}");
            let form = jsonschema::validator_for(&described["inputSchema"]).unwrap();
            assert!(form.is_valid(arguments), "{tool}: {arguments}");
        }
    }
}

#[tokio::test]
async fn wrong_arguments_are_errors_that_say_what_is_expected() {
    let server = TestServer::new(papers(3));
    for mut agent in agents(&server).await {
        for (arguments, expected) in [
            (json!({}), "`query` is missing"),
            (
                json!({"query": "a", "k": 0}),
                "`k` is `0`, expected at least 1",
            ),
            (
                json!({"query": "a", "k": "x"}),
                "`k` is `x`, expected a whole number",
            ),
            (
                json!({"query": "a", "detail": "long"}),
                "expected one of `ids`, `compact`, `full`",
            ),
            (
                json!({"query": "a", "limit": 1}),
                "no argument `limit`, expected any of `added_since`",
            ),
            (
                json!({"query": "a", "library": "b"}),
                "no library `b`. Call library_info",
            ),
            (json!({"query": "a", "library": 1}), "`library` is `1`"),
            (json!({"query": ""}), "query"),
            (
                json!({"query": "x".repeat(20_000)}),
                "`query` has 20000 bytes, expected at most 16384",
            ),
        ] {
            let message = agent.error("search_papers", &arguments).await;
            assert!(message.contains(expected), "{message}");
        }
        let params = json!({"name": "delete_everything"});
        let answer = agent.request("tools/call", &params).await;
        assert_eq!(answer["error"]["code"], -32602);
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(
            message.contains("expected one of search_papers"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn papers_and_libraries_are_resources() {
    let mut all = papers(3);
    all.push(
        Paper::new("10.1000/x y")
            .title("With a slash")
            .abstract_text("Yes."),
    );
    let server = TestServer::new(all);
    for mut agent in agents(&server).await {
        let answer = agent.request("resources/list", &json!({})).await;
        assert_eq!(answer["result"]["resources"][0]["uri"], "cognate://library");
        let answer = agent.request("resources/templates/list", &json!({})).await;
        let templates = &answer["result"]["resourceTemplates"];
        assert_eq!(templates[0]["uriTemplate"], "cognate://paper/{id}");
        for (uri, field, expected) in [
            ("cognate://library", "papers", json!(4)),
            ("cognate://paper/p2", "title", json!(papers(3)[2].title)),
            (
                "cognate://paper/10.1000%2Fx%20y",
                "id",
                json!("10.1000/x y"),
            ),
            ("cognate://paper/p2?library=papers", "id", json!("p2")),
        ] {
            let answer = agent.request("resources/read", &json!({"uri": uri})).await;
            let contents = &answer["result"]["contents"][0];
            assert_eq!(contents["mimeType"], "application/json");
            assert_eq!(contents["uri"], uri);
            let document: Value = serde_json::from_str(contents["text"].as_str().unwrap()).unwrap();
            assert_eq!(document[field], expected);
        }
        for (uri, code) in [
            ("cognate://paper/p9", -32002),
            ("cognate://library?library=x", -32002),
            ("cognate://nothing", -32002),
            ("file:///etc/hosts", -32002),
        ] {
            let answer = agent.request("resources/read", &json!({"uri": uri})).await;
            assert_eq!(answer["error"]["code"], code, "{answer}");
        }
    }
}

#[tokio::test]
async fn prompts_have_their_argument() {
    let server = TestServer::new(papers(1));
    for mut agent in agents(&server).await {
        let answer = agent.request("prompts/list", &json!({})).await;
        let prompts = answer["result"]["prompts"].as_array().unwrap();
        assert_eq!(prompts.len(), 2);
        for prompt in prompts {
            let argument = prompt["arguments"][0]["name"].as_str().unwrap();
            let params = json!({"name": prompt["name"], "arguments": {argument: "Small worlds"}});
            let answer = agent.request("prompts/get", &params).await;
            let message = &answer["result"]["messages"][0];
            assert_eq!(message["role"], "user");
            let text = message["content"]["text"].as_str().unwrap();
            assert!(text.ends_with(":\nSmall worlds"), "{text}");
            let params = json!({"name": prompt["name"]});
            let answer = agent.request("prompts/get", &params).await;
            assert_eq!(answer["error"]["code"], -32602);
        }
        let answer = agent.request("prompts/get", &json!({"name": "x"})).await;
        assert_eq!(answer["error"]["code"], -32602);
    }
}

#[tokio::test]
async fn every_revision_with_a_handshake_is_spoken() {
    let server = TestServer::new(papers(3));
    for (asked, spoken) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2099-01-01", REVISION),
    ] {
        let mut agent = StreamAgent::connect(&server);
        let result = agent.initialize(asked).await;
        assert_eq!(result["protocolVersion"], spoken);
        assert_eq!(result["serverInfo"]["name"], "cognate");
        assert!(
            result["instructions"]
                .as_str()
                .unwrap()
                .contains("search_papers")
        );
        let params = json!({"name": "search_papers", "arguments": {"query": "graph"}});
        agent.send("tools/call", &params).await;
        let answer = agent.receive().await;
        assert!(
            answer["result"]["content"][0]["text"].is_string(),
            "{answer}"
        );
        agent.close().await.unwrap();
        let answer = post(
            &server,
            &request(1, "initialize", &initialization(asked)),
            &[],
        )
        .await;
        assert_eq!(answer.json()["result"]["protocolVersion"], spoken);
        assert!(answer.headers.get("mcp-session-id").is_none());
    }
}

#[tokio::test]
async fn the_revision_without_a_handshake_is_spoken() {
    let revision = "2026-07-28";
    let server = TestServer::new(papers(3));
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": revision,
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let arguments = json!({"query": "graph"});
    let params = json!({"name": "search_papers", "arguments": arguments, "_meta": meta});
    let headers = [
        ("mcp-protocol-version", revision),
        ("mcp-method", "tools/call"),
        ("mcp-name", "search_papers"),
    ];
    let answer = post(&server, &request(1, "tools/call", &params), &headers).await;
    let answer = answer.json();
    assert!(
        answer["result"]["content"][0]["text"].is_string(),
        "{answer}"
    );
    let mut agent = StreamAgent::connect(&server);
    agent.send("tools/call", &params).await;
    let answer = agent.receive().await;
    assert!(
        answer["result"]["content"][0]["text"].is_string(),
        "{answer}"
    );
    agent.send("server/discover", &json!({"_meta": meta})).await;
    let answer = agent.receive().await;
    assert!(answer["result"].to_string().contains(revision), "{answer}");
}

#[tokio::test]
async fn the_input_may_end_at_any_time() {
    let server = TestServer::new(papers(3));
    StreamAgent::connect(&server).close().await.unwrap();
    let mut agent = StreamAgent::connect(&server);
    agent.initialize(REVISION).await;
    agent.close().await.unwrap();
    let mut agent = StreamAgent::connect(&server);
    agent.initialize(REVISION).await;
    agent
        .send("tools/call", &json!({"name": "list_topics"}))
        .await;
    agent.close().await.unwrap();
}

#[tokio::test]
async fn malformed_messages_are_answered_and_the_next_one_too() {
    let server = TestServer::new(papers(3));
    let mut agent = StreamAgent::connect(&server);
    agent.initialize(REVISION).await;
    for line in [
        "{",
        "no JSON at all",
        "[]",
        "{}",
        "17",
        r#"{"jsonrpc":"2.0","method":17}"#,
        r#"{"jsonrpc":"1.0","id":9,"method":"tools/list"}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/unknown"}"#,
        "",
    ] {
        agent.send_line(line).await;
    }
    let unknown = agent.send("tools/unknown", &json!({})).await;
    let id = agent.send("tools/list", &json!({})).await;
    // Answers of malformed messages have other ids, or none.
    loop {
        let answer = agent.receive().await;
        if answer["id"] == unknown {
            assert_eq!(answer["error"]["code"], -32601);
        } else if answer["id"] == id {
            assert!(answer["result"]["tools"].is_array());
            break;
        } else {
            assert!(answer["error"]["code"].is_number(), "{answer}");
        }
    }
    agent.close().await.unwrap();
}

#[tokio::test]
async fn calls_run_at_once_and_a_cancelled_one_is_not_answered() {
    let server = TestServer::new(papers(200));
    let mut agent = StreamAgent::connect(&server);
    agent.initialize(REVISION).await;
    let slow = agent
        .send("tools/call", &json!({"name": "list_topics"}))
        .await;
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": slow}});
    agent.send_line(&cancel.to_string()).await;
    let mut waiting = Vec::new();
    for n in 0..20 {
        let arguments = json!({"query": format!("graph {n}"), "k": 1});
        let params = json!({"name": "search_papers", "arguments": arguments});
        waiting.push(agent.send("tools/call", &params).await);
    }
    while !waiting.is_empty() {
        let answer = agent.receive().await;
        let id = answer["id"].as_u64().unwrap();
        if id == slow {
            // The answer was on its way when the cancellation came.
            continue;
        }
        assert_eq!(answer["result"]["isError"], false);
        let at = waiting.iter().position(|one| *one == id).unwrap();
        waiting.remove(at);
    }
    agent.close().await.unwrap();
}

#[tokio::test]
async fn foreign_hosts_and_origins_are_refused() {
    let server = TestServer::new(papers(1));
    assert_eq!(status(&server, &[]).await, StatusCode::OK);
    assert_eq!(
        status(&server, &[("host", "127.0.0.1:7625")]).await,
        StatusCode::OK
    );
    for headers in [
        [("host", "evil.example")],
        [("origin", "https://evil.example")],
        [("origin", "null")],
    ] {
        let status = status(&server, &headers).await;
        assert!(
            [StatusCode::FORBIDDEN, StatusCode::MISDIRECTED_REQUEST].contains(&status),
            "{headers:?}: {status}"
        );
    }
    let answer = server.get("/mcp").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn ids_and_libraries_are_completed() {
    let mut all = papers(3);
    all.push(
        Paper::new("10.1000/x")
            .title("Wonderful graphs")
            .abstract_text("Yes."),
    );
    let server = TestServer::new(all);
    for mut agent in agents(&server).await {
        let template = json!({"type": "ref/resource", "uri": "cognate://paper/{id}"});
        for (argument, value, expected) in [
            ("id", "wonder", "10.1000%2Fx"),
            ("id", "10.1000%2Fx", "10.1000%2Fx"),
            ("library", "pa", "papers"),
        ] {
            let params = json!({"ref": template, "argument": {"name": argument, "value": value}});
            let answer = agent.request("completion/complete", &params).await;
            assert_eq!(
                answer["result"]["completion"]["values"],
                json!([expected]),
                "{answer}"
            );
        }
        let prompt = json!({"type": "ref/prompt", "name": "literature_review"});
        let params = json!({"ref": prompt, "argument": {"name": "topic", "value": "a"}});
        let answer = agent.request("completion/complete", &params).await;
        assert_eq!(answer["result"]["completion"]["values"], json!([]));
    }
}
