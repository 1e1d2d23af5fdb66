//! Loss of power, simulated: what was written but not synced may be on the disk, in part or not at all.
//!
//! `strace` logs what the command writes. After each of its calls, `disk.rs` gives states that the disk may
//! then have, and each of them must be a sound library.

use std::fs;
use std::path::Path;

use cognate_testing::{Numbers, copy_dir};

use crate::contents::Contents;
use crate::disk::{Disk, Loss};
use crate::effort::{evenly, repetitions};
use crate::invented;
use crate::operation::Operation;
use crate::sandbox::Sandbox;
use crate::soundness::assert_committed;
use crate::strace::{Line, log};

/// The states that are tried after each call.
const LOSSES: [Loss; 6] = [
    Loss::Everything,
    Loss::Nothing,
    Loss::Some,
    Loss::Some,
    Loss::Some,
    Loss::Some,
];

#[test]
#[ignore = "needs strace"]
fn a_loss_of_power_at_any_moment_leaves_what_was_committed() {
    let operations = [
        (Operation::Add { papers: 160 }, true),
        (Operation::Add { papers: 160 }, false),
        (Operation::Update { papers: 50 }, false),
        (Operation::Remove { papers: 2 }, false),
        (Operation::Compact, false),
    ];
    for (operation, creates) in operations {
        lose_power(operation, creates);
    }
}

fn lose_power(operation: Operation, creates: bool) {
    let sandbox = Sandbox::new();
    let mut contents = Contents::default();
    let (library, original) = (sandbox.path("L"), sandbox.path("original"));
    if creates {
        fs::create_dir(&original).unwrap();
    } else {
        for papers in [invented::papers(0..150), invented::papers(150..190)] {
            sandbox.add("L", &papers);
            contents = contents.with(&papers);
        }
        copy_dir(&library, &original);
    }
    let mut numbers = Numbers::new(1600);
    let run = operation.prepare(&sandbox, &contents, 1000, &mut numbers);
    let (log, root) = (log(&sandbox, &run.arguments), sandbox.root());
    let calls: Vec<Line<'_>> = log
        .iter()
        .filter_map(|line| Line::parse(line, &root))
        .collect();

    let mut disk = Disk::read(&original, &library);
    let mut moments = 0;
    for call in &calls {
        moments += usize::from(disk.apply(call));
    }
    disk.assert_equals(&library);
    let last = run.permitted.len() - 1;
    let chosen = evenly(
        &(0..moments).collect::<Vec<_>>(),
        repetitions(2, usize::MAX),
    );

    let mut disk = Disk::read(&original, &library);
    let mut moment = 0;
    for call in &calls {
        if !disk.apply(call) {
            continue;
        }
        if chosen.contains(&moment) {
            for loss in LOSSES {
                let event = format!(
                    "{operation:?}, {loss:?} lost after call {moment}: {}",
                    call.name
                );
                write(&disk, loss, &mut numbers, &library);
                assert_committed(&sandbox, "L", &run.permitted, &event);
            }
        }
        moment += 1;
    }
    // What a command has reported stays.
    for loss in LOSSES {
        write(&disk, loss, &mut numbers, &library);
        let event = format!("{operation:?}, {loss:?} lost at the end");
        assert_committed(&sandbox, "L", &run.permitted[last..], &event);
    }
}

/// Writes a state of the disk to a folder.
fn write(disk: &Disk, loss: Loss, numbers: &mut Numbers, folder: &Path) {
    if folder.exists() {
        fs::remove_dir_all(folder).unwrap();
    }
    fs::create_dir(folder).unwrap();
    for (path, bytes) in disk.after(loss, numbers) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}
