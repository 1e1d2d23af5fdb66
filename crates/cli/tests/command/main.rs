//! The command from end to end, with a tiny checkpoint that needs no network.

#![expect(
    clippy::unwrap_used,
    reason = "what fails in a test should fail loudly"
)]

mod add;
mod answers;
mod bad_input;
mod check;
mod crash;
mod damage;
mod duplicates;
mod export;
mod formats;
mod measures;
mod merge;
mod missed;
mod rerank;
mod setup;
mod topics;
