//! Reading files of every format.

#![expect(clippy::unwrap_used, reason = "a failure in a test should panic")]

mod bounds;
mod damage;
mod encodings;
mod fixtures;
mod formats;
mod memory;
mod round_trip;
mod tables;
