//! Kills, injected faults, damage, loss of power and many processes at once: whatever happens, a library
//! has what was committed, and answers correctly or not at all.
//!
//! Each test has a short form, which runs with all others or, if it needs `strace`, with `--ignored`, and a
//! full form, which `just torture` runs. The variable `COGNATE_TORTURE` is the factor between them
//! (`effort.rs`). Each test makes the same random choices in each run; what differs is how the processes
//! happen to run.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test should fail loudly")]

mod concurrency;
mod contents;
mod damage;
mod disk;
mod effort;
mod invented;
mod kills;
mod operation;
mod power_loss;
mod sandbox;
#[cfg(feature = "server")]
mod serving;
mod soundness;
mod strace;
mod system_calls;
