//! What spans the crates, with the real default model: parity with sentence-transformers,
//! invariance, persistence, and the papers that come with the examples.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what fails in a test should fail loudly"
)]

mod bundled;
#[path = "../../crates/model/tests/suite/golden_file.rs"]
mod golden_file;
mod invariance;
mod missed;
mod model;
mod mpnet;
mod parity;
mod persistence;
mod similarity;
