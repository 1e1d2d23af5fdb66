//! A process that is killed while it writes leaves exactly what was committed.

use std::thread;
use std::time::Instant;

use cognate::{Library, LibraryInfo};
use cognate_testing::copy_dir;

use crate::sandbox::{Sandbox, fixture, papers};

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

#[test]
fn an_upgrade_continues_from_its_last_commit_whenever_it_is_killed() {
    const PAPERS: usize = 500;
    const SAMPLE: usize = 20;
    let sandbox = Sandbox::with_library(PAPERS);
    let library = sandbox.path("L");
    let model = fixture("architectures/mpnet");
    copy_dir(&library, &sandbox.path("original"));
    let upgrade = [
        "upgrade",
        "--library",
        "L",
        "--model",
        &model,
        "--sample",
        "20",
    ];
    let upgraded = |info: &LibraryInfo| info.embedder.model.ends_with("architectures/mpnet");
    // A run that is not killed shows how long one takes, and what the answers should be.
    let start = Instant::now();
    sandbox.ok(&upgrade);
    let mut duration = start.elapsed();
    let answers = || {
        let arguments = [
            "search",
            "--library",
            "L",
            "-k",
            "500",
            "--json",
            "graph proof",
        ];
        sandbox.json(&arguments)["hits"].clone()
    };
    let expected = answers();
    let ids: Vec<String> = (0..PAPERS).map(|n| format!("paper-{n}")).collect();

    let (mut before, mut mapped, mut after) = (0, 0, 0);
    let restore = || {
        std::fs::remove_dir_all(&library).unwrap();
        copy_dir(&sandbox.path("original"), &library);
    };
    restore();
    for kill in 0..kills() {
        let mut child = sandbox
            .command(&upgrade)
            .stderr(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(duration.mul_f64((f64::from(kill) * 0.618_034).fract()));
        child.kill().unwrap();
        child.wait().unwrap();

        let report = Library::check(&library).unwrap();
        assert!(report.faults.is_empty(), "{:?}", report.faults);
        let info = Library::open(&library).unwrap().info().unwrap();
        assert_eq!(info.papers, PAPERS);
        if !upgraded(&info) {
            before += 1;
            assert_eq!(info.mapped, 0);
            duration = duration.mul_f64(1.1);
            continue;
        }
        if info.mapped > 0 {
            // The first commit maps all papers but the sample, and each one after it embeds some.
            mapped += 1;
            assert!(info.mapped <= PAPERS - SAMPLE);
        } else {
            after += 1;
            duration = duration.mul_f64(0.9);
        }
        let stdout = sandbox.ok(&["upgrade", "--library", "L"]);
        let rest = format!("embedded {} texts in ", info.mapped);
        let is_done = info.mapped == 0 && stdout.ends_with("nothing to do\n");
        assert!(is_done || stdout.starts_with(&rest), "{stdout}");
        assert_eq!(Library::open(&library).unwrap().ids().unwrap(), ids);
        assert_eq!(answers(), expected);
        restore();
    }
    assert!(
        before > 0 && mapped + after > 0,
        "{before} {mapped} {after}"
    );
}
