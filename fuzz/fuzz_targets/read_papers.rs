//! Every line is a paper, or an error with its number; compressed lines are the same, and a paper
//! that is written as JSON comes back.
#![no_main]

use std::io::Write;

use cognate::{Paper, PaperReader, TextReader};
use flate2::Compression;
use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let papers = read(data);
    if !data.starts_with(&[0x1f, 0x8b]) {
        assert!(papers.len() <= data.split(|byte| *byte == b'\n').count());
        assert_eq!(papers, read(&compressed(data)));
    }
    for paper in papers.into_iter().flatten() {
        assert!(!paper.id.is_empty() && !paper.text().is_empty());
        let line = serde_json::to_string(&paper).expect("it is no more than strings");
        assert_eq!(read(line.as_bytes()), [Ok(paper)]);
    }

    let texts = TextReader::new(data, "data").expect("memory can be read");
    for record in texts.flatten() {
        assert!(!record.text.trim().is_empty());
    }
});

fn read(data: &[u8]) -> Vec<Result<Paper, String>> {
    let mut reader = PaperReader::new(data, "data").expect("memory can be read");
    let mut papers = Vec::new();
    let mut last = 0;
    while let Some(paper) = reader.next() {
        assert!(reader.line() > last);
        last = reader.line();
        papers.push(paper.map_err(|error| error.to_string()));
    }
    papers
}

fn compressed(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}
