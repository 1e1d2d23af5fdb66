use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

/// The exit status after Ctrl-C, as shells report a process that SIGINT ended.
pub(crate) const EXIT_STATUS: u8 = 130;

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Makes the first Ctrl-C a request to stop at the next [`check`], and the second one exit at once.
pub(crate) fn watch() -> Result<()> {
    let handler = || {
        if REQUESTED.swap(true, Ordering::Relaxed) {
            #[expect(clippy::exit, reason = "a second Ctrl-C means: do not wait")]
            std::process::exit(EXIT_STATUS.into());
        }
    };
    ctrlc::set_handler(handler).context("cannot install the handler of Ctrl-C")
}

/// Returns whether there was a Ctrl-C that [`watch`] turned into a request to stop.
pub(crate) fn is_requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// Returns `Break` after a Ctrl-C.
pub(crate) fn check() -> ControlFlow<()> {
    if is_requested() {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
}
