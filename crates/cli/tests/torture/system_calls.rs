//! Kills and faults at single system calls.

use std::fs;

use cognate_testing::{Numbers, copy_dir};

use crate::contents::Contents;
use crate::effort::{evenly, repetitions};
use crate::invented;
use crate::operation::{Operation, Run};
use crate::sandbox::Sandbox;
use crate::soundness::assert_committed;
use crate::strace::{Call, calls, inject};

/// A library before an operation, which can be restored.
struct Case {
    sandbox: Sandbox,
    operation: Operation,
    /// Whether the operation creates the library.
    creates: bool,
    run: Run,
}

impl Case {
    fn all() -> Vec<Self> {
        let operations = [
            (Operation::Add { papers: 160 }, true),
            (Operation::Add { papers: 160 }, false),
            (Operation::Update { papers: 50 }, false),
            (Operation::Remove { papers: 2 }, false),
            (Operation::Compact, false),
            (Operation::Repair, false),
        ];
        operations
            .map(|(operation, creates)| Self::new(operation, creates))
            .into()
    }

    fn new(operation: Operation, creates: bool) -> Self {
        let sandbox = Sandbox::new();
        let mut contents = Contents::default();
        if creates {
            fs::create_dir(sandbox.path("original")).unwrap();
        } else {
            let (first, second) = (invented::papers(0..150), invented::papers(150..190));
            sandbox.add("L", &first);
            sandbox.add("L", &second);
            contents = contents.with(&first).with(&second);
            let removed: Vec<String> = (0..5).map(invented::id).collect();
            let mut remove = ["remove", "--library", "L"].map(str::to_owned).to_vec();
            remove.extend(removed.iter().cloned());
            sandbox.ok(&remove);
            contents = contents.without(&removed);
            copy_dir(&sandbox.path("L"), &sandbox.path("original"));
        }
        let run = operation.prepare(&sandbox, &contents, 1000, &mut Numbers::new(7));
        if !creates {
            // Preparing a repair deletes files.
            fs::remove_dir_all(sandbox.path("original")).unwrap();
            copy_dir(&sandbox.path("L"), &sandbox.path("original"));
        }
        Self {
            sandbox,
            operation,
            creates,
            run,
        }
    }

    fn restore(&self) {
        let library = self.sandbox.path("L");
        if library.exists() {
            fs::remove_dir_all(&library).unwrap();
        }
        if !self.creates {
            copy_dir(&self.sandbox.path("original"), &library);
        }
    }

    /// Returns the calls of a run that change files of the library.
    fn calls(&self) -> Vec<Call> {
        self.restore();
        let calls = calls(&self.sandbox, &self.run.arguments);
        assert!(!calls.is_empty(), "{:?}", self.operation);
        calls
    }

    /// Asserts that the library has what was committed when a run was interrupted, and that a second run
    /// completes it. `succeeded` says that the interrupted run reported success.
    fn assert_recovers(&self, succeeded: bool, event: &str) {
        let Run {
            arguments,
            permitted,
        } = &self.run;
        let last = permitted.len() - 1;
        if self.operation == Operation::Repair && !succeeded {
            self.sandbox.ok(arguments);
        }
        let found = assert_committed(&self.sandbox, "L", permitted, event);
        assert!(!succeeded || found == last, "{event}: not committed");
        let is_removed = matches!(self.operation, Operation::Remove { .. }) && found == last;
        if !is_removed {
            self.sandbox.ok(arguments);
        }
        let complete = &permitted[last..];
        assert_committed(&self.sandbox, "L", complete, &format!("{event}, again"));
    }
}

#[test]
#[ignore = "needs strace"]
fn a_process_killed_at_any_system_call_leaves_what_was_committed() {
    for case in Case::all() {
        for call in evenly(&case.calls(), repetitions(3, usize::MAX)) {
            case.restore();
            let outcome = inject(&case.sandbox, &case.run.arguments, &call, "signal=KILL");
            let event = format!("{:?} killed at {call:?}", case.operation);
            case.assert_recovers(outcome.code == Some(0), &event);
        }
    }
}

#[test]
#[ignore = "needs strace"]
fn a_system_call_that_fails_is_reported_and_changes_nothing() {
    let per_case = repetitions(2, 33);
    for case in Case::all() {
        for (position, call) in evenly(&case.calls(), per_case).iter().enumerate() {
            let fault = ["error=ENOSPC", "error=EIO"][position % 2];
            case.restore();
            let outcome = inject(&case.sandbox, &case.run.arguments, call, fault);
            let event = format!("{:?} with {fault} at {call:?}: {outcome:?}", case.operation);
            assert!(outcome.is_orderly(), "{event}");
            case.assert_recovers(outcome.code == Some(0), &event);
        }
    }
}
