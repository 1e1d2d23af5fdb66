//! The constructs that the manuals of BibTeX and BibLaTeX name, and what programs write: each file of
//! `fixtures/bibtex` with the records that are expected of it.
//!
//! The expected records were compared with those of pybtex 0.26 and bibtexparser 2.1. They differ where a
//! paper has other data than an entry, such as plain text instead of LaTeX, and where Cognate reads entries
//! that those refuse.

use std::fmt::Write;

use cognate_papers::PaperReader;
use serde_json::{Value, json};

use crate::fixtures::bytes;

/// Returns the records of a file as JSON lines, and in the last line what was left out of them.
fn records(name: &str) -> String {
    let bytes = bytes(name);
    let mut reader = PaperReader::new(&bytes[..], "f").unwrap();
    let mut lines = String::new();
    let mut remarks = Vec::new();
    while let Some(record) = reader.next() {
        let line = match record {
            Ok(paper) => without_empty(serde_json::to_value(paper).unwrap()),
            Err(error) => json!({ "error": error.to_string() }),
        };
        writeln!(lines, "{line}").unwrap();
        remarks.extend(reader.take_remarks());
    }
    let remarks: Vec<Value> = remarks
        .into_iter()
        .map(|remark| json!([remark.location.to_string(), remark.text]))
        .collect();
    let notes = json!({ "remarks": remarks, "ignored": reader.ignored_fields() });
    writeln!(lines, "{notes}").unwrap();
    lines
}

/// Removes fields without a value.
fn without_empty(mut paper: Value) -> Value {
    let fields = paper.as_object_mut().unwrap();
    fields.retain(|_, value| !(value.is_null() || *value == json!([]) || *value == json!("")));
    paper
}

fn assert_reads(topic: &str) {
    let found = records(&format!("bibtex/{topic}.bib"));
    let expected = String::from_utf8(bytes(&format!("bibtex/{topic}.jsonl"))).unwrap();
    let parse = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(parse(found), parse(expected), "{topic}");
    }
    assert_eq!(found.lines().count(), expected.lines().count(), "{topic}");
}

#[test]
fn entry_types_and_their_fields() {
    assert_reads("entry_types");
}

#[test]
fn syntax() {
    assert_reads("syntax");
}

#[test]
fn entries_that_need_repair() {
    assert_reads("repaired");
}

#[test]
fn names() {
    assert_reads("names");
}

#[test]
fn dates() {
    assert_reads("dates");
}

#[test]
fn latex() {
    assert_reads("latex");
}

#[test]
fn inheritance() {
    assert_reads("inheritance");
}

#[test]
fn files_of_other_programs() {
    assert_reads("exporters");
}
