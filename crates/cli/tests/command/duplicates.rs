use crate::sandbox::{Sandbox, papers, stderr};

/// Creates a library with two records of one paper, and a third paper with the same text.
fn with_duplicates() -> Sandbox {
    let sandbox = Sandbox::new();
    let record = |id: &str, fields: &str| {
        format!(
            r#"{{"id": "{id}", "title": "Sorting by rotating wheels", "abstract": "Fast.", {fields}}}"#
        ) + "\n"
    };
    let text = papers(0..20)
        + &record("one", r#""year": 2001, "doi": "10.1234/w""#)
        + &record("two", r#""year": 2002, "doi": "10.1234/W""#)
        + &record("three", r#""year": 2015"#);
    sandbox.write("papers.jsonl", &text);
    sandbox.add("L", "papers.jsonl");
    sandbox
}

#[test]
fn pairs_are_printed_with_cosine_and_reason() {
    let sandbox = with_duplicates();
    let text = sandbox.ok(&["duplicates", "--library", "L", "--threshold", "0.9999"]);
    let pair = |a: &str, b: &str, reason: &str| {
        format!(
            "1.000  {reason}\n       {a} · Sorting by rotating wheels\n       {b} · Sorting by rotating wheels\n"
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
fn json_counts_all_pairs_and_lists_the_first_k() {
    let sandbox = with_duplicates();
    let all = sandbox.json(&[
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
    let few = sandbox.json(&[&arguments[..], &["--json"]].concat());
    assert_eq!(few["total"], all["total"]);
    assert_eq!(few["pairs"].as_array().unwrap(), &pairs[..3]);
    let doi = pairs.iter().find(|pair| pair["reason"] == "doi").unwrap();
    assert_eq!(doi["papers"][0]["id"], "one");
    assert_eq!(doi["papers"][1]["doi"], "10.1234/w");
    let output = sandbox.command(&arguments).output().unwrap();
    assert_eq!(stderr(&output), "showing the 3 most similar of 253 pairs\n");
}

#[test]
fn a_threshold_out_of_range_is_an_error() {
    let message = with_duplicates().misused(&["duplicates", "--library", "L", "--threshold", "2"]);
    assert!(
        message.starts_with(
            "error: invalid value '2' for '--threshold <COSINE>': expected a cosine from -1 to 1"
        ),
        "{message}"
    );
}
