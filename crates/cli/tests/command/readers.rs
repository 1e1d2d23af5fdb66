//! Processes that read a library while others write it.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::sandbox::{Sandbox, papers};

/// Far less than the time that a process waits for another one.
const AT_ONCE: Duration = Duration::from_secs(15);

#[test]
fn a_paused_export_keeps_no_writer_and_no_reader_waiting() {
    let sandbox = Sandbox::with_library(1000);
    let mut export = sandbox
        .command(&["export", "--library", "L"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(export.stdout.take().unwrap()).lines();
    // The export has begun, and more is to come than a pipe holds.
    let first = lines.next().unwrap().unwrap();
    assert!(first.contains("paper-0"));

    sandbox.write("more.jsonl", &papers(1000..1003));
    let start = Instant::now();
    sandbox.add("L", "more.jsonl");
    sandbox.ok(&["remove", "--library", "L", "paper-7"]);
    sandbox.ok(&["compact", "--library", "L"]);
    let search = ["search", "--library", "L", "--mode", "keyword", "graph"];
    assert!(!sandbox.ok(&search).is_empty());
    assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());

    // The export has the papers of the moment when it began.
    let rest = lines.map(Result::unwrap).count();
    assert_eq!(rest, 999);
    assert!(export.wait().unwrap().success());
    assert_eq!(sandbox.count("L"), 1002);
}
