//! The text of a search: words, quotes, exclusions and pipes.

use serde_json::Value;

use crate::sandbox::{Sandbox, stderr};

fn ids(found: &Value) -> Vec<&str> {
    let hits = found["hits"].as_array().unwrap().iter();
    hits.map(|hit| hit["id"].as_str().unwrap()).collect()
}

#[test]
fn words_are_joined_wherever_options_stand() {
    let sandbox = Sandbox::with_library(40);
    let expected = sandbox.json(&["search", "--library", "L", "--json", "graph and proof 9"]);
    for arguments in [
        &[
            "search",
            "graph",
            "and",
            "proof",
            "9",
            "--library",
            "L",
            "--json",
        ][..],
        &[
            "search",
            "--json",
            "graph",
            "--library",
            "L",
            "and proof",
            "9",
        ],
        &[
            "search",
            "--json",
            "--library",
            "L",
            "--",
            "graph",
            "and",
            "proof",
            "9",
        ],
    ] {
        let found = sandbox.json(arguments);
        assert_eq!(found["query"], "graph and proof 9");
        assert_eq!(found["hits"], expected["hits"]);
    }
    // A lone hyphen among words is a word.
    let found = sandbox.json(&["search", "--library", "L", "--json", "graph", "-", "proof"]);
    assert_eq!(found["query"], "graph - proof");
}

#[test]
fn a_pipe_has_the_text_if_there_is_no_other() {
    let sandbox = Sandbox::with_library(40);
    let search = ["search", "--library", "L", "--json"];
    let expected = sandbox.json(&[&search[..], &["graph and\nproof"]].concat());
    for name in [&[][..], &["-"]] {
        let output = sandbox.piped(&[&search[..], name].concat(), b" graph and\nproof\n\n");
        assert!(output.status.success(), "{}", stderr(&output));
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(found["query"], "graph and\nproof");
        assert_eq!(found["hits"], expected["hits"]);
    }
    // A text among the arguments leaves the pipe alone.
    let output = sandbox.piped(&[&search[..], &["enzyme"]].concat(), b"graph");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["query"], "enzyme");

    let failure = |input: &[u8]| {
        let output = sandbox.piped(&search, input);
        assert!(output.stdout.is_empty());
        (output.status.code(), stderr(&output))
    };
    let empty =
        "error: the query is empty, expected a text, as in `cognate search small world networks`\n";
    assert_eq!(failure(b" \n"), (Some(2), empty.to_owned()));
    let long = "error: standard input has more than 1 MiB, expected the text of one query\n";
    assert_eq!(
        failure(&vec![b'a'; (1 << 20) + 1]),
        (Some(1), long.to_owned())
    );
    let binary =
        "error: standard input is not text in UTF-8 (byte 7), expected the text of a query\n";
    assert_eq!(failure(b"graph \xff"), (Some(1), binary.to_owned()));
}

