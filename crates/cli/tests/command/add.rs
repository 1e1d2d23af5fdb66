use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::sandbox::{Sandbox, papers, stderr, tiny_model};

#[test]
fn papers_are_added_updated_or_left_unchanged() {
    let sandbox = Sandbox::new();
    sandbox.write("papers.jsonl", &papers(0..30));
    let add = [
        "add",
        "--library",
        "L",
        "--model",
        &tiny_model(),
        "papers.jsonl",
    ];
    let stdout = sandbox.ok(&add);
    assert!(
        stdout.starts_with("added 30, updated 0, unchanged 0; 30 texts embedded in "),
        "{stdout}"
    );
    // The library remembers its model, so `--model` is no longer needed.
    let stdout = sandbox.ok(&["add", "--library", "L", "papers.jsonl"]);
    assert!(
        stdout.starts_with("added 0, updated 0, unchanged 30; 0 texts embedded in "),
        "{stdout}"
    );

    let changed = papers(0..31).replace("\"title\":\"graph and graph 0\"", "\"title\":\"Revised\"");
    sandbox.write("papers.jsonl", &changed);
    let stdout = sandbox.ok(&["add", "--library", "L", "papers.jsonl"]);
    assert!(
        stdout.starts_with("added 1, updated 1, unchanged 29; 2 texts embedded in "),
        "{stdout}"
    );
    assert_eq!(sandbox.count("L"), 31);
}

#[test]
fn gzip_several_files_and_standard_input_are_read() {
    let sandbox = Sandbox::new();
    sandbox.write("a.jsonl", &papers(0..10));
    sandbox.write("b.jsonl", &papers(10..20));
    assert!(
        Command::new("gzip")
            .arg(sandbox.path("b.jsonl"))
            .status()
            .unwrap()
            .success()
    );
    let model = tiny_model();
    sandbox.ok(&[
        "add",
        "--library",
        "L",
        "--model",
        &model,
        "a.jsonl",
        "b.jsonl.gz",
    ]);
    assert_eq!(sandbox.count("L"), 20);

    let mut child = sandbox
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
    assert_eq!(sandbox.count("L"), 25);
}

#[test]
fn a_record_of_another_paper_gets_an_id_of_its_own_unless_it_replaces_the_paper() {
    let sandbox = Sandbox::new();
    sandbox.write("a.jsonl", &papers(0..3));
    sandbox.write("b.csv", "id,title\npaper-1,The later\n");
    let model = tiny_model();
    let add = [
        "add",
        "--library",
        "L",
        "--model",
        &model,
        "a.jsonl",
        "b.csv",
    ];
    let added = |add: &[&str]| {
        let output = sandbox.command(add).output().unwrap();
        assert!(output.status.success());
        let stdout = String::from_utf8(output.stdout.clone()).unwrap();
        (stdout, stderr(&output))
    };
    let report = [&add[..], &["--report", "report.jsonl"]].concat();
    let (stdout, message) = added(&report);
    let first: serde_json::Value = serde_json::from_str(papers(1..2).trim()).unwrap();
    let title = first["title"].as_str().unwrap();
    let expected = format!(
        "b.csv: read as csv\nmade library `L`\nb.csv:2: `paper-1` is the id of another paper, “{title}”; kept as `paper-1-2`\n"
    );
    assert_eq!(message, expected);
    assert!(stdout.starts_with("added 4, "), "{stdout}");
    let line: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(sandbox.path("report.jsonl")).unwrap())
            .unwrap();
    assert_eq!(
        line,
        serde_json::json!({
            "file": "b.csv", "line": 2, "event": "renamed", "id": "paper-1",
            "new_id": "paper-1-2", "title": "The later", "other_title": title
        })
    );

    let (stdout, message) = added(&[&add[..], &["--replace"]].concat());
    let expected =
        format!("b.csv: read as csv\nb.csv:2: `paper-1` replaces another paper, “{title}”\n");
    assert_eq!(message, expected);
    assert!(stdout.starts_with("added 0, updated 1, "), "{stdout}");
}

