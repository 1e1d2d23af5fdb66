//! Lists of papers, dates, and the order of hits.

use crate::sandbox::{Sandbox, papers, stderr, tiny_model};

fn ids(lines: &str) -> Vec<&str> {
    lines
        .lines()
        .map(|line| line.split('\t').next().unwrap_or_default())
        .collect()
}

#[test]
fn papers_are_put_on_lists_and_found_by_them() {
    let sandbox = Sandbox::with_library(12);
    let lists = |arguments: &[&str]| sandbox.ok(&[&["lists"], arguments].concat());
    let none = "liked\t0\ndisliked\t0\nread\t0\nhidden\t0\n";
    assert_eq!(lists(&["--library", "L"]), none);
    let library = ["--library", "L"];
    let change = |arguments: &[&str]| lists(&[arguments, &library].concat());
    assert_eq!(
        change(&["add", "to read", "paper-1", "paper-2"]),
        "put 2 papers on `to read`\n"
    );
    assert_eq!(
        change(&["add", "liked", "paper-2", "--note", "good"]),
        "put 1 paper on `liked`\n"
    );
    assert_eq!(
        lists(&library),
        "liked\t1\ndisliked\t0\nread\t0\nhidden\t0\nto read\t2\n"
    );
    let list = |arguments: &[&str]| sandbox.ok(&[&["list", "--library", "L"], arguments].concat());
    assert_eq!(ids(&list(&["--list", "to read"])), ["paper-1", "paper-2"]);
    assert_eq!(
        ids(&list(&["--list", "to read", "--not-list", "liked"])),
        ["paper-1"]
    );
    let found = sandbox.json(&[
        "search",
        "--library",
        "L",
        "--json",
        "--list",
        "liked",
        "graph",
    ]);
    let hits = found["hits"].as_array().unwrap();
    assert_eq!((hits.len(), &hits[0]["id"]), (1, &"paper-2".into()));
    assert_eq!(hits[0]["lists"][0]["note"], "good");
    let related = [
        "related",
        "--library",
        "L",
        "--json",
        "--list",
        "to read",
        "paper-2",
    ];
    let found = sandbox.json(&related);
    assert_eq!(found["hits"].as_array().unwrap().len(), 1);
    let exported = sandbox.ok(&["export", "--library", "L", "--list", "liked"]);
    assert!(exported.contains(r#""lists":[{"name":"liked","note":"good"},{"name":"to read"}]"#));
    let shown = sandbox.ok(&["show", "--library", "L", "paper-2"]);
    assert!(
        shown.contains("lists        liked (good); to read\n"),
        "{shown}"
    );
    assert!(shown.contains("\nadded        20"), "{shown}");
    assert_eq!(
        change(&["remove", "to read", "paper-2", "paper-3"]),
        "took 1 paper from `to read`\n"
    );
    assert_eq!(change(&["create", "later"]), "created `later`\n");
    assert_eq!(change(&["delete", "to read"]), "deleted `to read`\n");
    assert_eq!(change(&["delete", "liked"]), "emptied `liked`\n");
    assert_eq!(lists(&library), format!("{none}later\t0\n"));
    let error = sandbox.fails(&["list", "--library", "L", "--list", "to read"]);
    assert!(
        error.contains("no list `to read` in the library, which has `liked`"),
        "{error}"
    );
    let error = sandbox.fails(&["lists", "add", "liked", "paper-99", "--library", "L"]);
    assert!(error.contains("no paper `paper-99`"), "{error}");
    let create = sandbox.command(&["lists", "create", "a,b", "--library", "L"]);
    let output = { create }.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = stderr(&output);
    assert!(
        error.contains("`list` is `a,b`, expected a name"),
        "{error}"
    );
}

#[test]
fn lists_and_days_move_to_another_library_with_the_papers() {
    let sandbox = Sandbox::with_library(5);
    sandbox.ok(&[
        "lists",
        "add",
        "liked",
        "paper-1",
        "--note",
        "N",
        "--library",
        "L",
    ]);
    for file in ["all.jsonl", "all.csv"] {
        sandbox.ok(&["export", "--library", "L", "--output", file]);
        let copy = format!("copy-of-{file}");
        sandbox.ok(&["add", "--library", &copy, "--model", &tiny_model(), file]);
        let listed = sandbox.ok(&["list", "--library", &copy, "--list", "liked"]);
        assert_eq!(ids(&listed), ["paper-1"]);
        let shown = sandbox.ok(&["show", "--library", &copy, "paper-1"]);
        assert_eq!(shown, sandbox.ok(&["show", "--library", "L", "paper-1"]));
    }
}

#[test]
fn removed_papers_come_back_with_their_lists_and_days() {
    let sandbox = Sandbox::with_library(4);
    sandbox.ok(&[
        "lists",
        "add",
        "mine",
        "paper-1",
        "--note",
        "N",
        "--library",
        "L",
    ]);
    let before = sandbox.ok(&["show", "--library", "L", "paper-1"]);
    let save = [
        "remove",
        "--library",
        "L",
        "--save",
        "gone.jsonl",
        "paper-1",
    ];
    sandbox.ok(&save);
    let lists = sandbox.ok(&["lists", "--library", "L"]);
    assert!(lists.ends_with("mine\t0\n"), "{lists}");
    sandbox.ok(&["add", "--library", "L", "gone.jsonl"]);
    assert_eq!(sandbox.ok(&["show", "--library", "L", "paper-1"]), before);
}

#[test]
fn papers_are_filtered_and_sorted_by_date() {
    let sandbox = Sandbox::new();
    let papers = papers(0..4);
    let dated = papers
        .lines()
        .zip(["2020-05-02", "2021", "2020-05", "2019-12-31"])
        .map(|(line, date)| {
            let line = line.strip_suffix('}').unwrap();
            format!("{line},\"published\":\"{date}\",\"added\":\"{date}\"}}\n")
        });
    sandbox.write("dated.jsonl", &dated.collect::<String>());
    sandbox.ok(&[
        "add",
        "--library",
        "L",
        "--model",
        &tiny_model(),
        "dated.jsonl",
    ]);
    let list = |arguments: &[&str]| sandbox.ok(&[&["list", "--library", "L"], arguments].concat());
    assert_eq!(
        ids(&list(&["--since", "2020-05"])),
        ["paper-0", "paper-1", "paper-2"]
    );
    assert_eq!(
        ids(&list(&["--since", "2020-05-02"])),
        ["paper-0", "paper-1"]
    );
    assert_eq!(ids(&list(&["--added-since", "2021"])), ["paper-1"]);
    assert_eq!(
        ids(&list(&["--sort", "published"])),
        ["paper-3", "paper-2", "paper-0", "paper-1"]
    );
    let search = [
        "search",
        "--library",
        "L",
        "--json",
        "--sort",
        "date",
        "graph",
    ];
    let hits = sandbox.json(&search)["hits"].clone();
    let found: Vec<&str> = hits
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| hit["id"].as_str().unwrap())
        .collect();
    assert_eq!(found, ["paper-1", "paper-0", "paper-2", "paper-3"]);
    assert_eq!(hits[0]["rank"], 1);
    let output = sandbox
        .command(&["list", "--library", "L", "--since", "2022"])
        .output();
    let note = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(
        note.contains("no paper was published in 2022 or later; the latest is from 2021"),
        "{note}"
    );
    let error = sandbox.misused(&["list", "--library", "L", "--since", "yesterday"]);
    assert!(error.contains("expected a date such as 2024"), "{error}");
}
