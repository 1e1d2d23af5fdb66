//! Reading files of every format.

#![expect(clippy::unwrap_used, reason = "a failure in a test should panic")]

mod bibtex;
mod bounds;
mod damage;
mod fixtures;
mod formats;
mod round_trip;
mod tagged_formats;
mod xml_formats;
