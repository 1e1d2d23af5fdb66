use std::collections::BTreeMap;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use cognate::Library;
use serde_json::{Value, json};

use crate::sandbox::{Sandbox, fixture, papers, stderr, tiny_model};

const PAPERS: usize = 60;

fn other_model() -> String {
    fixture("architectures/mpnet")
}

fn counts(sandbox: &Sandbox, library: &str) -> [Value; 3] {
    let info = sandbox.json(&["info", "--library", library, "--json"]);
    ["papers", "native", "mapped"].map(|name| info[name].clone())
}

#[test]
fn a_library_answers_by_the_new_model_at_once_and_then_embeds_its_papers() {
    let sandbox = Sandbox::with_library(PAPERS);
    let model = other_model();
    let arguments = [
        "upgrade",
        "--library",
        "L",
        "--model",
        &model,
        "--sample",
        "20",
        "--map-only",
    ];
    let stdout = sandbox.ok(&arguments);
    assert!(
        stdout.starts_with("mapped 40 papers, embedded 20 texts in "),
        "{stdout}"
    );
    let ending = "; 40 papers have mapped vectors, which `cognate upgrade` embeds\n";
    assert!(stdout.ends_with(ending), "{stdout}");
    assert_eq!(counts(&sandbox, "L"), [60, 20, 40].map(|n| json!(n)));
    let info = sandbox.ok(&["info", "--library", "L"]);
    let line = "upgrade      20 papers with vectors of the model, 40 with mapped ones; `cognate \
                upgrade` continues\n";
    assert!(info.contains(line), "{info}");
    assert!(info.contains("architectures/mpnet (f32, "), "{info}");
    // The library knows its new model; the old one no longer fits.
    sandbox.ok(&["search", "--library", "L", "graph"]);
    let message = sandbox.fails(&[
        "search",
        "--library",
        "L",
        "--model",
        &tiny_model(),
        "graph",
    ]);
    assert!(message.contains("was made by the model"), "{message}");
    sandbox.write("more.jsonl", &papers(PAPERS..PAPERS + 5));
    sandbox.ok(&["add", "--library", "L", "more.jsonl"]);
    assert_eq!(counts(&sandbox, "L"), [65, 25, 40].map(|n| json!(n)));

    let stdout = sandbox.ok(&["upgrade", "--library", "L"]);
    assert!(stdout.starts_with("embedded 40 texts in "), "{stdout}");
    assert!(stdout.contains("; 65 papers have vectors of `"), "{stdout}");
    assert_eq!(counts(&sandbox, "L"), [65, 65, 0].map(|n| json!(n)));
    assert!(
        !sandbox
            .ok(&["info", "--library", "L"])
            .contains("\nupgrade ")
    );

    let stdout = sandbox.ok(&["upgrade", "--library", "L", "--model", &model]);
    assert!(
        stdout.starts_with("all papers have vectors of `"),
        "{stdout}"
    );
    assert!(
        stdout.ends_with("architectures/mpnet`, nothing to do\n"),
        "{stdout}"
    );

    sandbox.write("all.jsonl", &papers(0..PAPERS + 5));
    sandbox.ok(&["add", "--library", "new", "--model", &model, "all.jsonl"]);
    // The five papers were embedded before most of the others, so ties are in another order.
    let scores = |library: &str| {
        let query = "graph proof";
        let arguments = ["search", "--library", library, "-k", "65", "--json", query];
        let document = sandbox.json(&arguments);
        let hits = document["hits"].as_array().unwrap();
        let score = |hit: &Value| {
            let score = ["score", "keyword_score"].map(|name| hit[name].to_string());
            (hit["id"].as_str().unwrap().to_owned(), score)
        };
        hits.iter().map(score).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(scores("L").len(), 65);
    assert_eq!(scores("L"), scores("new"));
}

#[test]
fn an_upgrade_of_something_else_is_an_error() {
    let sandbox = Sandbox::with_library(5);
    let message = sandbox.fails(&["upgrade", "--library", "nothing"]);
    assert!(message.contains("`nothing` is not a library"), "{message}");
    let message = sandbox.fails(&["upgrade", "--library", "L", "--model", "missing"]);
    assert!(message.contains("missing` was not found"), "{message}");
    let model = other_model();
    let message = sandbox.misused(&[
        "upgrade",
        "--library",
        "L",
        "--model",
        &model,
        "--sample",
        "0",
    ]);
    assert!(
        message.contains("expected a whole number, at least 1"),
        "{message}"
    );
    assert_eq!(counts(&sandbox, "L"), [5, 5, 0].map(|n| json!(n)));
}

#[cfg(unix)]
#[test]
fn an_interrupted_upgrade_says_what_is_done_and_continues() {
    let sandbox = Sandbox::with_library(3000);
    let model = other_model();
    let arguments = [
        "upgrade",
        "--library",
        "L",
        "--model",
        &model,
        "--sample",
        "20",
    ];
    let mut child = sandbox
        .command(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while Library::open(sandbox.path("L"))
        .unwrap()
        .info()
        .unwrap()
        .mapped
        == 0
    {
        assert!(child.try_wait().unwrap().is_none());
        thread::sleep(Duration::from_millis(1));
    }
    let pid = child.id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status()
        .unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    let mapped = counts(&sandbox, "L")[2].as_u64().unwrap();
    assert!(mapped > 0);
    let message = stderr(&output);
    assert!(
        message.contains("error: interrupted: the library answers by `"),
        "{message}"
    );
    assert!(message.contains("of 3,000 papers have mapped vectors; run `cognate upgrade` again"));

    let stdout = sandbox.ok(&["upgrade", "--library", "L"]);
    assert!(
        stdout.contains("; 3,000 papers have vectors of `"),
        "{stdout}"
    );
    assert_eq!(counts(&sandbox, "L"), [3000, 3000, 0].map(|n| json!(n)));
}
