//! Reading files of every format.

#![expect(clippy::unwrap_used, reason = "a failure in a test should panic")]

mod bibtex;
mod bounds;
mod catalogs;
mod citation_managers;
mod damage;
mod data_frames;
mod encodings;
mod fixtures;
mod formats;
mod memory;
mod own_json;
mod round_trip;
mod tables;
mod tagged_formats;
mod threads;
mod xml_formats;
