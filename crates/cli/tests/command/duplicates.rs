use crate::setup::{Desk, papers, stderr, tiny_model};

/// A library with two records of one paper, and one more of the same text.
fn desk() -> Desk {
    let desk = Desk::new();
    let record = |id: &str, facts: &str| {
        format!(
            r#"{{"id": "{id}", "title": "Sorting by rotating wheels", "abstract": "Fast.", {facts}}}"#
        ) + "\n"
    };
    let text = papers(0..20)
        + &record("one", r#""year": 2001, "doi": "10.1234/w""#)
        + &record("two", r#""year": 2002, "doi": "10.1234/W""#)
        + &record("three", r#""year": 2015"#);
    desk.write("papers.jsonl", &text);
    desk.ok(&[
        "add",
        "--library",
        "L",
        "--model",
        &tiny_model(),
        "papers.jsonl",
    ]);
    desk
}

#[test]
fn prints_pairs_with_their_cosine_and_reason() {
    let desk = desk();
    let text = desk.ok(&["duplicates", "--library", "L", "--threshold", "0.9999"]);
    let pair = |a: &str, b: &str, why: &str| {
        format!(
            "1.000  {why}\n       {a} · Sorting by rotating wheels\n       {b} · Sorting by rotating wheels\n"
        )
    };
    for expected in [
        pair("one · 2001", "two · 2002", "same DOI"),
        pair("one · 2001", "three · 2015", "nearly the same text"),
        pair("two · 2002", "three · 2015", "nearly the same text"),
    ] {
        assert!(text.contains(&expected), "{expected} in {text}");
    }
}

#[test]
fn json_counts_all_pairs_and_gives_some() {
    let desk = desk();
    let all = desk.json(&[
        "duplicates",
        "--library",
        "L",
        "--threshold",
        "-1",
        "--json",
    ]);
    assert_eq!(all["total"], 23 * 22 / 2);
    let pairs = all["pairs"].as_array().unwrap();
    assert!(pairs.is_sorted_by(|a, b| a["cosine"].as_f64() >= b["cosine"].as_f64()));
    let arguments = [
        "duplicates",
        "--library",
        "L",
        "--threshold",
        "-1",
        "-k",
        "3",
    ];
    let few = desk.json(&[&arguments[..], &["--json"]].concat());
    assert_eq!(few["total"], all["total"]);
    assert_eq!(few["pairs"].as_array().unwrap(), &pairs[..3]);
    let doi = pairs.iter().find(|pair| pair["reason"] == "doi").unwrap();
    assert_eq!(doi["papers"][0]["id"], "one");
    assert_eq!(doi["papers"][1]["doi"], "10.1234/w");
    let output = desk.command(&arguments).output().unwrap();
    assert_eq!(stderr(&output), "the 3 nearest of 253 pairs\n");
}

#[test]
fn a_threshold_that_is_no_cosine_is_an_error() {
    let said = desk().fails(&["duplicates", "--library", "L", "--threshold", "2"]);
    assert_eq!(
        said,
        "error: the threshold is 2, expected a cosine, -1 to 1\n"
    );
}
