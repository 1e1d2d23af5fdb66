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

/// Reads a file in which every record is a paper, and in a format that is detected.
#[track_caller]
pub(crate) fn papers(text: &str, format: Format) -> Vec<Paper> {
    let (found, papers) = read(text.as_bytes());
    assert_eq!(found, format, "{text}");
    papers.into_iter().map(Result::unwrap).collect()
}

/// Returns the names of the fields that are not read in a file, and its remarks.
pub(crate) fn notes(text: &str) -> (Vec<String>, Vec<String>) {
    let mut reader = PaperReader::new(text.as_bytes(), "f").unwrap();
    assert!(reader.by_ref().all(|paper| paper.is_ok()));
    let ignored = reader.ignored_fields().into_keys().collect();
    let remarks = reader.take_remarks().into_iter().map(|remark| remark.text);
    (ignored, remarks.collect())
}

/// Returns fields of a paper as they are in JSON, without quotes and separated by bars.
pub(crate) fn fields(paper: &Paper, names: &[&str]) -> String {
    let value = serde_json::to_value(paper).unwrap();
    let values = names
        .iter()
        .map(|name| value[*name].to_string().replace('"', ""));
    values.collect::<Vec<_>>().join(" | ")
}
