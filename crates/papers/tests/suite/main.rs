//! Reading files of every format.

#![expect(clippy::unwrap_used, reason = "a failure in a test should panic")]

mod bounds;
mod catalogs;
mod damage;
mod fixtures;
mod formats;
mod own_json;
mod round_trip;
