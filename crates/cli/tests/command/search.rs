use std::collections::BTreeSet;
use std::fs;

use crate::sandbox::{Sandbox, copy_model, papers, stderr};

#[test]
fn a_search_prints_rank_score_and_metadata() {
    let sandbox = Sandbox::with_library(40);
    let text = sandbox.ok(&["search", "--library", "L", "-k", "2", "enzyme and graph"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6, "{text}");
    assert!(
        lines[0].starts_with("  1  0.") || lines[0].starts_with("  1  1."),
        "{text}"
    );
    assert!(lines[1].starts_with("            Ada Author"), "{text}");
    assert!(lines[1].contains(" · 20") && lines[1].contains(" · Journal of Things · paper-"));
    assert!(
        lines[2].starts_with("            https://example.org/"),
        "{text}"
    );
    // The default is 10 hits.
    let text = sandbox.ok(&["search", "--library", "L", "enzyme and graph"]);
    assert_eq!(text.lines().count(), 30);
}

#[test]
fn json_has_the_documented_fields() {
    let sandbox = Sandbox::with_library(40);
    let found = sandbox.json(&[
        "search",
        "--library",
        "L",
        "-k",
        "3",
        "--json",
        "enzyme and graph",
    ]);
    let keys: BTreeSet<&str> = found
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        BTreeSet::from(["version", "command", "library", "took_ms", "query", "hits"])
    );
    assert_eq!(found["query"], "enzyme and graph");
    assert!(found["took_ms"].as_f64().unwrap() > 0.0);
    let hits = found["hits"].as_array().unwrap();
    assert_eq!(hits.len(), 3);
    for (at, hit) in hits.iter().enumerate() {
        let keys: BTreeSet<&str> = hit
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let expected = [
            "rank",
            "id",
            "score",
            "percentile",
            "rank_by_cosine",
            "found_by",
            "keyword_score",
            "fused_score",
            "title",
            "abstract",
            "authors",
            "year",
            "venue",
            "url",
            "categories",
            "doi",
            "arxiv",
            "references",
            "added",
            "versions",
        ];
        assert_eq!(keys, BTreeSet::from(expected));
        assert_eq!(hit["rank"], at + 1);
        assert_eq!(hit["authors"].as_array().unwrap().len(), 2);
        assert_eq!(hit["venue"], "Journal of Things");
    }
    // The first hit of a hybrid search shares words with the query.
    assert!(hits[0]["keyword_score"].as_f64().unwrap() > 0.0);

    let found = sandbox.json(&["related", "--library", "L", "-k", "39", "--json", "paper-3"]);
    assert_eq!(found["query"], serde_json::json!(["paper-3"]));
    let hits = found["hits"].as_array().unwrap();
    assert_eq!(hits.len(), 39);
    assert!(hits.iter().all(|hit| hit["id"] != "paper-3"));

    let info = sandbox.json(&["info", "--library", "L", "--json"]);
    assert_eq!(
        (&info["papers"], &info["dim"], &info["precision"]),
        (&40.into(), &32.into(), &"f32".into())
    );
}

#[test]
fn every_hit_matches_the_filters() {
    let sandbox = Sandbox::with_library(60);
    let years = |arguments: &[&str]| -> Vec<i64> {
        let mut all = vec!["search", "--library", "L", "-k", "60", "--json"];
        all.extend(arguments);
        all.push("graph");
        let found = sandbox.json(&all);
        found["hits"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hit| hit["year"].as_i64().unwrap())
            .collect()
    };
    let found = years(&["--year", "2015-"]);
    assert!(
        found.len() == 15 && found.iter().all(|&year| year >= 2015),
        "{found:?}"
    );
    assert_eq!(years(&["--year", "2003"]), [2003, 2003, 2003]);
    assert_eq!(years(&["--category", "math"]).len(), 30);
    assert_eq!(
        years(&["--category", "math", "--category", "cs.LG"]).len(),
        60
    );
    assert_eq!(years(&["--author", "author1"]).len(), 20);
    assert_eq!(
        years(&["--venue", "journal", "--author", "bea other"]).len(),
        60
    );
    assert_eq!(years(&["--min-score", "1"]).len(), 0);
    assert!(years(&["--min-score", "-1"]).len() == 60);

    let no_hits = sandbox.command(&["search", "--library", "L", "--venue", "nowhere", "graph"]);
    let output = { no_hits }.output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty());
    assert_eq!(stderr(&output), "no venue matches `nowhere`\n");
}

#[test]
fn keyword_search_reads_no_model_unless_it_needs_cosines() {
    let sandbox = Sandbox::new();
    copy_model(&sandbox.path("model"));
    sandbox.write("papers.jsonl", &papers(0..20));
    sandbox.ok(&["add", "--library", "L", "--model", "model", "papers.jsonl"]);
    let search = ["search", "--library", "L", "--mode", "keyword", "enzyme"];
    let cosines = sandbox.json(&[&search[..], &["--json", "--min-score", "-1"]].concat());
    fs::remove_dir_all(sandbox.path("model")).unwrap();

    let found = sandbox.json(&[&search[..], &["--json"]].concat());
    let hits = found["hits"].as_array().unwrap();
    assert!(!hits.is_empty());
    for (hit, other) in hits.iter().zip(cosines["hits"].as_array().unwrap()) {
        assert_eq!(hit["id"], other["id"]);
        assert_eq!(hit["keyword_score"], other["keyword_score"]);
        assert!(other["score"].is_f64() && other["rank_by_cosine"].is_u64());
        assert!(hit["score"].is_null() && hit["rank_by_cosine"].is_null());
    }
    let text = sandbox.ok(&search);
    let score = hits[0]["keyword_score"].as_f64().unwrap();
    assert!(text.starts_with(&format!("  1  {score:.3}  ")), "{text}");
    let table = sandbox.ok(&[&search[..], &["--format", "csv"]].concat());
    assert!(table.lines().nth(1).unwrap().starts_with("1,,"), "{table}");
    for options in [
        ["--mode", "vector"].as_slice(),
        &["--min-score", "0"],
        &["--explain"],
    ] {
        let mut arguments = vec!["search", "--library", "L"];
        if options[0] != "--mode" {
            arguments.extend(["--mode", "keyword"]);
        }
        arguments.extend(options);
        arguments.push("enzyme");
        let message = sandbox.fails(&arguments);
        assert!(message.contains("model"), "{message}");
    }
}
