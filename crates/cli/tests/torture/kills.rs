//! Processes that are killed at random moments.

use std::collections::HashMap;
use std::mem;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use cognate_testing::Numbers;

use crate::contents::Contents;
use crate::effort::repetitions;
use crate::invented;
use crate::operation::Operation;
use crate::sandbox::Sandbox;
use crate::soundness::assert_committed;

/// The number of papers from which on most of them are removed, so that the test stays fast.
const MANY: usize = 1500;

#[test]
fn a_process_killed_at_any_moment_leaves_what_was_committed() {
    let initial = invented::papers(0..50);
    let sandbox = Sandbox::with_library(&initial);
    let mut contents: Contents = initial.into_iter().collect();
    let mut number = 1000;
    let mut numbers = Numbers::new(20);
    let mut durations = HashMap::new();
    let kills = repetitions(24, 300);
    let mut killed = 0;
    for kill in 0..kills {
        let operation = choose(contents.papers().len(), &mut numbers);
        let run = operation.prepare(&sandbox, &contents, number, &mut numbers);
        number += 1000;
        let mut child = sandbox
            .command(&run.arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let start = Instant::now();
        let kind = mem::discriminant(&operation);
        let duration = durations.entry(kind).or_insert(Duration::from_millis(300));
        // The golden ratio spreads the kills evenly over the run.
        thread::sleep(
            duration.mul_f64((f64::from(u32::try_from(kill).unwrap()) * 0.618_034).fract()),
        );
        let mut permitted = run.permitted;
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{kill} {operation:?}");
            permitted = permitted.split_off(permitted.len() - 1);
            *duration = start.elapsed().min(duration.mul_f64(0.9));
        } else {
            child.kill().unwrap();
            child.wait().unwrap();
            killed += 1;
            *duration = duration.mul_f64(1.15);
        }
        if operation == Operation::Repair {
            sandbox.ok(&run.arguments);
        }
        let event = format!("kill {kill} of {operation:?}");
        let position = assert_committed(&sandbox, "L", &permitted, &event);
        contents = permitted.swap_remove(position);
    }
    // Otherwise most processes were faster than the test expects.
    assert!(killed * 4 >= kills, "only {killed} of {kills} were killed");
}

fn choose(papers: usize, numbers: &mut Numbers) -> Operation {
    if papers > MANY {
        return Operation::Remove {
            papers: papers - 100,
        };
    }
    match numbers.below(7) {
        0..=2 => Operation::Add {
            papers: [30, 200, 400][numbers.below(3) as usize],
        },
        3 => Operation::Update {
            papers: [20, 150][numbers.below(2) as usize],
        },
        4 => Operation::Remove {
            papers: [1, 40][numbers.below(2) as usize],
        },
        5 => Operation::Compact,
        _ => Operation::Repair,
    }
}
