//! A process that is killed while it writes leaves what was committed, and nothing else.

use std::thread;
use std::time::Instant;

use cognate::Library;

use crate::setup::{Desk, papers};

const PAPERS: usize = 30;

/// How often a process is killed; `COGNATE_KILLS` asks for more.
fn kills() -> u32 {
    let asked = std::env::var("COGNATE_KILLS").ok();
    asked.map_or(20, |number| number.parse().unwrap())
}

#[test]
fn killed_at_any_instant_a_library_holds_what_was_committed() {
    let desk = Desk::with_library(PAPERS);
    let library = desk.path("L");
    let mut committed = PAPERS;
    // A run that nobody kills says how long one takes.
    let start = Instant::now();
    desk.write("more.jsonl", &papers(PAPERS..2 * PAPERS));
    desk.ok(&["add", "--library", "L", "more.jsonl"]);
    let mut span = start.elapsed();
    committed += PAPERS;
    let (mut before, mut after) = (0, 0);
    for kill in 0..kills() {
        desk.write("more.jsonl", &papers(committed..committed + PAPERS));
        let mut child = desk
            .command(&["add", "--library", "L", "more.jsonl"])
            .stderr(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // Spread over a run by the golden ratio.
        thread::sleep(span.mul_f64((f64::from(kill) * 0.618_034).fract()));
        child.kill().unwrap();
        child.wait().unwrap();

        let report = Library::check(&library).unwrap();
        assert!(report.faults.is_empty(), "{:?}", report.faults);
        let found = Library::open(&library).unwrap().ids().unwrap();
        if found.len() == committed {
            before += 1;
            // So that the machine may be slower than at first.
            span = span.mul_f64(1.1);
        } else {
            after += 1;
            span = span.mul_f64(0.8);
            committed += PAPERS;
        }
        let expected: Vec<String> = (0..committed).map(|n| format!("paper-{n}")).collect();
        assert_eq!(found, expected);
    }
    assert!(before > 0 && after > 0, "{before} {after}");
}
