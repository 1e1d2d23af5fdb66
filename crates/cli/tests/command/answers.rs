use std::collections::BTreeSet;
use std::process::Stdio;

use crate::setup::Desk;

#[test]
fn a_search_prints_rank_score_and_facts() {
    let desk = Desk::with_library(40);
    let text = desk.ok(&["search", "--library", "L", "-k", "2", "enzyme and graph"]);
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
    // Ten without `-k`.
    let text = desk.ok(&["search", "--library", "L", "enzyme and graph"]);
    assert_eq!(text.lines().count(), 30);
}

#[test]
fn json_has_the_fields_that_scripts_rely_on() {
    let desk = Desk::with_library(40);
    let found = desk.json(&[
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
    assert_eq!(keys, BTreeSet::from(["query", "took_ms", "hits"]));
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
            "at_least_as_near",
            "keyword_score",
            "title",
            "year",
            "venue",
            "url",
            "authors",
            "versions",
        ];
        assert_eq!(keys, BTreeSet::from(expected));
        assert_eq!(hit["rank"], at + 1);
        assert_eq!(hit["authors"].as_array().unwrap().len(), 2);
        assert_eq!(hit["venue"], "Journal of Things");
    }
    // Of both rankings: what shares words with the query is no lower than its cosine alone.
    assert!(hits[0]["keyword_score"].as_f64().unwrap() > 0.0);

    let found = desk.json(&["related", "--library", "L", "-k", "39", "--json", "paper-3"]);
    assert_eq!(found["query"], serde_json::json!(["paper-3"]));
    let hits = found["hits"].as_array().unwrap();
    assert_eq!(hits.len(), 39);
    assert!(hits.iter().all(|hit| hit["id"] != "paper-3"));

    let info = desk.json(&["info", "--library", "L", "--json"]);
    assert_eq!(
        (&info["papers"], &info["dim"], &info["precision"]),
        (&40.into(), &32.into(), &"f32".into())
    );
}

#[test]
fn filters_hold_for_every_hit() {
    let desk = Desk::with_library(60);
    let years = |arguments: &[&str]| -> Vec<i64> {
        let mut all = vec!["search", "--library", "L", "-k", "60", "--json"];
        all.extend(arguments);
        all.push("graph");
        let found = desk.json(&all);
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
    assert_eq!(years(&["--min-score", "1.1"]).len(), 0);
    assert!(years(&["--min-score", "-1"]).len() == 60);

    let nothing = desk.command(&["search", "--library", "L", "--venue", "nowhere", "graph"]);
    let output = { nothing }.output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty());
    assert_eq!(
        crate::setup::stderr(&output),
        "no paper passes the filters\n"
    );
}

#[test]
fn removes_papers_and_says_what_is_left() {
    let desk = Desk::with_library(12);
    assert_eq!(
        desk.ok(&["remove", "--library", "L", "paper-1", "paper-2"]),
        "removed 2 papers, 10 papers left\n"
    );
    let said = desk.ok(&["info", "--library", "L"]);
    assert!(said.contains("papers       10\n"), "{said}");
    assert!(said.contains("1 segment, 2 rows deleted"), "{said}");
}

#[test]
fn the_library_may_be_named_by_the_environment() {
    let desk = Desk::with_library(5);
    let output = desk
        .command(&["info", "--json"])
        .env("COGNATE_LIBRARY", desk.path("L"))
        .output()
        .unwrap();
    assert!(output.status.success());
}

#[test]
fn wrong_usage_exits_with_2_and_help_with_0() {
    let desk = Desk::new();
    for arguments in [
        &["search", "text"][..],
        &["find", "text"],
        &["search", "--library", "L", "-k", "many", "text"],
        &["add", "--library", "L", "--precision", "int4", "f.jsonl"],
        &["add", "--library", "L", "--device", "gpu", "f.jsonl"],
        &["related", "--library", "L"],
        &["search", "--library", "L", "--year", "soon", "text"],
    ] {
        let output = desk.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
    }
    for command in [
        "add", "search", "related", "info", "remove", "eval", "embed",
    ] {
        assert!(desk.ok(&[command, "--help"]).contains("Usage: cognate"));
    }
    assert!(desk.ok(&["--version"]).starts_with("cognate 0."));
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let desk = Desk::with_library(40);
    let mut child = desk
        .command(&["search", "--library", "L", "-k", "40", "graph"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(
        output.stderr.is_empty(),
        "{}",
        crate::setup::stderr(&output)
    );
}
