use serde_json::Value;

use crate::sandbox::{Sandbox, fixture, tiny_model};

const SEARCH: [&str; 5] = ["search", "--library", "L", "--json", "enzyme and graph"];

fn search(sandbox: &Sandbox, options: &[&str]) -> Vec<Value> {
    let found = sandbox.json(&[&SEARCH[..], options].concat());
    found["hits"].as_array().unwrap().clone()
}

fn ids(hits: &[Value]) -> Vec<&str> {
    hits.iter().map(|hit| hit["id"].as_str().unwrap()).collect()
}

fn rerank_score(hit: &Value) -> f64 {
    hit["rerank_score"].as_f64().unwrap()
}

#[test]
fn only_hits_within_the_depth_are_reordered_by_the_cross_encoder() {
    let sandbox = Sandbox::with_library(40);
    let model = fixture("cross_encoders/bert");
    let original = search(&sandbox, &["-k", "20"]);
    assert!(original[0].get("rerank_score").is_none());

    let options = ["-k", "8", "--rerank", &model, "--rerank-depth", "5"];
    let reranked = search(&sandbox, &options);
    assert_eq!(ids(&reranked[5..]), ids(&original[5..8]));
    assert!(
        reranked[5..]
            .iter()
            .all(|hit| hit.get("rerank_score").is_none())
    );
    let scores: Vec<_> = reranked[..5].iter().map(rerank_score).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    assert_ne!(scores[0].to_bits(), scores[4].to_bits());
    for (at, hit) in reranked.iter().enumerate() {
        assert_eq!(hit["rank"], at + 1);
        let position = ids(&original)
            .iter()
            .position(|id| *id == hit["id"])
            .unwrap();
        assert_eq!(hit["score"], original[position]["score"]);
        assert_eq!(position < 5, at < 5);
    }

    // The depth decides how many hits are reranked, whatever `-k` is.
    let deep = search(
        &sandbox,
        &["-k", "20", "--rerank", &model, "--rerank-depth", "20"],
    );
    let few = search(
        &sandbox,
        &["-k", "2", "--rerank", &model, "--rerank-depth", "20"],
    );
    assert_eq!(few, deep[..2]);
    let all = search(&sandbox, &["--rerank", &model]);
    assert_eq!(all.len(), 10);
    let text = sandbox.ok(&["search", "--library", "L", "--rerank", &model, "enzyme"]);
    assert!(text.contains(" · reranked with "), "{text}");
}

#[test]
fn invalid_rerankers_and_depths_are_rejected() {
    let sandbox = Sandbox::with_library(10);
    let message = sandbox.fails(&[&SEARCH[..], &["--rerank", &tiny_model()]].concat());
    assert!(
        message.contains("cannot load the cross-encoder `"),
        "{message}"
    );
    assert!(
        message.contains("unsupported architecture `BertModel`"),
        "{message}"
    );
    let message = sandbox.fails(&[&SEARCH[..], &["--rerank", "nobody/nothing"]].concat());
    assert!(
        message.contains("the model `nobody/nothing` was not found"),
        "{message}"
    );
    let model = fixture("cross_encoders/bert");
    // More hits than papers are all papers.
    let all = search(&sandbox, &["-k", "11", "--rerank", &model]);
    assert_eq!(all, search(&sandbox, &["-k", "10", "--rerank", &model]));
    for wrong in [
        ["--rerank-depth", "5"].as_slice(),
        &["--rerank", &model, "--rerank-depth", "0"],
    ] {
        let output = sandbox
            .command(&[&SEARCH[..], wrong].concat())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn the_cross_encoder_runs_in_the_precision_of_the_library_unless_told_otherwise() {
    let sandbox = Sandbox::with_library(10);
    let add = ["add", "--library", "I", "--model", &tiny_model()];
    sandbox.ok(&[&add[..], &["--precision", "int8", "papers.jsonl"]].concat());
    let model = fixture("cross_encoders/bert");
    let scores = |library: &str, options: &[&str]| -> Vec<f64> {
        let search = ["search", "--library", library, "--json", "--rerank", &model];
        let found = sandbox.json(&[&search[..], options, &["enzyme and graph"]].concat());
        let hits = found["hits"].as_array().unwrap();
        let mut scores: Vec<_> = hits.iter().map(rerank_score).collect();
        scores.sort_by(f64::total_cmp);
        scores
    };
    let [f32, int8] = ["f32", "int8"].map(|name| scores("L", &["--rerank-precision", name]));
    assert_ne!(f32, int8);
    for (a, b) in f32.iter().zip(&int8) {
        assert!((a - b).abs() < 0.1, "{a} {b}");
    }
    assert_eq!(scores("L", &[]), f32);
    assert_eq!(scores("I", &[]), int8);
    assert_eq!(scores("I", &["--rerank-precision", "f32"]), f32);
    let options = ["--rerank", &model, "--rerank-precision", "f16"];
    let message = sandbox.misused(&[&SEARCH[..], &options].concat());
    assert!(
        message.contains("cannot load the cross-encoder"),
        "{message}"
    );
    assert!(
        message.contains("expected one of `f32`, `int8`"),
        "{message}"
    );
    let options = ["--rerank-precision", "int8"];
    let mut command = sandbox.command(&[&SEARCH[..], &options].concat());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}
