//! RIS, line by line: `TAG  - value`, a record from `TY` to `ER`.

use std::cmp::Reverse;

use super::file_start::FileStart;
use super::normalize::{filled, identify, joined, label, name, person, year_in};
use super::spec::{Evidence, FormatSpec, LocatedRecord, RecordSource};
use crate::read::input::{self, Input, MAX_RECORD};
use crate::text::markup;
use crate::{Paper, RecordLocation};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "ris",
    extensions: &["ris"],
    recognize,
    source: RecordSource::Stream(|input| Box::new(Ris::new(input))),
};

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let is_type = |line: &str| line.starts_with("TY  - ") || line.starts_with("TY  -\t");
    let line = start.text_lines().position(is_type)?;
    Some(Evidence::RecordOnLine(Reverse(line)))
}

/// Reads the records of a file.
struct Ris<'a> {
    input: Input<'a>,
    bytes: Vec<u8>,
    /// The record that is open.
    record: Option<Record>,
}

struct Record {
    line: usize,
    fields: Vec<(String, String)>,
    size: usize,
    fault: Option<String>,
}

impl Record {
    fn new(line: usize) -> Self {
        Self {
            line,
            fields: Vec::new(),
            size: 0,
            fault: None,
        }
    }

    /// Puts a value behind its tag, or another line behind the last value.
    fn put(&mut self, tag: Option<&str>, value: &str) {
        self.size += value.len();
        if self.size > MAX_RECORD {
            self.fault.get_or_insert_with(input::too_long);
            self.fields.clear();
            return;
        }
        match (tag, self.fields.last_mut()) {
            (Some(tag), _) => self.fields.push((tag.to_owned(), value.trim().to_owned())),
            (None, Some((_, before))) => {
                before.push('\n');
                before.push_str(value.trim());
            }
            (None, None) => {}
        }
    }

    fn closed(self) -> LocatedRecord {
        let outcome = match self.fault {
            Some(fault) => Err(fault),
            None => paper(&self.fields),
        };
        (RecordLocation::Line(self.line), outcome)
    }

    fn cut_off(mut self, reason: &str) -> LocatedRecord {
        self.fault.get_or_insert_with(|| reason.to_owned());
        self.closed()
    }
}

impl<'a> Ris<'a> {
    fn new(input: Input<'a>) -> Self {
        Self {
            input,
            bytes: Vec::new(),
            record: None,
        }
    }
}

impl Iterator for Ris<'_> {
    type Item = LocatedRecord;

    fn next(&mut self) -> Option<LocatedRecord> {
        loop {
            let Some(read) = self.input.next_line(&mut self.bytes) else {
                let record = self.record.take()?;
                return Some(record.cut_off("the record has no `ER`, the file ends in it"));
            };
            let line = self.input.line();
            let text = read.and_then(|()| input::text(&self.bytes));
            let text = match (text, &mut self.record) {
                (Ok(text), _) => text,
                (Err(reason), Some(record)) => {
                    let reason = format!("line {line}: {reason}");
                    record.fault.get_or_insert(reason);
                    continue;
                }
                (Err(reason), None) => return Some((RecordLocation::Line(line), Err(reason))),
            };
            match (tag(text), &mut self.record) {
                (Some(("TY", kind)), record) => {
                    let mut next = Record::new(line);
                    next.put(Some("TY"), kind);
                    if let Some(before) = record.replace(next) {
                        let reason = format!("the record has no `ER` before the next at {line}");
                        return Some(before.cut_off(&reason));
                    }
                }
                (Some(("ER", _)), Some(_)) => return self.record.take().map(Record::closed),
                (Some((tag, value)), Some(record)) => record.put(Some(tag), value),
                // What has no `TY` is told once, up to the next `ER` or `TY`.
                (Some((tag, _)), None) => {
                    let reason = format!("`{tag}` outside of a record, expected `TY` first");
                    if tag == "ER" {
                        return Some((RecordLocation::Line(line), Err(reason)));
                    }
                    let mut stray = Record::new(line);
                    stray.fault = Some(reason);
                    self.record = Some(stray);
                }
                (None, Some(record)) => record.put(None, text),
                // Lines before the first record, as some databases write them, name the source.
                (None, None) => {}
            }
        }
    }
}

/// The tag and the value of a line that has one.
fn tag(line: &str) -> Option<(&str, &str)> {
    let (tag, rest) = line.split_at_checked(2)?;
    let is_tag = tag.starts_with(|c: char| c.is_ascii_uppercase())
        && tag
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let value = rest.trim_start().strip_prefix('-')?;
    let is_spaced =
        rest.starts_with([' ', '\t']) && (value.is_empty() || value.starts_with([' ', '\t']));
    (is_tag && is_spaced).then_some((tag, value))
}

/// A name as one says it: in RIS a suffix stands last, `Last, First, Jr.`.
fn author(name: &str) -> String {
    let parts: Vec<&str> = name.split(',').collect();
    match parts[..] {
        [last, first, suffix] => joined(&[first, last, suffix]),
        _ => person(name),
    }
}

fn paper(fields: &[(String, String)]) -> Result<Paper, String> {
    let all = |tags: &[&str]| -> Vec<&str> {
        let fields = fields.iter();
        let found = fields.filter(|(tag, value)| tags.contains(&tag.as_str()) && !value.is_empty());
        found.map(|(_, value)| value.as_str()).collect()
    };
    // Tags in the order in which they are preferred.
    let first = |tags: &[&str]| -> String {
        let found = tags.iter().find_map(|tag| all(&[tag]).first().copied());
        found.unwrap_or_default().to_owned()
    };
    let mut paper = Paper::new("")
        .title(markup::plain(&first(&["TI", "T1", "CT"])))
        .abstract_text(markup::plain(&first(&["AB", "N2"])))
        .authors(all(&["AU", "A1"]).into_iter().map(author));
    paper.year = year_in(&first(&["PY", "Y1", "DA"]));
    paper.venue = filled(markup::plain(&first(&[
        "T2", "JF", "JO", "JA", "BT", "C3", "PB",
    ])));
    let urls = all(&["UR", "L2", "LK"]);
    paper.url = urls.first().map(|url| (*url).to_owned());
    paper.categories = all(&["KW"])
        .iter()
        .flat_map(|words| words.split([';', '\n']))
        .filter_map(|word| filled(word.trim()))
        .collect();
    let numbers = all(&["M1", "AN", "N1"]);
    let arxiv: Vec<&str> = urls.iter().chain(&numbers).copied().collect();
    identify(&mut paper, &first(&["DO", "DI"]), &arxiv);
    let own = filled(first(&["ID"]));
    let accession = filled(first(&["AN"]));
    let own = own.or_else(|| paper.doi.clone()).or(accession);
    let own = own
        .or_else(|| paper.arxiv.clone())
        .or_else(|| label(&paper));
    name(&mut paper, own, "`ID`, no `DO` and no title")?;
    Ok(paper)
}
