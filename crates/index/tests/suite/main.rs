//! Integration tests of the crate, one module for each property.

#![expect(clippy::unwrap_used, reason = "a failure of a test should be loud")]

mod data;
mod format_v1;
mod invariance;
mod inverted;
mod parity;
mod persistence;
mod quantized;
