use std::fs;

use crate::sandbox::{Sandbox, papers, stderr};

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
    sandbox.add("M", "again.jsonl");
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
fn the_extension_of_the_file_says_the_format_unless_an_option_does() {
    let sandbox = Sandbox::with_library(3);
    let export = |arguments: &[&str]| {
        let export = [&["export", "--library", "L"], arguments].concat();
        sandbox.command(&export).output().unwrap()
    };
    for (file, format) in [
        ("out.bib", "bibtex"),
        ("out.RIS", "ris"),
        ("out.json", "json"),
        ("out.jsonl", "jsonl"),
        ("out.csv", "csv"),
        ("out.csl.json", "csl-json"),
        ("out.md", "markdown"),
    ] {
        let output = export(&["--output", file]);
        assert!(output.status.success(), "{}", stderr(&output));
        let written = fs::read_to_string(sandbox.path(file)).unwrap();
        let expected = export(&["--format", format]).stdout;
        assert_eq!(written.as_bytes(), expected, "{file}");
    }
    let output = export(&["--output", "other.bib", "--format", "ris"]);
    assert!(output.status.success());
    let written = fs::read_to_string(sandbox.path("other.bib")).unwrap();
    assert!(written.starts_with("TY  - "), "{written}");
    let output = export(&["--output", "out.txt"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        stderr(&output),
        "error: the name `out.txt` does not say the format, expected one that ends in .json, .jsonl, .csv, \
         .bib, .ris, .csl.json or .md; name another file, or the format with --format\n"
    );
    assert!(!sandbox.path("out.txt").exists());
    assert!(
        export(&["--output", "out.txt", "--format", "csv"])
            .status
            .success()
    );
    assert_eq!(export(&["--output", "-"]).stdout, export(&[]).stdout);
}

#[test]
fn a_file_that_exists_is_replaced_only_by_force() {
    let sandbox = Sandbox::with_library(3);
    sandbox.write("out.bib", "precious");
    let export = ["export", "--library", "L", "--output", "out.bib"];
    assert_eq!(
        sandbox.fails(&export),
        "error: `out.bib` exists; use --force to replace it, or name another file\n"
    );
    let read = || fs::read_to_string(sandbox.path("out.bib")).unwrap();
    assert_eq!(read(), "precious");
    sandbox.ok(&[&export[..], &["--force"]].concat());
    assert!(read().starts_with("@article{paper-0,"));
    // A report does not replace what it reports on.
    let add = [
        "add",
        "--library",
        "L",
        "--report",
        "./papers.jsonl",
        "papers.jsonl",
    ];
    let message = sandbox.fails(&add);
    assert!(
        message.contains("--report would replace `papers.jsonl`"),
        "{message}"
    );
}

#[test]
fn ids_or_filters_select_papers() {
    let sandbox = Sandbox::with_library(20);
    let ids = |arguments: &[&str]| -> Vec<String> {
        let lines = sandbox.ok(&[&["export", "--library", "L"], arguments].concat());
        let paper = |line| -> serde_json::Value { serde_json::from_str(line).unwrap() };
        let id = |line| paper(line)["id"].as_str().unwrap().to_owned();
        lines.lines().map(id).collect()
    };
    assert_eq!(
        ids(&["paper-7", "paper-3", "paper-7"]),
        ["paper-7", "paper-3"]
    );
    assert_eq!(ids(&["--year", "2018-"]), ["paper-18", "paper-19"]);
    let from_list = sandbox.ok(&["list", "--library", "L", "--year", "2018-"]);
    let first_fields: Vec<&str> = from_list
        .lines()
        .filter_map(|l| l.split('\t').next())
        .collect();
    let piped = sandbox.piped(
        &["export", "--library", "L", "-"],
        first_fields.join("\n").as_bytes(),
    );
    let by_filter = sandbox.ok(&["export", "--library", "L", "--year", "2018-"]);
    assert_eq!(String::from_utf8_lossy(&piped.stdout), by_filter);
    assert_eq!(
        ids(&["--sort", "year", "--reverse", "-k", "1"]),
        ["paper-19"]
    );
    let message = sandbox.fails(&["export", "--library", "L", "paper-x"]);
    assert!(message.contains("`paper-x`"), "{message}");
    let both = ["export", "--library", "L", "--year", "2018", "paper-1"];
    let output = sandbox.command(&both).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let none = ["export", "--library", "L", "--year", "1990"];
    let output = sandbox.command(&none).output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty());
    assert!(stderr(&output).starts_with("no paper is from 1990;"));
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
    assert_eq!(
        keys(&found("json")),
        ["command", "hits", "library", "query", "took_ms", "version"]
    );
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
        message.contains("json, jsonl, csv, bibtex, ris, csl-json, markdown"),
        "{message}"
    );
    let both = ["search", "--library", "L", "--json", "--format", "csv", "x"];
    assert_eq!(
        sandbox.command(&both).output().unwrap().status.code(),
        Some(2)
    );
}
