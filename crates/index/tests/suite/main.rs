//! Tests of the crate from outside, by what they prove.

#![expect(
    clippy::unwrap_used,
    reason = "what fails in a test should fail loudly"
)]

mod certified;
mod data;
mod format_v1;
mod invariance;
mod parity;
mod persistence;
