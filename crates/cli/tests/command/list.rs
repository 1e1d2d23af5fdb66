use std::fs;

use crate::sandbox::{Sandbox, stderr, tiny_model};

/// Returns the ids on the lines of a list.
fn ids(lines: &str) -> Vec<&str> {
    lines
        .lines()
        .map(|line| line.split('\t').next().unwrap_or_default())
        .collect()
}

/// Runs the command and returns its stderr, after asserting that it succeeds without an answer.
#[track_caller]
fn empty(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let output = sandbox.command(arguments).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(output.stdout.is_empty());
    stderr(&output)
}

#[test]
fn a_program_gets_a_line_of_fields_for_each_paper() {
    let sandbox = Sandbox::with_library(12);
    let lines = sandbox.ok(&["list", "--library", "L"]);
    assert_eq!(lines.lines().count(), 12);
    let first = lines.lines().next().unwrap();
    assert_eq!(
        first,
        "paper-0\t2000\tgraph and graph 0\tAda Author0; Bea Other\tJournal of Things"
    );
    let document = sandbox.json(&["list", "--library", "L", "--json", "-k", "2"]);
    let papers = document["papers"].as_array().unwrap();
    assert_eq!(papers.len(), 2);
    assert_eq!(papers[1]["id"], "paper-1");
    assert_eq!(papers[1]["categories"], serde_json::json!(["math.CO"]));
}

#[test]
fn papers_are_filtered_sorted_and_limited() {
    let sandbox = Sandbox::with_library(30);
    let list = |arguments: &[&str]| sandbox.ok(&[&["list", "--library", "L"], arguments].concat());
    let all = list(&[]);
    assert_eq!(ids(&all)[..3], ["paper-0", "paper-1", "paper-2"]);
    let newest = list(&["--sort", "year", "--reverse", "--limit", "3"]);
    assert_eq!(ids(&newest), ["paper-19", "paper-18", "paper-17"]);
    let last = list(&["--reverse", "-k", "2"]);
    assert_eq!(ids(&last), ["paper-29", "paper-28"]);
    let titles = list(&["--sort", "title", "-k", "2"]);
    assert_eq!(ids(&titles), ["paper-18", "paper-26"]);
    let some = list(&["--year", "2003-2004", "--author", "author1", "--sort", "id"]);
    assert_eq!(ids(&some), ["paper-4"]);
    let math = list(&["--category", "math", "--venue", "journal"]);
    assert_eq!(ids(&math).len(), 15);
}

#[test]
fn a_person_gets_a_table_as_wide_as_the_screen() {
    let sandbox = Sandbox::with_library(3);
    let list = |columns: &str| {
        let mut command = sandbox.command(&["list", "--library", "L", "--color", "always"]);
        let output = command.env("COLUMNS", columns).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let styles = ["\u{1b}[1m", "\u{1b}[2m", "\u{1b}[0m"];
        assert!(styles.iter().all(|style| text.contains(style)), "{text:?}");
        styles
            .iter()
            .fold(text, |text, style| text.replace(style, ""))
    };
    assert_eq!(
        list("80"),
        "paper-0  2000  graph and graph 0   Ada Author0 and Oth…\n\
         paper-1  2001  proof and graph 1   Ada Author1 and Oth…\n\
         paper-2  2002  enzyme and graph 2  Ada Author2 and Oth…\n"
    );
    assert!(list("30").starts_with("graph and graph 0\n  paper-0 · 2000 · Ada Author0\n"));
}

#[test]
fn a_list_needs_no_vectors() {
    let sandbox = Sandbox::with_library(30);
    let lists = [
        &["list", "--library", "L"][..],
        &["list", "--library", "L", "--sort", "title"],
        &["list", "--library", "L", "--year", "2005-", "--reverse"],
        &["export", "--library", "L", "--category", "cs"],
    ];
    let before = lists.map(|arguments| sandbox.ok(arguments));
    fs::remove_dir_all(sandbox.path("L/vectors")).unwrap();
    assert_eq!(lists.map(|arguments| sandbox.ok(arguments)), before);
}

