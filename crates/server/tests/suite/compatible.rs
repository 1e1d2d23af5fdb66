//! The routes of other embedding servers, compared with the encoder and the cross-encoder themselves.

use std::path::PathBuf;
use std::sync::Arc;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cognate::ndarray::Array2;
use cognate::{Checkpoint, Encoder, EncoderOptions, Library, Reranker, RerankerOptions};
use cognate_server::{ServedLibrary, ServedModel, ServedReranker, Server, ServerOptions};
use cognate_testing::LetterPairs;
use serde_json::{Value, json};

use crate::client::{Answer, TestServer};

const TEXTS: [&str; 3] = ["protein folding", "dark matter", "the early universe"];

struct Served {
    server: TestServer,
    encoder: Arc<Encoder>,
    reranker: Arc<Reranker>,
}

fn checkpoint(name: &str) -> Checkpoint {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../model/tests/fixtures");
    Checkpoint::open(fixtures.join(name)).unwrap()
}

/// Returns a server of the model `tiny/bert`, which may be truncated to 8 dimensions, and of the cross-encoder
/// `tiny/pairs`.
fn served() -> Served {
    let encoder = Encoder::load(&checkpoint("tiny-bert"), EncoderOptions::default()).unwrap();
    let encoder = Arc::new(encoder);
    let model = ServedModel::batching("tiny/bert", Arc::clone(&encoder))
        .alias("text-embedding-3-small")
        .smaller_dimensions(8);
    let reranker = Reranker::load(
        &checkpoint("cross_encoders/bert"),
        RerankerOptions::default(),
    );
    let reranker = Arc::new(reranker.unwrap());
    let (dir, library) = library();
    let server = Server::new(vec![library], vec![model], ServerOptions::default()).unwrap();
    let pairs = ServedReranker::new("tiny/pairs", Arc::clone(&reranker) as _);
    let server = TestServer::of_server(dir, server.with_rerankers(vec![pairs]));
    Served {
        server,
        encoder,
        reranker,
    }
}

fn library() -> (tempfile::TempDir, ServedLibrary) {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::create(dir.path().join("papers"), LetterPairs::default()).unwrap();
    (dir, ServedLibrary::new("papers", library))
}

/// Returns the error of an answer in the form of OpenAI.
#[track_caller]
fn openai_error(answer: &Answer, status: u16, code: &str) -> Value {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    let document: Value = serde_json::from_slice(&answer.body).unwrap();
    let error = document["error"].clone();
    assert_eq!(error["code"], code);
    error
}

/// Returns the message of an answer in the form of text-embeddings-inference.
#[track_caller]
fn tei_error(answer: &Answer, status: u16, class: &str) -> String {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    let document: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(document["error_type"], class);
    document["error"].as_str().unwrap().to_owned()
}

/// Returns the bits of a list of numbers. A JSON number is read as 64-bit and rounded to 32.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the shortest digits of a 32-bit number round to it"
)]
fn bits(list: &Value) -> Vec<u32> {
    let values = list.as_array().unwrap().iter();
    values
        .map(|value| (value.as_f64().unwrap() as f32).to_bits())
        .collect()
}

fn bits_of_row(rows: &Array2<f32>, row: usize) -> Vec<u32> {
    rows.row(row).iter().map(|value| value.to_bits()).collect()
}

#[tokio::test]
async fn embeddings_of_openai_are_those_of_the_encoder_in_both_formats() {
    let Served {
        server, encoder, ..
    } = served();
    let documents = encoder.encode_documents(&TEXTS).unwrap();
    let queries = encoder.encode_queries(&TEXTS).unwrap();
    let tokens = encoder.tokenize(cognate::Role::Document, &TEXTS).unwrap();
    for (input_type, rows) in [
        (None, &documents),
        (Some("document"), &documents),
        (Some("query"), &queries),
    ] {
        let mut request = json!({"input": TEXTS, "model": "tiny/bert"});
        if let Some(input_type) = input_type {
            request["input_type"] = input_type.into();
        }
        let floats = server.post("/v1/embeddings", &request).await.json();
        request["encoding_format"] = "base64".into();
        let base64 = server.post("/v1/embeddings", &request).await.json();
        for row in 0..TEXTS.len() {
            let expected = bits_of_row(rows, row);
            assert_eq!(bits(&floats["data"][row]["embedding"]), expected);
            let text = base64["data"][row]["embedding"].as_str().unwrap();
            let bytes = STANDARD.decode(text).unwrap();
            let found = bytes
                .chunks(4)
                .map(|b| u32::from_le_bytes(b.try_into().unwrap()));
            assert_eq!(found.collect::<Vec<_>>(), expected);
            assert_eq!(floats["data"][row]["index"], row);
        }
        assert_eq!(floats["object"], "list");
        assert_eq!(floats["model"], "tiny/bert");
        assert_eq!(
            floats["usage"]["total_tokens"],
            floats["usage"]["prompt_tokens"]
        );
        if input_type.is_none() {
            assert_eq!(floats["usage"]["prompt_tokens"], tokens.ids().len());
        }
    }
    let one = server
        .post("/v1/embeddings", &json!({"input": TEXTS[1]}))
        .await;
    assert_eq!(
        bits(&one.json()["data"][0]["embedding"]),
        bits_of_row(&documents, 1)
    );
}

