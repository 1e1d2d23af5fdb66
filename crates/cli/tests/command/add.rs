use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::setup::{Desk, papers, stderr, tiny_model};

#[test]
fn adds_updates_and_leaves_alone() {
    let desk = Desk::new();
    desk.write("papers.jsonl", &papers(0..30));
    let add = [
        "add",
        "--library",
        "L",
        "--model",
        &tiny_model(),
        "papers.jsonl",
    ];
    let said = desk.ok(&add);
    assert!(
        said.starts_with("added 30, updated 0, unchanged 0; 30 texts embedded in "),
        "{said}"
    );
    // The library knows its model: from now on it need not be named.
    let said = desk.ok(&["add", "--library", "L", "papers.jsonl"]);
    assert!(
        said.starts_with("added 0, updated 0, unchanged 30; 0 texts embedded in "),
        "{said}"
    );

    let changed = papers(0..31).replace("\"title\":\"graph and graph 0\"", "\"title\":\"Revised\"");
    desk.write("papers.jsonl", &changed);
    let said = desk.ok(&["add", "--library", "L", "papers.jsonl"]);
    assert!(
        said.starts_with("added 1, updated 1, unchanged 29; 2 texts embedded in "),
        "{said}"
    );
    assert_eq!(desk.count("L"), 31);
}

#[test]
fn reads_gzip_several_files_and_the_standard_input() {
    let desk = Desk::new();
    desk.write("a.jsonl", &papers(0..10));
    desk.write("b.jsonl", &papers(10..20));
    assert!(
        Command::new("gzip")
            .arg(desk.path("b.jsonl"))
            .status()
            .unwrap()
            .success()
    );
    let model = tiny_model();
    desk.ok(&[
        "add",
        "--library",
        "L",
        "--model",
        &model,
        "a.jsonl",
        "b.jsonl.gz",
    ]);
    assert_eq!(desk.count("L"), 20);

    let mut child = desk
        .command(&["add", "--library", "L", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(papers(20..25).as_bytes())
        .unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    assert_eq!(desk.count("L"), 25);
}

#[test]
fn the_later_of_two_records_wins_and_it_is_said() {
    let desk = Desk::new();
    desk.write("a.jsonl", &papers(0..3));
    desk.write(
        "b.jsonl",
        "{\"id\": \"paper-1\", \"title\": \"The later\"}\n",
    );
    let model = tiny_model();
    let add = [
        "add",
        "--library",
        "L",
        "--model",
        &model,
        "a.jsonl",
        "b.jsonl",
    ];
    let output = desk.command(&add).output().unwrap();
    assert!(output.status.success());
    let expected = "b.jsonl:1: `paper-1` was there already, this one replaces a.jsonl:2\n";
    assert_eq!(stderr(&output), expected);
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .starts_with("added 3, ")
    );
    let hits = desk.json(&["related", "--library", "L", "--json", "paper-0"]);
    assert!(
        hits["hits"]
            .as_array()
            .unwrap()
            .iter()
            .any(|hit| hit["title"] == "The later")
    );
}

#[test]
fn says_what_the_model_did_not_read() {
    let desk = Desk::new();
    let long = "graph ".repeat(100);
    desk.write(
        "a.jsonl",
        &format!("{{\"id\": \"a\", \"title\": \"{long}\"}}\n"),
    );
    let said = desk.ok(&["add", "--library", "L", "--model", &tiny_model(), "a.jsonl"]);
    let cut = "texts longer than the 48 tokens that the model reads: 1 of 1; cut off: ";
    assert!(said.lines().nth(1).unwrap().starts_with(cut), "{said}");
}

/// Waits until the library holds papers, and says how many.
fn wait_for_commit(desk: &Desk) -> u64 {
    let start = Instant::now();
    loop {
        let output = desk
            .command(&["info", "--library", "L", "--json"])
            .output()
            .unwrap();
        if output.status.success() {
            let info: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            match info["papers"].as_u64() {
                Some(0) | None => {}
                Some(papers) => return papers,
            }
        }
        assert!(
            start.elapsed() < Duration::from_mins(1),
            "no commit within a minute"
        );
        thread::sleep(Duration::from_millis(5));
    }
}

/// More papers than the tiny model embeds in the time that the tests take to stop it.
const MANY: usize = 60_000;

#[cfg(unix)]
#[test]
fn an_interrupt_keeps_the_last_commit_and_the_same_command_goes_on() {
    let desk = Desk::new();
    desk.write("papers.jsonl", &papers(0..MANY));
    let model = tiny_model();
    let add = ["add", "--library", "L", "--model", &model, "papers.jsonl"];
    let child = desk
        .command(&add)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for_commit(&desk);
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let kept = desk.count("L");
    let said = stderr(&output);
    let group = |n: u64| match n {
        0..1000 => n.to_string(),
        _ => format!("{},{:03}", n / 1000, n % 1000),
    };
    let expected = format!(
        "error: stopped: {} of 60,000 papers are in the library; the same command goes on from \
         there\n",
        group(kept)
    );
    assert!(said.ends_with(&expected), "{said}");
    assert!(kept > 0 && kept < MANY as u64);

    let some = papers(0..usize::try_from(kept).unwrap() + 5);
    desk.write("papers.jsonl", &some);
    let said = desk.ok(&["add", "--library", "L", "papers.jsonl"]);
    assert!(said.starts_with("added 5, updated 0, unchanged "), "{said}");
    assert!(said.contains("; 5 texts embedded in "), "{said}");
}

#[test]
fn a_killed_process_leaves_a_library_that_opens() {
    let desk = Desk::new();
    desk.write("papers.jsonl", &papers(0..MANY));
    let model = tiny_model();
    let add = ["add", "--library", "L", "--model", &model, "papers.jsonl"];
    let mut last = 0;
    for round in 0..6_u64 {
        let mut child = desk
            .command(&add)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        if round == 0 {
            wait_for_commit(&desk);
        }
        thread::sleep(Duration::from_millis(37 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let count = desk.count("L");
        assert!(count >= last, "{count} after {last}");
        last = count;
        // Every paper that is there has its vector.
        let k = count.to_string();
        let hits = desk.json(&["related", "--library", "L", "-k", &k, "--json", "paper-0"]);
        assert_eq!(hits["hits"].as_array().unwrap().len() as u64, count - 1);
    }
}

#[test]
fn two_processes_that_add_at_once_take_turns() {
    let desk = Desk::new();
    desk.write("a.jsonl", &papers(0..600));
    desk.write("b.jsonl", &papers(300..900));
    let model = tiny_model();
    let children: Vec<_> = ["a.jsonl", "b.jsonl"]
        .into_iter()
        .map(|file| {
            desk.command(&["add", "--library", "L", "--model", &model, file])
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    }
    assert_eq!(desk.count("L"), 900);
    let hits = desk.json(&[
        "related",
        "--library",
        "L",
        "-k",
        "900",
        "--json",
        "paper-450",
    ]);
    assert_eq!(hits["hits"].as_array().unwrap().len(), 899);
}
