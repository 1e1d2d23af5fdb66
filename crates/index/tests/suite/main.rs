//! Tests of the crate from outside, by what they prove.

#![expect(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "what fails in a test should fail loudly; a view is a reference already"
)]

mod data;
mod format_v1;
mod invariance;
mod parity;
mod persistence;
