use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C is a request to stop at the next good place; a second one stops at once.
pub(crate) fn watch() -> Result<()> {
    let handler = || {
        if ASKED.swap(true, Ordering::Relaxed) {
            #[expect(clippy::exit, reason = "whoever asks twice wants no good place")]
            std::process::exit(1);
        }
    };
    ctrlc::set_handler(handler).context("cannot watch for Ctrl-C")
}

/// Whether to go on.
pub(crate) fn check() -> ControlFlow<()> {
    if ASKED.load(Ordering::Relaxed) {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
}