#[test]
fn curly_quotes_make_a_phrase() {
    let sandbox = Sandbox::with_library(40);
    let search = |text: &str| {
        let keyword = [
            "search",
            "--library",
            "L",
            "--mode",
            "keyword",
            "--json",
            text,
        ];
        let found = sandbox.json(&keyword);
        ids(&found)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let straight = search("\"graph and proof\"");
    assert!(!straight.is_empty() && straight.len() < search("graph proof").len());
    for quoted in [
        "“graph and proof”",
        "„graph and proof“",
        "«graph and proof»",
    ] {
        assert_eq!(search(quoted), straight, "{quoted}");
    }
}

#[test]
fn a_hyphen_before_a_word_leaves_out_papers_with_it_and_is_reported() {
    let sandbox = Sandbox::with_library(40);
    let note =
        "leaving out papers with `proof`; a space after the hyphen makes it part of the text\n";
    for mode in ["vector", "keyword", "hybrid"] {
        let search = [
            "search",
            "--library",
            "L",
            "--mode",
            mode,
            "--json",
            "-k",
            "40",
        ];
        let all = sandbox.json(&[&search[..], &["graph"]].concat());
        let has_proof = |hit: &&Value| {
            let id = hit["id"].as_str().unwrap();
            let show = [
                "search",
                "--library",
                "L",
                "--mode",
                "keyword",
                "--json",
                "-k",
                "40",
                "proof",
            ];
            ids(&sandbox.json(&show)).contains(&id)
        };
        let without: Vec<&str> = all["hits"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|hit| !has_proof(hit))
            .map(|hit| hit["id"].as_str().unwrap())
            .collect();
        assert!(!without.is_empty() && without.len() < ids(&all).len());
        for arguments in [&["graph -proof"][..], &["--", "graph", "-proof"]] {
            let output = sandbox
                .command(&[&search[..], arguments].concat())
                .output()
                .unwrap();
            assert_eq!(stderr(&output), note);
            let found: Value = serde_json::from_slice(&output.stdout).unwrap();
            let mut found = ids(&found);
            let mut expected = without.clone();
            if mode == "hybrid" {
                // Fused scores depend on the papers that may be hits.
                found.sort_unstable();
                expected.sort_unstable();
            }
            assert_eq!(found, expected, "{mode}");
        }
    }
    assert_eq!(
        sandbox.misused(&["search", "--library", "L", "--", "-proof"]),
        "error: the query only leaves out `proof`, expected a text to search for too, as in `cognate search \
         small world networks`\n"
    );
    for word in ["-proof", "-kernel"] {
        let message = sandbox.misused(&["search", "--library", "L", "graph", word]);
        let tip = format!("`cognate search -- graphs {word}`");
        assert!(message.contains(&tip), "{message}");
    }
}

#[test]
fn the_last_value_of_an_option_counts_and_too_large_a_k_is_all() {
    let sandbox = Sandbox::with_library(15);
    let count = |arguments: &[&str]| {
        let search = ["search", "--library", "L", "--json", "graph"];
        ids(&sandbox.json(&[&search[..], arguments].concat())).len()
    };
    assert_eq!(count(&["-k", "3", "-k", "5"]), 5);
    assert_eq!(count(&["-k", "1000"]), 15);
    assert_eq!(count(&["-k", "99999999999999999999999"]), 15);
    // Options that may be repeated keep all values.
    assert_eq!(
        count(&["--author", "nobody", "--author", "bea", "-k", "9"]),
        9
    );
    let related = ["related", "--library", "L", "--json", "paper-1", "-k", "16"];
    assert_eq!(ids(&sandbox.json(&related)).len(), 14);
}

#[test]
fn no_hits_are_a_failure_only_if_that_is_asked_for() {
    let sandbox = Sandbox::with_library(15);
    for command in [&["search", "graph"][..], &["related", "paper-1"], &["list"]] {
        let none = [command, &["--library", "L", "--author", "nobody"]].concat();
        let some = [command, &["--library", "L", "--fail-empty"]].concat();
        for format in [&[][..], &["--json"]] {
            let status = |arguments: &[&str]| {
                let arguments = [arguments, format].concat();
                sandbox.command(&arguments).output().unwrap().status.code()
            };
            assert_eq!(status(&none), Some(0));
            assert_eq!(status(&[&none[..], &["--fail-empty"]].concat()), Some(1));
            assert_eq!(status(&some), Some(0));
        }
        let json = sandbox.command(&[&none[..], &["--fail-empty", "--json"]].concat());
        let output = { json }.output().unwrap();
        assert!(stderr(&output).is_empty(), "{}", stderr(&output));
        assert!(serde_json::from_slice::<Value>(&output.stdout).is_ok());
    }
}

#[test]
fn fewer_than_100_papers_have_no_percentile() {
    for (papers, has_percentile) in [(99, false), (100, true)] {
        let sandbox = Sandbox::with_library(papers);
        let found = sandbox.json(&["search", "--library", "L", "--json", "graph"]);
        let percentile = &found["hits"][0]["percentile"];
        assert_eq!(percentile.is_f64(), has_percentile);
        let text = sandbox.ok(&["search", "--library", "L", "graph"]);
        assert_eq!(text.contains("% of pairs"), has_percentile, "{text}");
    }
}