#[tokio::test]
async fn models_are_found_by_their_names_and_aliases() {
    let Served { server, .. } = served();
    let models = server.get("/v1/models").await.json();
    let ids: Vec<_> = models["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| &m["id"])
        .collect();
    assert_eq!(ids, ["tiny/bert", "tiny/pairs"]);
    for name in ["tiny/bert", "tiny%2Fbert", "bert", "text-embedding-3-small"] {
        let model = server.get(&format!("/v1/models/{name}")).await.json();
        assert_eq!(
            (&model["id"], &model["object"]),
            (&"tiny/bert".into(), &"model".into())
        );
    }
    assert_eq!(
        server.get("/v1/models/pairs").await.json()["id"],
        "tiny/pairs"
    );
    for name in ["bert", "text-embedding-3-small"] {
        let request = json!({"input": "a", "model": name});
        let answer = server.post("/v1/embeddings", &request).await.json();
        assert_eq!(answer["model"], "tiny/bert");
    }
    let answer = server.get("/v1/models/ada").await;
    openai_error(&answer, 404, "model_not_found");
    let request = json!({"input": "a", "model": "tiny/pairs"});
    let error = openai_error(
        &server.post("/v1/embeddings", &request).await,
        404,
        "model_not_found",
    );
    assert_eq!(
        error["message"],
        "the server has no model `tiny/pairs`, expected one of `tiny/bert`"
    );
    assert_eq!(
        (&error["param"], &error["type"]),
        (&"model".into(), &"invalid_request_error".into())
    );
}

#[tokio::test]
async fn dimensions_are_those_that_the_model_supports() {
    let Served {
        server, encoder, ..
    } = served();
    let request = |dimensions: usize| json!({"input": TEXTS[0], "dimensions": dimensions});
    let full = server
        .post("/v1/embeddings", &request(encoder.dim()))
        .await
        .json();
    let row = encoder.encode_documents(&TEXTS[..1]).unwrap();
    assert_eq!(bits(&full["data"][0]["embedding"]), bits_of_row(&row, 0));
    let short = server.post("/v1/embeddings", &request(8)).await.json();
    let length: f64 = row
        .iter()
        .take(8)
        .map(|&v| f64::from(v).powi(2))
        .sum::<f64>()
        .sqrt();
    let values = short["data"][0]["embedding"].as_array().unwrap();
    assert_eq!(values.len(), 8);
    for (found, &value) in values.iter().zip(&row) {
        let expected = f64::from(value) / length;
        assert!((found.as_f64().unwrap() - expected).abs() < 1e-7);
    }
    let answer = server.post("/v1/embeddings", &request(7)).await;
    let error = openai_error(&answer, 400, "invalid_option");
    assert_eq!(error["param"], "dimensions");
    let expected = "`dimensions` is 7, expected one that `tiny/bert` supports: 8, 32";
    assert_eq!(error["message"], expected);
}

#[tokio::test]
async fn requests_that_cannot_be_answered_get_the_errors_of_openai() {
    let Served { server, .. } = served();
    let too_many = vec!["a"; 2_049];
    for (input, status, code, message) in [
        (
            json!([1, 2]),
            400,
            "invalid_request",
            "check_embedding_ctx_length=False",
        ),
        (json!([[1, 2], [3]]), 400, "invalid_request", "token ids"),
        (json!([]), 400, "empty_query", "`input` is empty"),
        (json!(""), 400, "empty_query", "text 0 of `input` is empty"),
        (
            json!(["a", ""]),
            400,
            "empty_query",
            "text 1 of `input` is empty",
        ),
        (
            json!(7),
            400,
            "invalid_request",
            "a text or a list of texts",
        ),
        (
            json!(too_many),
            413,
            "too_large",
            "2049 texts, expected at most 2048",
        ),
    ] {
        let answer = server
            .post("/v1/embeddings", &json!({"input": input}))
            .await;
        let error = openai_error(&answer, status, code);
        let found = error["message"].as_str().unwrap();
        assert!(found.contains(message), "{found}");
    }
    let long = "a".repeat(17 << 10);
    let query = json!({"input": long, "input_type": "query"});
    openai_error(
        &server.post("/v1/embeddings", &query).await,
        413,
        "too_large",
    );
    // A long document is truncated.
    let document = json!({"input": long});
    assert_eq!(
        server.post("/v1/embeddings", &document).await.status,
        StatusCode::OK
    );
    openai_error(&server.get("/v1/nothing").await, 404, "unknown_route");
    openai_error(&server.get("/v1/embeddings").await, 405, "wrong_method");
}

#[tokio::test]
async fn embeddings_of_tei_are_those_of_the_encoder() {
    let Served {
        server, encoder, ..
    } = served();
    let documents = encoder.encode_documents(&TEXTS).unwrap();
    let request = json!({
        "inputs": TEXTS, "truncate": true, "truncation_direction": "Right", "normalize": true,
        "prompt_name": null, "dimensions": null,
    });
    let rows = server.post("/embed", &request).await.json();
    assert_eq!(rows.as_array().unwrap().len(), 3);
    for row in 0..3 {
        assert_eq!(bits(&rows[row]), bits_of_row(&documents, row));
    }
    let queries = encoder.encode_queries(&TEXTS[..1]).unwrap();
    let request = json!({"inputs": TEXTS[0], "prompt_name": "query", "normalize": false});
    let rows = server.post("/embed", &request).await.json();
    assert_eq!(bits(&rows[0]), bits_of_row(&queries, 0));
    let info = server.get("/info").await.json();
    assert_eq!(info["model_id"], "tiny/bert");
    assert_eq!(info["max_input_length"], encoder.max_tokens());
}

#[tokio::test]
async fn requests_that_cannot_be_answered_get_the_errors_of_tei() {
    let Served {
        server, encoder, ..
    } = served();
    let answer = server.post("/embed", &json!({"inputs": []})).await;
    assert_eq!(
        tei_error(&answer, 400, "Empty"),
        "`inputs` is empty, expected at least one text"
    );
    tei_error(
        &server.post("/embed", &json!({"inputs": [[1, 2]]})).await,
        422,
        "Validation",
    );
    tei_error(
        &server.post("/embed", &json!({"texts": "a"})).await,
        422,
        "Validation",
    );
    let long = "dark matter ".repeat(encoder.max_tokens());
    let request = json!({"inputs": ["short", long], "truncate": false});
    let message = tei_error(&server.post("/embed", &request).await, 413, "Validation");
    assert!(
        message.starts_with("text 1 of `inputs` has more than"),
        "{message}"
    );
    let request = json!({"inputs": ["short", long], "truncation_direction": "Left"});
    tei_error(&server.post("/embed", &request).await, 422, "Validation");
    let request = json!({"inputs": ["short", long], "truncation_direction": "Right"});
    assert_eq!(server.post("/embed", &request).await.status, StatusCode::OK);
    tei_error(&server.get("/embed").await, 405, "Validation");
}

#[tokio::test]
async fn reranked_texts_have_the_scores_of_the_cross_encoder() {
    let Served {
        server, reranker, ..
    } = served();
    let query = "what is dark matter";
    let scores = reranker.scores(query, &TEXTS).unwrap();
    let mut order: Vec<usize> = (0..3).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));

    let request = json!({
        "query": query, "texts": TEXTS, "truncate": false, "raw_scores": false, "return_text": true,
    });
    let ranks = server.post("/rerank", &request).await.json();
    assert_eq!(ranks.as_array().unwrap().len(), 3);
    for (rank, &text) in order.iter().enumerate() {
        assert_eq!(ranks[rank]["index"], text);
        assert_eq!(
            bits(&json!([ranks[rank]["score"]])),
            [scores[text].to_bits()]
        );
        assert_eq!(ranks[rank]["text"], TEXTS[text]);
    }

    let documents = json!([TEXTS[0], {"text": TEXTS[1]}, TEXTS[2]]);
    let request = json!({"model": "pairs", "query": query, "documents": documents, "top_n": 2});
    for path in ["/rerank", "/v1/rerank"] {
        let results = server.post(path, &request).await.json()["results"].clone();
        assert_eq!(results.as_array().unwrap().len(), 2);
        for (rank, &text) in order.iter().take(2).enumerate() {
            let result = &results[rank];
            assert_eq!(result["index"], text);
            assert_eq!(
                bits(&json!([result["relevance_score"]])),
                [scores[text].to_bits()]
            );
            assert_eq!(result.get("document"), None);
        }
    }
    let both = json!({"query": query, "texts": TEXTS, "documents": TEXTS});
    tei_error(&server.post("/rerank", &both).await, 422, "Validation");
    openai_error(
        &server.post("/v1/rerank", &both).await,
        400,
        "invalid_request",
    );
    let none = json!({"query": query, "texts": []});
    tei_error(&server.post("/rerank", &none).await, 400, "Empty");
    let other = json!({"query": query, "texts": TEXTS, "model": "tiny/bert"});
    openai_error(
        &server.post("/v1/rerank", &other).await,
        404,
        "model_not_found",
    );
}

#[tokio::test]
async fn a_server_without_models_says_so_in_each_form() {
    let (dir, library) = library();
    let server = Server::new(vec![library], Vec::new(), ServerOptions::default()).unwrap();
    let server = TestServer::of_server(dir, server);
    openai_error(
        &server.post("/v1/embeddings", &json!({"input": "a"})).await,
        503,
        "no_model",
    );
    tei_error(
        &server.post("/embed", &json!({"inputs": "a"})).await,
        424,
        "Backend",
    );
    let request = json!({"query": "a", "texts": ["b"]});
    let message = tei_error(&server.post("/rerank", &request).await, 424, "Backend");
    assert!(message.contains("--rerank-model"), "{message}");
    openai_error(
        &server.post("/v1/rerank", &request).await,
        404,
        "no_reranker",
    );
    assert_eq!(server.get("/v1/models").await.json()["data"], json!([]));
}
