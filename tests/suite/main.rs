//! Tests across crates with the real default model: parity with sentence-transformers, independence
//! of batches and threads, persistence, and the papers that the examples use.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test should fail loudly"
)]

mod bundled;
#[path = "../../crates/model/tests/suite/golden_file.rs"]
mod golden_file;
mod invariance;
mod map;
mod missed;
mod model;
mod mpnet;
mod parity;
mod persistence;
mod ranking;
mod similarity;
