//! Files with the structure of each format, and ways to read them.

use std::io::Write;
use std::path::PathBuf;

use cognate_papers::{Format, Paper, PaperReader};

/// Returns the path of a fixture.
pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures")).join(name)
}

/// Returns the content of a fixture.
pub(crate) fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap()
}

/// Returns the detected format and the papers or errors of a file named `f`.
pub(crate) fn read(bytes: &[u8]) -> (Format, Vec<Result<Paper, String>>) {
    let reader = PaperReader::new(bytes, "f").unwrap();
    let format = reader.format();
    let papers = reader.map(|paper| paper.map_err(|error| error.to_string()));
    (format, papers.collect())
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}
