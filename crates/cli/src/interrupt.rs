use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Makes the first Ctrl-C a request to stop at the next [`check`], and the second one exit at once.
pub(crate) fn watch() -> Result<()> {
    let handler = || {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            #[expect(clippy::exit, reason = "a second Ctrl-C means: do not wait")]
            std::process::exit(1);
        }
    };
    ctrlc::set_handler(handler).context("cannot install the handler of Ctrl-C")
}

/// Returns `Break` after a Ctrl-C.
pub(crate) fn check() -> ControlFlow<()> {
    if INTERRUPTED.load(Ordering::Relaxed) {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
}
