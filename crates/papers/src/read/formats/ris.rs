//! RIS, line by line: `TAG  - value`, a record from `TY` to `ER`.

use std::cmp::Reverse;

use super::file_start::FileStart;
use super::normalize::{filled, identify, set_id, year_in};
use super::spec::{Evidence, FormatSpec, LocatedRecord, RecordSource};
use crate::read::input::{self, Input, MAX_RECORD, MAX_VALUES};
use crate::text::markup;
use crate::{Name, Paper, RecordLocation};

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
    /// The record that is being read.
    record: Option<Record>,
}

struct Record {
    line: usize,
    fields: Vec<(String, String)>,
    size: usize,
    error: Option<String>,
}

impl Record {
    fn new(line: usize) -> Self {
        Self {
            line,
            fields: Vec::new(),
            size: 0,
            error: None,
        }
    }

    /// Adds a field or, without a tag, a line of the last field.
    fn add(&mut self, tag: Option<&str>, value: &str) {
        if self.error.is_some() {
            self.fields = Vec::new();
            return;
        }
        // The line break counts, so that blank lines do.
        self.size += value.len() + 1;
        if self.size > MAX_RECORD {
            self.error = Some(input::too_long());
            return;
        }
        if self.fields.len() >= MAX_VALUES {
            self.error = Some(input::too_many());
            return;
        }
        match (tag, self.fields.last_mut()) {
            (Some(tag), _) => self.fields.push((tag.to_owned(), value.trim().to_owned())),
            (None, Some((_, last))) => {
                last.push('\n');
                last.push_str(value.trim());
            }
            (None, None) => {}
        }
    }

    fn finish(self) -> LocatedRecord {
        let outcome = match self.error {
            Some(error) => Err(error),
            None => paper(&self.fields),
        };
        (RecordLocation::Line(self.line), outcome)
    }

    fn finish_truncated(mut self, reason: &str) -> LocatedRecord {
        self.error.get_or_insert_with(|| reason.to_owned());
        self.finish()
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
                return Some(
                    record.finish_truncated("the record has no `ER`, the file ends in it"),
                );
            };
            let line = self.input.line();
            let text = read.and_then(|()| input::text(&self.bytes));
            let text = match (text, &mut self.record) {
                (Ok(text), _) => text,
                (Err(reason), Some(record)) => {
                    let reason = format!("line {line}: {reason}");
                    record.error.get_or_insert(reason);
                    continue;
                }
                (Err(reason), None) => return Some((RecordLocation::Line(line), Err(reason))),
            };
            match (tag(text), &mut self.record) {
                (Some(("TY", reference_type)), record) => {
                    let mut next = Record::new(line);
                    next.add(Some("TY"), reference_type);
                    if let Some(previous) = record.replace(next) {
                        let reason = format!("the record has no `ER` before the next at {line}");
                        return Some(previous.finish_truncated(&reason));
                    }
                }
                (Some(("ER", _)), Some(_)) => return self.record.take().map(Record::finish),
                (Some((tag, value)), Some(record)) => record.add(Some(tag), value),
                // Fields without a `TY` are one error, up to the next `ER` or `TY`.
                (Some((tag, _)), None) => {
                    let reason = format!("`{tag}` outside of a record, expected `TY` first");
                    if tag == "ER" {
                        return Some((RecordLocation::Line(line), Err(reason)));
                    }
                    let mut stray = Record::new(line);
                    stray.error = Some(reason);
                    self.record = Some(stray);
                }
                (None, Some(record)) => record.add(None, text),
                // Lines between records, in which some databases name themselves.
                (None, None) => {}
            }
        }
    }
}

/// Returns the tag and the value of a line, or `None` if the line has no tag.
fn tag(line: &str) -> Option<(&str, &str)> {
    let (tag, remaining) = line.split_at_checked(2)?;
    let is_tag = tag.starts_with(|c: char| c.is_ascii_uppercase())
        && tag
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let value = remaining.trim_start().strip_prefix('-')?;
    let is_spaced =
        remaining.starts_with([' ', '\t']) && (value.is_empty() || value.starts_with([' ', '\t']));
    (is_tag && is_spaced).then_some((tag, value))
}

/// Parses a name. In RIS a suffix comes last: `Last, First, Jr.`.
fn author(name: &str) -> Name {
    let parts: Vec<&str> = name.split(',').collect();
    match parts[..] {
        [last, first, suffix] => Name::person(first, last).with_suffix(suffix),
        _ => Name::parse(name),
    }
}

fn paper(fields: &[(String, String)]) -> Result<Paper, String> {
    let all = |tags: &[&str]| -> Vec<&str> {
        let fields = fields.iter();
        let found = fields.filter(|(tag, value)| tags.contains(&tag.as_str()) && !value.is_empty());
        found.map(|(_, value)| value.as_str()).collect()
    };
    // The first tag that has a value.
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
        .take(MAX_VALUES)
        .collect();
    let numbers = all(&["M1", "AN", "N1"]);
    let arxiv: Vec<&str> = urls.iter().chain(&numbers).copied().collect();
    identify(&mut paper, &first(&["DO", "DI"]), &arxiv);
    let id = filled(first(&["ID"]));
    let accession = filled(first(&["AN"]));
    let id = id.or_else(|| paper.doi.clone()).or(accession);
    let id = id.or_else(|| paper.arxiv.clone());
    set_id(&mut paper, id, "`ID`, no `DO` and no title")?;
    Ok(paper)
}
