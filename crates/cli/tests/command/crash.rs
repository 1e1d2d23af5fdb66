//! A process that is killed while it writes leaves exactly what was committed.

use std::thread;
use std::time::Instant;

use cognate::Library;

use crate::sandbox::{Sandbox, papers};

const PAPERS: usize = 30;

/// The number of processes to kill, which `COGNATE_KILLS` overrides.
fn kills() -> u32 {
    let number = std::env::var("COGNATE_KILLS").ok();
    number.map_or(20, |number| number.parse().unwrap())
}

#[test]
fn a_library_holds_what_was_committed_whenever_its_writer_is_killed() {
    let sandbox = Sandbox::with_library(PAPERS);
    let library = sandbox.path("L");
    let mut committed = PAPERS;
    // A run that is not killed shows how long one takes.
    let start = Instant::now();
    sandbox.write("more.jsonl", &papers(PAPERS..2 * PAPERS));
    sandbox.ok(&["add", "--library", "L", "more.jsonl"]);
    let mut duration = start.elapsed();
    committed += PAPERS;
    let (mut before, mut after) = (0, 0);
    for kill in 0..kills() {
        sandbox.write("more.jsonl", &papers(committed..committed + PAPERS));
        let mut child = sandbox
            .command(&["add", "--library", "L", "more.jsonl"])
            .stderr(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // The golden ratio spreads the kills evenly over the run.
        thread::sleep(duration.mul_f64((f64::from(kill) * 0.618_034).fract()));
        child.kill().unwrap();
        child.wait().unwrap();

        let report = Library::check(&library).unwrap();
        assert!(report.faults.is_empty(), "{:?}", report.faults);
        let found = Library::open(&library).unwrap().ids().unwrap();
        if found.len() == committed {
            before += 1;
            // Wait longer, in case the machine has become slower.
            duration = duration.mul_f64(1.1);
        } else {
            after += 1;
            duration = duration.mul_f64(0.8);
            committed += PAPERS;
        }
        let expected: Vec<String> = (0..committed).map(|n| format!("paper-{n}")).collect();
        assert_eq!(found, expected);
    }
    assert!(before > 0 && after > 0, "{before} {after}");
}
