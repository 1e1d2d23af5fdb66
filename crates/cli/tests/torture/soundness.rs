//! What must hold for a library whatever happened to the process that wrote it.

use serde_json::Value;

use crate::contents::{Contents, id};
use crate::sandbox::Sandbox;

/// Asserts that `check` finds no fault, that the library has one of the permitted contents, and that the
/// first and the last paper are found by their texts. Returns the position of the contents in `permitted`.
///
/// If there may be no paper, there may also be no library, because it was not created yet.
#[track_caller]
pub(crate) fn assert_committed(
    sandbox: &Sandbox,
    library: &str,
    permitted: &[Contents],
    event: &str,
) -> usize {
    let check = sandbox.run(&["check", "--library", library]);
    let found = if check.code == Some(0) {
        sandbox.contents(library)
    } else {
        let is_missing = check.stderr.contains("has no `papers.sqlite`")
            || check.stderr.contains("is of another program, or empty");
        assert!(is_missing, "{event}: {check:?}");
        Contents::default()
    };
    let position = permitted.iter().position(|contents| *contents == found);
    let expected: Vec<_> = permitted.iter().map(ids).collect();
    assert!(
        position.is_some(),
        "{event}: found {:?}, expected one of {expected:?}, or the papers differ",
        ids(&found)
    );
    let papers = found.papers();
    for paper in [papers.first(), papers.last()].into_iter().flatten() {
        assert_found(sandbox, library, paper, event);
    }
    position.unwrap()
}

/// Asserts that a paper is found by its own text, and by a word of its title.
#[track_caller]
fn assert_found(sandbox: &Sandbox, library: &str, paper: &Value, event: &str) {
    let [title, text] = ["title", "abstract"].map(|field| paper[field].as_str().unwrap());
    let both = format!("{title} {text}");
    let number = &id(paper)[1..];
    for (mode, query) in [("vector", both.as_str()), ("keyword", number)] {
        let arguments = [
            "search",
            "--library",
            library,
            "--json",
            "-k",
            "3",
            "--mode",
            mode,
            query,
        ];
        let answer: Value = serde_json::from_str(&sandbox.ok(&arguments)).unwrap();
        let hits = answer["hits"].as_array().unwrap();
        let hit = hits.iter().find(|hit| hit["id"] == paper["id"]);
        assert!(
            hit.is_some(),
            "{event}: {mode} search for `{query}` found {hits:?}"
        );
        if mode == "vector" {
            let score = hit.unwrap()["score"].as_f64().unwrap();
            assert!(score > 0.9999, "{event}: {score} for its own text {paper}");
        }
    }
}

fn ids(contents: &Contents) -> Vec<&str> {
    contents.papers().iter().map(id).collect()
}