#[test]
fn an_empty_list_says_why() {
    let sandbox = Sandbox::with_library(30);
    let list =
        |arguments: &[&str]| empty(&sandbox, &[&["list", "--library", "L"], arguments].concat());
    assert_eq!(
        list(&["--author", "Ada Autor1"]),
        "no author matches `Ada Autor1`; nearest: Ada Author1; Ada Author0; Ada Author2\n"
    );
    assert_eq!(
        list(&["--venue", "Jornal"]),
        "no venue matches `Jornal`; nearest: Journal of Things\n"
    );
    assert_eq!(
        list(&["--category", "cs.CI"]),
        "no paper is in the category `cs.CI`; nearest: cs.CL\n"
    );
    assert_eq!(
        list(&["--year", "-1980"]),
        "no paper is from 1980 or earlier; the library has papers from 2000 to 2019\n"
    );
    assert_eq!(
        list(&["--year", "2001", "--author", "author2"]),
        "no paper passes all filters together: 2 pass the year, 10 pass the author\n"
    );
    sandbox.ok(&["remove", "--library", "L", "--year", "2000-", "--yes"]);
    assert_eq!(list(&[]), "the library is empty\n");
}

#[test]
fn searches_without_hits_say_why() {
    let sandbox = Sandbox::with_library(30);
    let search = |arguments: &[&str]| {
        empty(
            &sandbox,
            &[&["search", "--library", "L"], arguments].concat(),
        )
    };
    assert_eq!(
        search(&["--mode", "keyword", "qubits of the graviton"]),
        "no paper has any of the words `qubits`, `graviton`\n"
    );
    assert_eq!(
        search(&["--min-score", "1", "graph"]),
        "no paper has a cosine similarity of at least 1\n"
    );
    assert_eq!(
        search(&["--venue", "nowhere", "--year", "1999", "graph"]),
        "no paper is from 1999; the library has papers from 2000 to 2019\nno venue matches `nowhere`\n"
    );
    let related = ["related", "--library", "L", "--year", "2015", "paper-15"];
    assert_eq!(
        empty(&sandbox, &related),
        "no other paper passes the filters\n"
    );
}

#[test]
fn wrong_values_of_filters_are_explained_and_exit_with_status_2() {
    let sandbox = Sandbox::new();
    for (arguments, message) in [
        (
            ["--year", "abc"],
            "`abc` is not a year; expected a year or a range, such as 2017, 2015-2019, 2015- or -2019",
        ),
        (
            ["--year", "2019-2015"],
            "2019 is after 2015; write the earlier year first, as in 2015-2019",
        ),
        (["--venue", " "], "expected at least one word of the name"),
        (["--author", ""], "expected at least one word of the name"),
        (
            ["--sort", "size"],
            "added, year, published, title, id, author",
        ),
    ] {
        let list = [&["list", "--library", "L"][..], &arguments].concat();
        let output = sandbox.command(&list).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(message), "{}", stderr(&output));
    }
}

#[test]
fn a_new_library_is_announced_and_an_unexpanded_tilde_refused() {
    let sandbox = Sandbox::with_library(3);
    let model = tiny_model();
    let add = ["add", "--model", &model, "papers.jsonl", "--library"];
    let output = sandbox.command(&[&add[..], &["papers"]].concat());
    let output = { output }.output().unwrap();
    assert_eq!(stderr(&output), "made library `papers`\n");
    let output = sandbox.command(&[&add[..], &["papers"]].concat());
    assert_eq!(stderr(&{ output }.output().unwrap()), "");
    for path in ["~/papers", "~"] {
        let message = sandbox.fails(&[&add[..], &[path]].concat());
        let start = format!("error: the library `{path}` begins with a tilde");
        assert!(message.starts_with(&start), "{message}");
        assert!(!sandbox.path("~").exists());
    }
    sandbox.ok(&[&add[..], &["./~"]].concat());
    assert!(sandbox.path("~").is_dir());
}