#[test]
fn truncated_texts_are_reported() {
    let sandbox = Sandbox::new();
    let long = "graph ".repeat(100);
    sandbox.write(
        "a.jsonl",
        &format!("{{\"id\": \"a\", \"title\": \"{long}\"}}\n"),
    );
    let model = tiny_model();
    let add = [
        "add",
        "--library",
        "L",
        "--model",
        &model,
        "--report",
        "report.jsonl",
        "a.jsonl",
    ];
    let stdout = sandbox.ok(&add);
    let report = std::fs::read_to_string(sandbox.path("report.jsonl")).unwrap();
    let line: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        (&line["event"], &line["id"]),
        (&"truncated".into(), &"a".into())
    );
    assert!(
        line["bytes_read"].as_u64() < line["bytes"].as_u64(),
        "{line}"
    );
    let expected = "truncated 1 of 1 text to the model's limit of 48 tokens: ";
    assert!(
        stdout.lines().nth(1).unwrap().starts_with(expected),
        "{stdout}"
    );
}

/// Waits until the library holds papers, and returns their number.
fn wait_for_commit(sandbox: &Sandbox) -> u64 {
    let start = Instant::now();
    loop {
        let output = sandbox
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

/// More papers than the tiny model can embed before a test stops it.
const MANY: usize = 60_000;

#[cfg(unix)]
#[test]
fn an_interrupt_keeps_the_last_commit_and_the_same_command_resumes() {
    let sandbox = Sandbox::new();
    sandbox.write("papers.jsonl", &papers(0..MANY));
    let model = tiny_model();
    let add = ["add", "--library", "L", "--model", &model, "papers.jsonl"];
    let child = sandbox
        .command(&add)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for_commit(&sandbox);
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let kept = sandbox.count("L");
    let message = stderr(&output);
    let group = |n: u64| match n {
        0..1000 => n.to_string(),
        _ => format!("{},{:03}", n / 1000, n % 1000),
    };
    let expected = format!(
        "error: interrupted: {} of 60,000 papers are in the library; run the same command again to \
         add the others\n",
        group(kept)
    );
    assert!(message.ends_with(&expected), "{message}");
    assert!(kept > 0 && kept < MANY as u64);

    let some = papers(0..usize::try_from(kept).unwrap() + 5);
    sandbox.write("papers.jsonl", &some);
    let stdout = sandbox.ok(&["add", "--library", "L", "papers.jsonl"]);
    assert!(
        stdout.starts_with("added 5, updated 0, unchanged "),
        "{stdout}"
    );
    assert!(stdout.contains("; 5 texts embedded in "), "{stdout}");
}

#[test]
fn a_killed_process_leaves_a_library_that_opens() {
    let sandbox = Sandbox::new();
    sandbox.write("papers.jsonl", &papers(0..MANY));
    let model = tiny_model();
    let add = ["add", "--library", "L", "--model", &model, "papers.jsonl"];
    let mut last = 0;
    for round in 0..6_u64 {
        let mut child = sandbox
            .command(&add)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        if round == 0 {
            wait_for_commit(&sandbox);
        }
        thread::sleep(Duration::from_millis(37 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let count = sandbox.count("L");
        assert!(count >= last, "{count} after {last}");
        last = count;
        // Every paper in the library has its vector.
        let k = count.to_string();
        let hits = sandbox.json(&["related", "--library", "L", "-k", &k, "--json", "paper-0"]);
        assert_eq!(hits["hits"].as_array().unwrap().len() as u64, count - 1);
    }
}

#[test]
fn processes_that_add_at_the_same_time_take_turns() {
    let sandbox = Sandbox::new();
    sandbox.write("a.jsonl", &papers(0..600));
    sandbox.write("b.jsonl", &papers(300..900));
    let model = tiny_model();
    let children: Vec<_> = ["a.jsonl", "b.jsonl"]
        .into_iter()
        .map(|file| {
            sandbox
                .command(&["add", "--library", "L", "--model", &model, file])
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
    assert_eq!(sandbox.count("L"), 900);
    let hits = sandbox.json(&[
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
