//! Reads arbitrary bytes in every format.
//!
//! Each record is a paper or an error with its location, a compressed file has the same records,
//! and a paper that is written as JSON is read back.
#![no_main]

use std::io::Write;

use cognate::{Format, Paper, PaperReader, TextReader};
use flate2::Compression;
use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // The first byte selects the format, so that every format is covered.
    let Some((first, data)) = data.split_first() else {
        return;
    };
    let format = Format::ALL[usize::from(*first) % Format::ALL.len()];
    let papers = read(data, format);
    if format != Format::Parquet && is_uncompressed(data) {
        assert_eq!(papers, read(&compressed(data), format));
    }
    for paper in papers.into_iter().flatten() {
        assert!(!paper.id.is_empty() && !paper.text().is_empty());
        let line = serde_json::to_string(&paper).expect("a paper consists of strings and numbers");
        let again = read(line.as_bytes(), Format::JsonLines);
        if format == Format::JsonLines {
            assert_eq!(again, [Ok(paper)]);
        } else {
            assert!(again[0].is_ok());
        }
    }

    // The detected format.
    if let Ok(reader) = PaperReader::new(data, "data") {
        reader.for_each(drop);
    }
    if let Ok(texts) = TextReader::new(data, "data") {
        for record in texts.flatten() {
            assert!(!record.text.trim().is_empty());
        }
    }
});

fn read(data: &[u8], format: Format) -> Vec<Result<Paper, String>> {
    // An unsupported compression is an error before the first record.
    let Ok(mut reader) = PaperReader::with_format(data, "data", format) else {
        return Vec::new();
    };
    let mut papers = Vec::new();
    let mut last = None;
    while let Some(paper) = reader.next() {
        assert!(reader.location() >= last);
        last = reader.location();
        papers.push(paper.map_err(|error| error.to_string()));
    }
    papers
}

/// Returns whether the bytes are not a compressed file, which would be compressed twice.
fn is_uncompressed(data: &[u8]) -> bool {
    PaperReader::with_format(data, "data", Format::JsonLines).is_ok()
        && !data.starts_with(&[0x1f, 0x8b])
        && !data.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
}

fn compressed(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder
        .write_all(data)
        .expect("writing to memory cannot fail");
    encoder.finish().expect("writing to memory cannot fail")
}
