use std::fs;

use crate::sandbox::{Sandbox, stderr};

/// Returns the papers of the library, in the order of their ids.
fn papers(sandbox: &Sandbox) -> String {
    sandbox.ok(&["export", "--library", "L", "--sort", "id"])
}

#[test]
fn removed_and_remaining_papers_are_counted() {
    let sandbox = Sandbox::with_library(12);
    assert_eq!(
        sandbox.ok(&["remove", "--library", "L", "paper-1", "paper-2"]),
        "removed 2 papers, 10 papers left\n"
    );
    let stdout = sandbox.ok(&["info", "--library", "L"]);
    assert!(stdout.contains("papers       10\n"), "{stdout}");
    assert!(stdout.contains("1 segment, 2 rows deleted"), "{stdout}");
}

#[test]
fn a_dry_run_lists_the_papers_and_removes_none() {
    let sandbox = Sandbox::with_library(12);
    let remove = [
        "remove",
        "--library",
        "L",
        "--dry-run",
        "paper-2",
        "paper-1",
        "paper-2",
    ];
    let output = sandbox.command(&remove).output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "paper-2\t2002\tenzyme and graph 2\tAda Author2; Bea Other\tJournal of Things\n\
         paper-1\t2001\tproof and graph 1\tAda Author1; Bea Other\tJournal of Things\n"
    );
    assert_eq!(
        stderr(&output),
        "would remove 2 papers, 10 papers left; nothing was removed\n"
    );
    let filter = [
        "remove",
        "--library",
        "L",
        "--dry-run",
        "--category",
        "math",
    ];
    assert_eq!(sandbox.ok(&filter).lines().count(), 6);
    assert_eq!(sandbox.count("L"), 12);
}

#[test]
fn papers_are_removed_by_filter_only_after_a_yes() {
    let sandbox = Sandbox::with_library(12);
    let remove = [
        "remove",
        "--library",
        "L",
        "--category",
        "math",
        "--year",
        "-2005",
    ];
    let output = sandbox.command(&remove).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = stderr(&output);
    assert!(
        message.starts_with("error: the filters select 3 papers") && message.contains("--yes"),
        "{message}"
    );
    assert_eq!(sandbox.count("L"), 12);
    let output = sandbox.command(&[&remove[..], &["--yes"]].concat());
    let output = { output }.output().unwrap();
    assert_eq!(output.stdout, b"removed 3 papers, 9 papers left\n");
    assert_eq!(
        stderr(&output),
        "removed `paper-1`: proof and graph 1\nremoved `paper-3`: galaxy and graph 3\n\
         removed `paper-5`: syntax and graph 5\n"
    );
    let left = sandbox.ok(&["list", "--library", "L", "--year", "-2005"]);
    assert_eq!(left.lines().count(), 3);
}

#[test]
fn removing_nothing_says_why() {
    let sandbox = Sandbox::with_library(12);
    let remove = ["remove", "--library", "L", "--yes", "--author", "Autor1"];
    let output = sandbox.command(&remove).output().unwrap();
    assert_eq!(output.stdout, b"removed 0 papers, 12 papers left\n");
    assert!(stderr(&output).starts_with("no author matches `Autor1`; nearest: Ada Author1"));
    let message = sandbox.fails(&["remove", "--library", "L", "paper-1", "paper-x"]);
    assert!(message.contains("`paper-x`"), "{message}");
    assert_eq!(sandbox.count("L"), 12);
    for arguments in [&[][..], &["--year", "2001", "paper-1"]] {
        let remove = [&["remove", "--library", "L"], arguments].concat();
        let output = sandbox.command(&remove).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    }
}

#[test]
fn saved_papers_come_back_with_every_field() {
    let sandbox = Sandbox::with_library(9);
    let detailed = serde_json::json!({
        "id": "7", "title": "A book", "abstract": "On graphs\nand proofs.",
        "authors": [{"given": "Ana", "family": "García Molina"}, "Bea Other"],
        "year": 1999, "venue": "V", "url": "https://example.org/7", "categories": ["cs"],
        "doi": "10.1000/7", "arxiv": "1706.03762", "references": ["10.1000/8"],
        "kind": "book", "publisher": "P", "volume": "3", "pages": "1-9", "keywords": ["k"],
    });
    sandbox.write("detailed.jsonl", &format!("{detailed}\n"));
    sandbox.ok(&["add", "--library", "L", "detailed.jsonl"]);
    let before = papers(&sandbox);
    assert!(before.contains("Garc\u{ed}a Molina") && before.contains("10.1000/8"));
    let remove = [
        "remove",
        "--library",
        "L",
        "--yes",
        "--save",
        "gone.jsonl",
        "--year",
        "-2004",
    ];
    let output = sandbox.command(&remove).output().unwrap();
    assert_eq!(output.stdout, b"removed 6 papers, 4 papers left\n");
    let message = stderr(&output);
    assert!(
        message.ends_with(
            "saved them in `gone.jsonl`; `cognate add --library L gone.jsonl` brings them back\n"
        ),
        "{message}"
    );
    assert_eq!(papers(&sandbox).lines().count(), 4);
    sandbox.ok(&["add", "--library", "L", "gone.jsonl"]);
    assert_eq!(papers(&sandbox), before);

    // The only copy of removed papers is not replaced, and nothing is removed without it.
    let saved = fs::read_to_string(sandbox.path("gone.jsonl")).unwrap();
    let again = [
        "remove",
        "--library",
        "L",
        "--save",
        "gone.jsonl",
        "paper-8",
    ];
    let message = sandbox.fails(&again);
    assert_eq!(
        message,
        "error: `gone.jsonl` exists; use --force to replace it, or name another file\n"
    );
    let message = sandbox.fails(&[&again[..4], &["no/where", "paper-8"]].concat());
    assert!(message.contains("cannot write `no/where`"), "{message}");
    assert_eq!(papers(&sandbox), before);
    assert_eq!(
        fs::read_to_string(sandbox.path("gone.jsonl")).unwrap(),
        saved
    );
    sandbox.ok(&[&again[..], &["--force"]].concat());
    let saved = fs::read_to_string(sandbox.path("gone.jsonl")).unwrap();
    assert_eq!(saved.lines().count(), 1);
}

#[test]
fn papers_are_named_by_id_doi_or_arxiv_identifier_and_by_nothing_else() {
    let sandbox = Sandbox::with_library(9);
    let paper = serde_json::json!({
        "id": "attention", "title": "Attention is all you need", "doi": "10.1000/7", "arxiv": "1706.03762",
    });
    sandbox.write("more.jsonl", &format!("{paper}\n"));
    sandbox.ok(&["add", "--library", "L", "more.jsonl"]);
    for name in [
        "attention",
        "https://doi.org/10.1000/7",
        "arXiv:1706.03762v5",
    ] {
        let listed = sandbox.ok(&["remove", "--library", "L", "--dry-run", name]);
        assert!(listed.starts_with("attention\t"), "{name}: {listed}");
    }
    for name in ["Attention is all you need", "ATTENTION", "attenti"] {
        let message = sandbox.fails(&["remove", "--library", "L", name]);
        assert!(
            message.contains("is not an id, a DOI or an arXiv identifier"),
            "{message}"
        );
    }
    assert_eq!(sandbox.count("L"), 10);
    let removed = sandbox.ok(&["remove", "--library", "L", "10.1000/7", "attention"]);
    assert_eq!(removed, "removed 1 paper, 9 papers left\n");
}
