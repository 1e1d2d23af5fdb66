use serde_json::Value;

use crate::setup::{Desk, fixture, tiny_model};

const SEARCH: [&str; 5] = ["search", "--library", "L", "--json", "enzyme and graph"];

fn search(desk: &Desk, options: &[&str]) -> Vec<Value> {
    let found = desk.json(&[&SEARCH[..], options].concat());
    found["hits"].as_array().unwrap().clone()
}

fn ids(hits: &[Value]) -> Vec<&str> {
    hits.iter().map(|hit| hit["id"].as_str().unwrap()).collect()
}

fn rerank_score(hit: &Value) -> f64 {
    hit["rerank_score"].as_f64().unwrap()
}

#[test]
fn the_first_hits_come_in_the_order_of_the_cross_encoder_and_the_rest_behind() {
    let desk = Desk::with_library(40);
    let model = fixture("cross_encoders/bert");
    let plain = search(&desk, &["-k", "20"]);
    assert!(plain[0].get("rerank_score").is_none());

    let options = ["-k", "8", "--rerank", &model, "--rerank-depth", "5"];
    let reranked = search(&desk, &options);
    assert_eq!(ids(&reranked[5..]), ids(&plain[5..8]));
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
        let place = ids(&plain).iter().position(|id| *id == hit["id"]).unwrap();
        assert_eq!(hit["score"], plain[place]["score"]);
        assert_eq!(place < 5, at < 5);
    }

    // What is asked for is taken from all that was read.
    let deep = search(
        &desk,
        &["-k", "20", "--rerank", &model, "--rerank-depth", "20"],
    );
    let few = search(
        &desk,
        &["-k", "2", "--rerank", &model, "--rerank-depth", "20"],
    );
    assert_eq!(few, deep[..2]);
    let all = search(&desk, &["--rerank", &model]);
    assert_eq!(all.len(), 10);
    let text = desk.ok(&["search", "--library", "L", "--rerank", &model, "enzyme"]);
    assert!(text.contains(" · reranked with "), "{text}");
}

#[test]
fn what_cannot_be_reranked_is_refused() {
    let desk = Desk::with_library(10);
    let said = desk.fails(&[&SEARCH[..], &["--rerank", &tiny_model()]].concat());
    assert!(said.contains("cannot load the cross-encoder `"), "{said}");
    assert!(
        said.contains("unsupported architecture `BertModel`"),
        "{said}"
    );
    let said = desk.fails(&[&SEARCH[..], &["--rerank", "nobody/nothing"]].concat());
    assert!(
        said.contains("the model `nobody/nothing` was not found"),
        "{said}"
    );
    let model = fixture("cross_encoders/bert");
    let said = desk.fails(&[&SEARCH[..], &["-k", "11", "--rerank", &model]].concat());
    assert!(said.contains("k is 11, expected 1 to 10 papers"), "{said}");
    for wrong in [
        ["--rerank-depth", "5"].as_slice(),
        &["--rerank", &model, "--rerank-depth", "0"],
    ] {
        let output = desk
            .command(&[&SEARCH[..], wrong].concat())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
    }
}
