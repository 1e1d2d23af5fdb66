use std::fs;

use crate::sandbox::{Sandbox, papers, stderr, tiny_model};

#[test]
fn exported_papers_can_be_added_again() {
    let sandbox = Sandbox::with_library(20);
    let lines = sandbox.ok(&["export", "--library", "L"]);
    assert_eq!(lines.lines().count(), 20);
    assert_eq!(
        lines,
        sandbox.ok(&["export", "--library", "L", "--format", "jsonl"])
    );
    sandbox.write("again.jsonl", &lines);
    let model = tiny_model();
    sandbox.ok(&["add", "--library", "M", "--model", &model, "again.jsonl"]);
    assert_eq!(sandbox.ok(&["export", "--library", "M"]), lines);
}

#[test]
fn a_file_is_written_completely_and_reported() {
    let sandbox = Sandbox::with_library(5);
    let arguments = [
        "export",
        "--library",
        "L",
        "--format",
        "bibtex",
        "--output",
        "out.bib",
    ];
    let output = sandbox.command(&arguments).output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty());
    assert_eq!(stderr(&output), "wrote 5 papers to `out.bib`\n");
    let text = fs::read_to_string(sandbox.path("out.bib")).unwrap();
    assert_eq!(text, sandbox.ok(&arguments[..5]));
    assert!(text.starts_with("@article{paper-0,\n  title = {{graph and graph 0}},\n"));
    assert!(text.contains("  author = {{Ada Author0} and Bea Other},\n"));
    assert!(!sandbox.path("out.bib.part").exists());
    let message = sandbox.fails(&["export", "--library", "L", "--output", "nowhere/out.jsonl"]);
    assert!(
        message.starts_with("error: cannot write `nowhere/out.jsonl`"),
        "{message}"
    );
}

#[test]
fn hits_can_be_printed_in_every_format() {
    let sandbox = Sandbox::with_library(20);
    let found = |format: &str| {
        let search = ["search", "--library", "L", "-k", "2", "--format", format];
        sandbox.ok(&[&search[..], &["enzyme and graph"]].concat())
    };
    let keys = |text: &str| -> Vec<String> {
        let document: serde_json::Value = serde_json::from_str(text).unwrap();
        document.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(keys(&found("json")), ["hits", "query", "took_ms"]);
    assert_eq!(found("jsonl").lines().count(), 2);
    assert!(found("csv").starts_with("rank,score,id,title,"));
    assert!(found("bibtex").starts_with("@article{paper-"));
    assert!(found("ris").starts_with("TY  - JOUR\r\n"));
    let csl: serde_json::Value = serde_json::from_str(&found("csl-json")).unwrap();
    assert_eq!(csl.as_array().unwrap().len(), 2);
    assert!(found("markdown").starts_with("1. ["));
    let related = [
        "related",
        "--library",
        "L",
        "-k",
        "3",
        "--format",
        "ris",
        "paper-1",
    ];
    assert_eq!(sandbox.ok(&related).matches("ER  - ").count(), 3);
}

#[test]
fn an_unknown_format_is_wrong_usage() {
    let sandbox = Sandbox::new();
    sandbox.write("papers.jsonl", &papers(0..1));
    let output = sandbox
        .command(&["export", "--library", "L", "--format", "xlsx"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = stderr(&output);
    assert!(
        message.contains("`csv`, `bibtex`, `ris`, `csl-json` or `markdown`"),
        "{message}"
    );
    let both = ["search", "--library", "L", "--json", "--format", "csv", "x"];
    assert_eq!(
        sandbox.command(&both).output().unwrap().status.code(),
        Some(2)
    );
}
