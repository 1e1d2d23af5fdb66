//! Every file format, read from files of its structure.

#![expect(
    clippy::unwrap_used,
    reason = "what fails in a test should fail loudly"
)]

mod formats;
