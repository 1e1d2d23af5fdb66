//! The crate from outside, on a tiny checkpoint.

#![expect(
    clippy::unwrap_used,
    reason = "what fails in a test should fail loudly"
)]

mod architectures;
mod checkpoints;
mod devices;
mod golden;
mod golden_file;
mod refusals;
mod reranker;
