use std::fs;

use crate::setup::{Desk, papers, stderr};

#[test]
fn what_is_exported_can_be_added_again() {
    let desk = Desk::with_library(20);
    let lines = desk.ok(&["export", "--library", "L"]);
    assert_eq!(lines.lines().count(), 20);
    assert_eq!(
        lines,
        desk.ok(&["export", "--library", "L", "--format", "jsonl"])
    );
    desk.write("again.jsonl", &lines);
    let model = crate::setup::tiny_model();
    desk.ok(&["add", "--library", "M", "--model", &model, "again.jsonl"]);
    assert_eq!(desk.ok(&["export", "--library", "M"]), lines);
}

#[test]
fn a_file_is_written_whole_and_said() {
    let desk = Desk::with_library(5);
    let arguments = [
        "export",
        "--library",
        "L",
        "--format",
        "bibtex",
        "--output",
        "out.bib",
    ];
    let output = desk.command(&arguments).output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty());
    assert_eq!(stderr(&output), "wrote 5 papers to `out.bib`\n");
    let text = fs::read_to_string(desk.path("out.bib")).unwrap();
    assert_eq!(text, desk.ok(&arguments[..5]));
    assert!(text.starts_with("@article{paper-0,\n  title = {{graph and graph 0}},\n"));
    assert!(text.contains("  author = {Ada Author0 and Bea Other},\n"));
    assert!(!desk.path("out.bib.part").exists());
    let said = desk.fails(&["export", "--library", "L", "--output", "nowhere/out.jsonl"]);
    assert!(
        said.starts_with("error: cannot write `nowhere/out.jsonl`"),
        "{said}"
    );
}

#[test]
fn hits_come_in_every_format() {
    let desk = Desk::with_library(20);
    let found = |format: &str| {
        let search = ["search", "--library", "L", "-k", "2", "--format", format];
        desk.ok(&[&search[..], &["enzyme and graph"]].concat())
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
    assert_eq!(desk.ok(&related).matches("ER  - ").count(), 3);
}

#[test]
fn a_format_that_is_not_known_is_wrong_usage() {
    let desk = Desk::new();
    desk.write("papers.jsonl", &papers(0..1));
    let output = desk
        .command(&["export", "--library", "L", "--format", "xlsx"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(
        said.contains("`jsonl`, `csv`, `bibtex`, `ris` or `markdown`"),
        "{said}"
    );
    let both = ["search", "--library", "L", "--json", "--format", "csv", "x"];
    assert_eq!(desk.command(&both).output().unwrap().status.code(), Some(2));
}
